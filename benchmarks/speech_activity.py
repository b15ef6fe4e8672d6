"""Speech activity: how well `speech` finds when somebody speaks, beside silero-vad.

**Mixtures** of 20 s: speech of the ten speakers of LibriSpeech *test-other*, who were not trained
on (utterances with pauses of 0.5 – 4 s between them), and noise of the ESC-50 clips of fold 5 or
*real_music*, of which nothing was trained on either, at 10 and 0 dB (level of the spoken parts to
that of the noise). Both get the same samples at 16 kHz. The truth is measured on the speech before
it is mixed: 25 ms within 30 dB of its loud parts (`recipes/speech_data.py`); pauses of 0.2 s and
more are no speech.

*AUC* is that of the probability of each 10 ms. A frame of silero-vad is 32 ms and answers for what
came before; so it gets the best of five shifts. *F1* counts 10 ms as well, of the segments that
each gives with its own defaults (`get_speech_timestamps` of silero-vad 6.2.3 in ONNX). In brackets:
95 % intervals over mixtures. **False alarms** are the share of time that is called speech where
nobody speaks. **Babble**: 4 to 6 people of *test-other* at once, whose pauses mostly do not
coincide, at one level each; the share of time in which one of them speaks that is called speech.
Nothing of the kind was trained on. **Speed** is seconds of sound for each processor second, one
thread, one recording of ten minutes, three times.

Seed: 0. silero-vad runs in a Python of its own, named by TYMPAN_SILERO_PYTHON.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from recipes.speech_data import VOICES, decoded, is_clean, rows_of, spoken

from benchmarks.common import DATA, arguments, main

MIXTURES, LENGTH_S, RATE_HZ, SEED, SPEECH = 60, 20.0, 16_000, 0, "0.1"
HOP = 160
SHIFTS = (0, 1, 2, 3, 4)
BABBLE = (4, 5, 6)
PEER = "silero-vad 6.2.3"
WHY = (
    "The aim (above silero-vad at 0 dB, and faster) is met; where speech is nearly clean the two "
    "are alike. tympan calls more of other noises speech (1.4 beside 0.1 % of the time, fold 5). "
    "Both call singing speech; no singing was at hand to train on. The two do not answer alike: "
    "tympan decides after 1.3 s at most (a second at a time and 0.2 s ahead), silero-vad after 32 "
    "ms. On a stream that must react at once, silero-vad is the better choice; on recordings the "
    "delay costs nothing."
)
PEER_SCRIPT = """
import json, sys, time
import numpy as np, torch
torch.set_num_threads(1)
from silero_vad import get_speech_timestamps, load_silero_vad
model = load_silero_vad(onnx=True)
waves = np.load(sys.argv[1])
found = []
for wave in waves:
    x = torch.from_numpy(wave.astype(np.float32))
    model.reset_states()
    p = [float(model(x[i:i + 512], 16000)) for i in range(0, len(x) - 511, 512)]
    t = get_speech_timestamps(x, model, return_seconds=False)
    found.append({"p": p, "segments": [[s["start"] / 16000, s["end"] / 16000] for s in t]})
seconds = []
if len(sys.argv) > 3:
    x = torch.from_numpy(np.load(sys.argv[3]))
    for _ in range(3):
        t = time.process_time()
        get_speech_timestamps(x, model)
        seconds.append(time.process_time() - t)
json.dump({"found": found, "seconds": seconds}, open(sys.argv[2], "w"))
"""

Wave = np.ndarray


# -- what is measured on ---------------------------------------------------------------------------


def float_of(wave: Wave) -> Wave:
    """16 bits as −1 … 1."""
    return wave.astype(np.float32) / 32767


def test_speech() -> list[tuple[Wave, np.ndarray]]:
    """Utterances that stand clearly above their noise, with their truth."""
    rows = [row for row in rows_of(DATA / "librispeech") if row["split"] == "test-other"]
    waves = [decoded(DATA / "librispeech" / row["file_name"]) for row in rows]
    return [(float_of(w), spoken(float_of(w))) for w in waves if is_clean(w)]


def noises(*labels: str) -> list[Wave]:
    """Clips of fold 5 without voices; only some labels, if any are named."""
    return [
        float_of(decoded(DATA / "esc50" / row["file_name"]))
        for row in rows_of(DATA / "esc50")
        if row["fold"] == "5"
        and row["label"] not in VOICES
        and row["label"] in (labels or row["label"])
    ]


def music() -> list[Wave]:
    """Instruments, without singing."""
    rows = [row for row in rows_of(DATA / "real_music") if row["group"] != "vocadito"]
    found = [float_of(decoded(DATA / "real_music" / row["file_name"])) for row in rows]
    return [one for one in found if np.abs(one).max() > 1e-3]


def filled(waves: Sequence[Wave], size: int, rng: np.random.Generator) -> Wave:
    """Recordings one after another at equal levels, until the time is filled."""
    found = np.zeros(0, np.float32)
    while len(found) < size:
        one = waves[rng.integers(len(waves))]
        rms = np.sqrt(np.square(one).mean())
        if rms > 1e-4:
            found = np.concatenate([found, one * (0.05 / rms)])
    return found[:size]


def scene(
    speech: Sequence[tuple[Wave, np.ndarray]], rng: np.random.Generator
) -> tuple[Wave, np.ndarray]:
    """Utterances with pauses at a level of 0.05 where there is speech, and the truth per 10 ms."""
    size = round(LENGTH_S * RATE_HZ)
    wave, truth = np.zeros(size, np.float32), np.zeros(size // HOP, bool)
    at = int(rng.uniform(0.5, 3) * 100)
    while at < len(truth) - 100:
        one, there = speech[rng.integers(len(speech))]
        first = int(rng.integers(max(1, len(there) - 300)))
        count = min(int(rng.uniform(2, 6) * 100), len(there) - first, len(truth) - at)
        part = one[first * HOP : (first + count) * HOP]
        spoken_part = there[first : first + count].astype(bool)
        if spoken_part.any():
            rms = np.sqrt(np.square(part)[np.repeat(spoken_part, HOP)[: len(part)]].mean())
            wave[at * HOP : at * HOP + len(part)] = part * (0.05 / max(rms, 1e-4))
            truth[at : at + count] = spoken_part
        at += count + int(rng.uniform(0.5, 4) * 100)
    return wave, truth


def mixtures(snr_db: float, kinds: Sequence[Sequence[Wave]], count: int) -> tuple[Wave, np.ndarray]:
    """Mixtures `(m, t)` and their truth `(m, n)`."""
    rng = np.random.default_rng(SEED)
    speech = test_speech()
    waves, truths = [], []
    for i in range(count):
        wave, truth = scene(speech, rng)
        noise = filled(kinds[i % len(kinds)], len(wave), rng)
        mixed = wave + noise * np.float32(10 ** (-snr_db / 20))
        waves.append(mixed * np.float32(min(1.0, 0.9 / np.abs(mixed).max())))
        truths.append(truth)
    return np.stack(waves), np.stack(truths)


# -- who answers -----------------------------------------------------------------------------------


def ours(waves: Wave) -> list[tuple[np.ndarray, np.ndarray]]:
    """Probability and whether it is called speech, of each 10 ms."""
    model = loaded()
    found = []
    for wave in waves:
        p = model.probabilities([wave[None]])[0]
        step = round(model.config.frame_s * 100)
        session = model.session()
        session.push(wave[None])
        segments = [(s.start_s, s.end_s) for s in session.result().segments]
        found.append((np.repeat(p, step), called(segments, len(wave) // HOP)))
    return found


def loaded() -> Any:
    """The model as it ships; another that TYMPAN_SPEECH_MODEL names, while one is made."""
    from tympan.models import load_model
    from tympan.tasks.segment.task import TASK

    return TASK.load(load_model(os.environ.get("TYMPAN_SPEECH_MODEL", "speech")), "cpu")


def called(segments: Sequence[Sequence[float]], count: int) -> np.ndarray:
    """Which 10 ms lie in a segment."""
    found = np.zeros(count, bool)
    for start_s, end_s in segments:
        found[round(start_s * 100) : round(end_s * 100)] = True
    return found


def peer(
    waves: Wave, timed: Wave | None = None
) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[float]] | None:
    """The same of silero-vad, and how long it took; None: it is not installed."""
    python = os.environ.get("TYMPAN_SILERO_PYTHON", sys.executable)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        np.save(root / "waves.npy", waves)
        command = [python, "-c", PEER_SCRIPT, str(root / "waves.npy"), str(root / "found.json")]
        if timed is not None:
            np.save(root / "timed.npy", timed)
            command.append(str(root / "timed.npy"))
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{PEER}: not installed", done.stderr[-300:], file=sys.stderr)
            return None
        found = json.loads((root / "found.json").read_text())
    count = waves.shape[1] // HOP
    rows = []
    for one in found["found"]:
        index = np.minimum(np.arange(count) * HOP // 512, len(one["p"]) - 1)
        rows.append((np.array(one["p"])[index], called(one["segments"], count)))
    return rows, found["seconds"]


# -- figures ---------------------------------------------------------------------------------------


def auc_of(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """AUC of frames of several mixtures together."""
    from tympan.tasks.segment.metrics import ScoreHistogram

    histogram = ScoreHistogram(1)
    for p, truth in pairs:
        histogram.add(p[None, : len(truth)], truth[None])
    return histogram.scores()["auc"]


def f1_of(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
    """F1 of frames of several mixtures together."""
    right = sum(int((c & t).sum()) for c, t in pairs)
    total = sum(int(c.sum() + t.sum()) for c, t in pairs)
    return 2 * right / max(1, total)


def text_of(value: Any, pairs: Sequence[tuple[np.ndarray, np.ndarray]], digits: int = 3) -> str:
    """A figure with its 95 % interval over mixtures."""
    rng = np.random.default_rng(SEED)
    drawn = [value([pairs[i] for i in rng.integers(0, len(pairs), len(pairs))]) for _ in range(200)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return f"{value(pairs):.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def shifted(rows: Sequence[tuple[np.ndarray, np.ndarray]], truth: np.ndarray) -> list[np.ndarray]:
    """The probabilities of a peer at that shift at which its AUC is best."""
    best: tuple[float, list[np.ndarray]] = (-1.0, [])
    for shift in SHIFTS:
        moved = [np.concatenate([p[shift * 3 :], np.full(shift * 3, p[-1])]) for p, _ in rows]
        value = auc_of(list(zip(moved, truth, strict=True)))
        best = max(best, (value, moved), key=lambda one: one[0])
    return best[1]


def condition(
    name: str, waves: Wave, truth: np.ndarray, figures: dict[str, float]
) -> list[dict[str, object]]:
    """A row for each of the two."""
    key = name.replace(" ", "_")
    rows = []
    mine = ours(waves)
    pairs = [(p, t) for (p, _), t in zip(mine, truth, strict=True)]
    spans = [(c, t) for (_, c), t in zip(mine, truth, strict=True)]
    figures[f"auc_{key}"], figures[f"f1_{key}"] = auc_of(pairs), f1_of(spans)
    rows.append(
        {
            "mixtures": name,
            "model": "tympan",
            "AUC": text_of(auc_of, pairs),
            "F1": text_of(f1_of, spans),
        }
    )
    other = peer(waves)
    if other is not None:
        found, _ = other
        pairs = list(zip(shifted(found, truth), truth, strict=True))
        spans = [(c, t) for (_, c), t in zip(found, truth, strict=True)]
        figures[f"silero_auc_{key}"], figures[f"silero_f1_{key}"] = auc_of(pairs), f1_of(spans)
        rows.append(
            {
                "mixtures": name,
                "model": PEER,
                "AUC": text_of(auc_of, pairs),
                "F1": text_of(f1_of, spans),
            }
        )
    return rows


def alarms(count: int, figures: dict[str, float]) -> list[dict[str, object]]:
    """The share of time called speech where nobody speaks."""
    rng = np.random.default_rng(SEED)
    size = round(LENGTH_S * RATE_HZ)
    singing = [float_of(decoded(DATA / "real_music" / row["file_name"]))
               for row in rows_of(DATA / "real_music") if row["group"] == "vocadito"]  # fmt: skip
    sets = {
        "digital silence": [np.zeros(size, np.float32)] * 2,
        "near-silence (noise at −80 … −60 dBFS)": [
            (10 ** (db / 20) * rng.standard_normal(size)).astype(np.float32)
            for db in np.linspace(-80, -60, count)
        ],
        "keyboard and mouse": [
            filled(noises("keyboard_typing", "mouse_click"), size, rng) for _ in range(count)
        ],
        "all noises of fold 5": [filled(noises(), size, rng) for _ in range(3 * count)],
        "music": [filled(music(), size, rng) for _ in range(count)],
        "singing (one singer)": [filled(singing, size, rng)],
    }
    rows = []
    for name, waves in sets.items():
        stacked = np.stack(waves)
        row: dict[str, object] = {"sound": name}
        shares = [float(c.mean()) for _, c in ours(stacked)]
        row["tympan"] = _range(shares)
        figures[f"alarms_{name.split(' ')[0]}"] = statistics.fmean(shares)
        other = peer(stacked)
        if other is not None:
            row[PEER] = _range([float(c.mean()) for _, c in other[0]])
        rows.append(row)
    return rows


def babble(count: int, figures: dict[str, float]) -> list[dict[str, object]]:
    """The share of the time in which several speak at once that is called speech."""
    rng = np.random.default_rng(SEED)
    speech = by_speaker()
    rows: list[dict[str, object]] = []
    for people in BABBLE:
        waves, truths = [], []
        for _ in range(count):
            names = rng.choice(sorted(speech), people, replace=False)
            parts = [scene(speech[str(name)], rng) for name in names]
            mixed = np.sum([wave for wave, _ in parts], 0)
            waves.append((0.3 * mixed / np.abs(mixed).max()).astype(np.float32))
            truths.append(np.any([truth for _, truth in parts], 0))
        stacked = np.stack(waves)
        shares = [_found(c, t) for (_, c), t in zip(ours(stacked), truths, strict=True)]
        row: dict[str, object] = {"people": people, "tympan": _range(shares)}
        figures[f"babble_{people}"] = statistics.fmean(shares)
        other = peer(stacked)
        if other is not None:
            row[PEER] = _range([_found(c, t) for (_, c), t in zip(other[0], truths, strict=True)])
        rows.append(row)
    return rows


def by_speaker() -> dict[str, list[tuple[Wave, np.ndarray]]]:
    """Utterances of each speaker of test-other, with their truth."""
    found: dict[str, list[tuple[Wave, np.ndarray]]] = {}
    for row in rows_of(DATA / "librispeech"):
        if row["split"] == "test-other":
            wave = decoded(DATA / "librispeech" / row["file_name"])
            if is_clean(wave):
                utterance = float_of(wave), spoken(float_of(wave))
                found.setdefault(row["speaker"], []).append(utterance)
    return found


def _found(called_speech: np.ndarray, truth: np.ndarray) -> float:
    """The share of true speech that is called speech."""
    return float(called_speech[: len(truth)][truth.astype(bool)].mean())


def _range(shares: Sequence[float]) -> str:
    return f"{statistics.fmean(shares):.1%} ({min(shares):.1%} – {max(shares):.1%})"


def speed(figures: dict[str, float], waves: Wave) -> list[dict[str, object]]:
    """Multiples of real time on one core."""
    import torch

    torch.set_num_threads(1)
    long = np.concatenate([*waves] * 3)[: 600 * RATE_HZ]
    model, mine = loaded(), []
    for _ in range(4):
        begun = time.process_time()
        session = model.session()
        session.push(long[None])
        session.result()
        mine.append(time.process_time() - begun)
    rows = [{"model": "tympan", "seconds of sound a processor second": _speed(long, mine[1:])}]
    other = peer(waves[:1], long)
    if other is not None:
        rows.append({"model": PEER, "seconds of sound a processor second": _speed(long, other[1])})
        figures["speed_vs_silero"] = statistics.median(other[1]) / statistics.median(mine[1:])
    return rows  # type: ignore[return-value]


def _speed(wave: Wave, seconds: Sequence[float]) -> str:
    length_s = len(wave) / RATE_HZ
    low, high = length_s / max(seconds), length_s / min(seconds)
    return f"{length_s / statistics.median(seconds):.0f} ({low:.0f}–{high:.0f})"


def run() -> None:
    """Measure and print."""
    options = arguments("speech_activity")
    count = 4 if options.quick else MIXTURES
    kinds = [noises(), noises(), music()]
    figures: dict[str, float] = {}
    rows: list[dict[str, object]] = []
    base: Wave = np.zeros((0, 0))
    for name, snr_db in (("40 dB", 40.0), ("10 dB", 10.0), ("0 dB", 0.0), ("−5 dB", -5.0)):
        waves, truth = mixtures(snr_db, kinds, count)
        base = waves if name == "10 dB" else base
        if name == "10 dB":
            rows += condition("10 dB, at −50 dBFS", waves * np.float32(0.02), truth, figures)
        rows += condition(name, waves, truth, figures)
    more = {
        "False alarms": alarms(2 if options.quick else 10, figures),
        "Babble: several people at once": babble(2 if options.quick else 10, figures),
        "Speed": speed(figures, base),
    }
    main(
        "speech_activity",
        rows,
        figures,
        title="Speech activity",
        about=__doc__ or "",
        more=more,
        why=WHY,
    )


if __name__ == "__main__":
    run()
