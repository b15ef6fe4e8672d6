"""Tempo, beats, key and chords of songs, for `benchmarks.notes`: ours, and what librosa has."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import DATA

SONG_S = 30.0
DRAWS = 2000


def percent(value: float) -> str:
    """A share in percent.

    >>> percent(0.875)
    '87.5'
    """
    return "–" if not np.isfinite(value) else f"{100 * value:.1f}"


def songs(count: int) -> list[dict[str, Any]]:
    """Unseen songs of POP909: sound, beats, chords and key of their first half minute."""
    import tarfile

    from recipes import render
    from tympan.notation import read_midi
    from tympan.tasks.notes.harmony import key_of_notes

    symbolic = DATA / "symbolic"
    texts: dict[str, str] = {}
    found: list[dict[str, Any]] = []
    with tarfile.open(symbolic / "pop909-annotations.tar.xz") as tar:
        for one in tar:
            handle = tar.extractfile(one) if one.isfile() else None
            if handle is not None and re.search(r"\d+0/", one.name):
                texts["/".join(one.name.split("/")[-2:])] = handle.read().decode()
    with tarfile.open(symbolic / "pop909-midi.tar.xz") as tar:
        midis = {Path(one.name).stem: one for one in tar if one.name.endswith("0.mid")}
        for name in sorted(midis)[:: max(1, len(midis) // count)][:count]:
            handle = tar.extractfile(midis[name])
            assert handle is not None
            piece = read_midi(handle.read())
            beats = [
                float(line.split()[0])
                for line in texts[f"{name}/beat_midi.txt"].split("\n")
                if line
            ]
            chords = [line.split() for line in texts[f"{name}/chord_midi.txt"].split("\n") if line]
            first = max(0.0, beats[0] - 0.5)
            parts = tuple(
                render.Part(
                    {"MELODY": 73, "BRIDGE": 48}.get(part.name.upper(), 0),
                    tuple(
                        (s - first, d, n.pitch, n.velocity)
                        for n in part.notes
                        if first <= (s := piece.seconds(n.start)) < first + SONG_S
                        for d in [min(piece.seconds(n.end), first + SONG_S) - s]
                    ),
                )
                for part in piece.parts
            )
            notes = [n for n in piece.notes() if first <= n.start_s < first + SONG_S]
            found.append({
                "name": name, "parts": parts, "key": key_of_notes(notes),
                "beats": [b - first for b in beats if first <= b < first + SONG_S],
                "chords": [(float(s) - first, float(e) - first, c) for s, e, c in chords],
            })  # fmt: skip
    return found


def sound_of(song: dict[str, Any], folder: Path, font: Path) -> Path:
    """The song as sound, with the soundfont of the test; rendered once."""
    from recipes import render
    from tympan.audio import Clip

    path = folder / f"song-{song['name']}.flac"
    if not path.exists():
        slot, render.SLOT_S = render.SLOT_S, SONG_S + 2
        try:
            (clip,) = render.render([song["parts"]], font, SONG_S)
        finally:
            render.SLOT_S = slot
        folder.mkdir(parents=True, exist_ok=True)
        Clip(clip.samples, clip.rate_hz).resample(22_050).save(path)
    return path


def music_table(count: int, folder: Path, font: Path) -> list[dict[str, object]]:
    """Tempo, beats, key and chords: ours, and what librosa has of it.

    Args:
        count: songs.
        folder: where their sound is kept.
        font: soundfont that plays them.
    """
    import mir_eval

    import tympan

    sums: dict[str, dict[str, list[float]]] = {"notes": {}, "librosa": {}}
    for song in songs(count):
        path = sound_of(song, folder, font)
        answer = tympan.notes(path)
        other = by_librosa(path)
        beats = np.array(song["beats"])
        true_bpm = 60 / float(np.median(np.diff(beats)))
        chords = [(c.start_s, c.end_s, c.label) for c in answer.chords]
        for who, bpm, times, named, key in (
            ("notes", answer.tempo_bpm or 0.0, answer.beats_s, chords, answer.key),
            ("librosa", *other),
        ):
            own = sums[who]
            near = [abs(bpm / true_bpm / f - 1) < 0.04 for f in (1, 0.5, 2, 1 / 3, 3)]
            own.setdefault("tempo within 4 %", []).append(near[0])
            own.setdefault("tempo within 4 %, octaves allowed", []).append(any(near))
            own.setdefault("beats, F-measure", []).append(
                mir_eval.beat.f_measure(beats, np.array(times))
            )
            triads, sevenths = chord_scores(song["chords"], named)
            own.setdefault("chords, major and minor", []).append(triads)
            own.setdefault("chords with sevenths", []).append(sevenths)
            own.setdefault("key of the written notes", []).append(key == song["key"])
    return [
        {
            "what": what,
            **{f"{who} %": with_interval(own[what]) for who, own in sums.items()},
        }
        for what in sums["notes"]
    ]


def with_interval(values: Sequence[float]) -> str:
    """The mean over songs in percent, and its 95 % interval by drawing songs anew.

    >>> with_interval([0.5, 0.5]), with_interval([0.5])
    ('50.0 (50.0–50.0)', '50.0')
    """
    found = np.array(values, float)
    found = found[np.isfinite(found)]
    if len(found) < 2:
        return percent(float(found.mean())) if len(found) else "–"
    drawn = np.random.default_rng(0).choice(found, (DRAWS, len(found))).mean(1)
    low, high = (percent(float(one)) for one in np.percentile(drawn, (2.5, 97.5)))
    return f"{percent(float(found.mean()))} ({low}–{high})"


def by_librosa(path: Path) -> tuple[float, np.ndarray, list[tuple[float, float, str]], str | None]:
    """Tempo, beats, chords by templates and key by profiles, of librosa's chroma."""
    import librosa

    from tympan.notation import key_of
    from tympan.tasks.notes.harmony import ROOTS

    wave, rate = librosa.load(path, sr=22_050)
    tempo, beats = librosa.beat.beat_track(y=wave, sr=rate, units="time")
    chroma = librosa.feature.chroma_cqt(y=wave, sr=rate)
    edges = [0.0, *beats, len(wave) / rate]
    templates = {
        f"{ROOTS[r]}:{kind}": np.roll(np.isin(np.arange(12), steps), r) / np.sqrt(3)
        for kind, steps in (("maj", (0, 4, 7)), ("min", (0, 3, 7)))
        for r in range(12)
    }
    found = []
    for a, b in itertools.pairwise(edges):
        frames = librosa.time_to_frames([a, b], sr=rate)
        mean = chroma[:, frames[0] : max(frames[0] + 1, frames[1])].mean(1)
        found.append((a, b, max(templates, key=lambda one: float(templates[one] @ mean))))
    return float(np.atleast_1d(tempo)[0]), beats, found, key_of(chroma.mean(1))


def chord_scores(
    truth: Sequence[tuple[float, float, str]], found: Sequence[Any]
) -> tuple[float, float]:
    """Share of time in which chords are right: triads, and with their sevenths.

    Each of the time whose true chord is one of those: major or minor; those and their sevenths
    (major, minor, dominant).
    """
    import mir_eval

    inside = [(max(0.0, s), min(e, SONG_S), c) for s, e, c in truth if s < SONG_S and e > 0]
    ref = np.array([row[:2] for row in inside]), [row[2] for row in inside]
    if not found:
        return 0.0, 0.0
    est = np.array([row[:2] for row in found]), [row[2] for row in found]
    low, high = float(ref[0].min()), float(ref[0].max())
    times, names = mir_eval.util.adjust_intervals(
        est[0], list(est[1]), low, high, mir_eval.chord.NO_CHORD, mir_eval.chord.NO_CHORD
    )
    intervals, left, right = mir_eval.util.merge_labeled_intervals(ref[0], ref[1], times, names)
    durations = mir_eval.util.intervals_to_durations(intervals)
    triads, sevenths = (
        float(mir_eval.chord.weighted_accuracy(score(left, right), durations))
        for score in (mir_eval.chord.majmin, mir_eval.chord.sevenths)
    )
    return triads, sevenths
