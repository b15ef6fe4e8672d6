"""Notes that nobody played, and the strict preset, for `benchmarks.notes`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks._notes_songs import percent
from benchmarks.common import DATA

NOISE_S, NOISE_SEED = 10.0, 0
DRAWS = 2000
Rendering = tuple[str, Path, list[Any]]


def ghost_table() -> list[dict[str, object]]:
    """Sounds without a note: how many are heard all the same."""
    import tympan

    rows: list[dict[str, object]] = []
    for name, clip in noteless():
        row: dict[str, object] = {"sound": name, "seconds": f"{clip.duration_s:.1f}"}
        for title, clean in (("usual", False), ("--clean-notes", True)):
            row[f"notes heard, {title}"] = str(len(tympan.notes(clip, clean_notes=clean).notes))
        rows.append(row)
    return rows


def noteless() -> list[tuple[str, Any]]:
    """Drums, noise and speech, by name."""
    from tympan.audio import Clip, load

    music = DATA / "real_music"
    (drums,) = (music / "jtd").glob("*_drums.opus")
    sentence = sorted((DATA / "librispeech" / "audio" / "test-other").glob("*.flac"))[0]
    rng = np.random.default_rng(NOISE_SEED)
    noise = 0.1 * rng.standard_normal((1, round(16_000 * NOISE_S))).astype(np.float32)
    return [
        ("drums of BabySlakh (S00)", load(music / "babyslakh" / "S00.opus")),
        ("drums of JTD", load(drums)),
        ("white noise, 20 dB below full scale", Clip(noise, 16_000)),
        (f"speech, {sentence.stem} of LibriSpeech", load(sentence)),
    ]


def preset_table(rows: Sequence[Rendering]) -> list[dict[str, object]]:
    """Precision and recall of the renderings, by the usual rules and by `--clean-notes`."""
    import tympan
    from tympan.tasks.notes.metrics import note_counts

    def cells(title: str, heard: Callable[[Path], Any]) -> dict[str, object]:
        counts = np.array([note_counts(truth, heard(path)) for _, path, truth in rows])
        return {"rules": title, **shares(counts)}

    return [
        cells("usual", lambda path: tympan.notes(path).notes),
        cells("--clean-notes", lambda path: tympan.notes(path, clean_notes=True).notes),
    ]


def step_table(rows: Sequence[Rendering]) -> list[dict[str, object]]:
    """The same at each onset that the search for `--clean-notes` tries, one after another."""
    from dataclasses import replace

    from tympan.audio import load as read
    from tympan.tasks.answering import load
    from tympan.tasks.notes.fitting import CLEANER, decoded, rules_of
    from tympan.tasks.notes.metrics import note_counts

    model: Any = load("notes", "notes", "cpu")
    config = model.config
    heard = [
        (truth, model.scores([read(path, mono=True).resample(config.rate_hz).samples]))
        for _, path, truth in rows
    ]
    found: list[dict[str, object]] = []
    for more in CLEANER:
        onset = round(config.onset + more, 4)
        rules = rules_of(replace(config, onset=onset, ghost=2.0))
        counts = np.array([note_counts(t, decoded(s, rules, config)) for t, s in heard])
        shipped = " (shipped)" * (onset == config.clean_onset)
        found.append({"onset": f"{onset:.2f}{shipped}", **shares(counts)})
    return found


def shares(counts: np.ndarray) -> dict[str, object]:
    """Precision and recall of notes, with 95 % intervals over renderings.

    Args:
        counts: right, true and found of each, `(m, 3)`.

    >>> shares(np.array([[1, 2, 1], [1, 2, 1]]))["recall %"]
    '50.0 (50.0–50.0)'
    """
    drawn = np.random.default_rng(0).integers(0, len(counts), (DRAWS, len(counts)))
    cells: dict[str, object] = {}
    for title, under in (("precision %", 2), ("recall %", 1)):
        total, spread = counts.sum(0), counts[drawn].sum(1)
        ends = np.percentile(spread[:, 0] / spread[:, under].clip(1), (2.5, 97.5))
        low, high = (percent(float(one)) for one in ends)
        cells[title] = f"{percent(total[0] / max(1, total[under]))} ({low}–{high})"
    return cells
