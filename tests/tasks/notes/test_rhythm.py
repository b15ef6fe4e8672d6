"""Tempo, beats, bars, key and chords of what is known."""

from __future__ import annotations

import numpy as np
import pytest

from tympan.notation import Note
from tympan.tasks.notes.harmony import chords_of, key_of_notes
from tympan.tasks.notes.rhythm import rhythm_of

FRAME_S = 0.02
NO_HARMONY = np.zeros((13, 1))


def clicks(
    times_s: np.ndarray, strengths: np.ndarray | float = 1.0, seconds: float = 30
) -> np.ndarray:
    found = np.zeros(round(seconds / FRAME_S))
    found[np.round(times_s / FRAME_S - 0.5).astype(int)] = strengths
    return found


@pytest.mark.parametrize("bpm", [75, 83, 107, 120, 152])
def test_a_steady_beat_is_found(bpm: float) -> None:
    beats = np.arange(0.31, 29.5, 60 / bpm)
    # Eighths between the beats, softer, and some noise.
    halves = beats[:-1] + 30 / bpm
    strength = clicks(beats) + clicks(halves, 0.4)
    strength += 0.05 * np.random.default_rng(0).random(len(strength))
    found = rhythm_of(strength, FRAME_S, np.zeros((13, len(strength))))
    assert found.tempo_bpm == pytest.approx(bpm, rel=0.015)
    near = [np.abs(beats - one).min() for one in found.beats_s]
    assert np.mean(np.array(near) < 0.03) > 0.95


def test_beats_follow_a_player_who_slows_down() -> None:
    beats = np.cumsum(np.linspace(0.5, 0.62, 50))
    found = rhythm_of(clicks(beats), FRAME_S, np.zeros((13, 1500)))
    near = [np.abs(np.array(found.beats_s) - one).min() for one in beats]
    assert np.mean(np.array(near) < 0.03) > 0.9


def test_a_tempo_that_is_known_is_taken() -> None:
    strength = clicks(np.arange(0.3, 29, 0.5))
    found = rhythm_of(strength, FRAME_S, np.zeros((13, 1500)), tempo_bpm=60)
    assert found.tempo_bpm == 60
    assert np.median(np.diff(found.beats_s)) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("metre", [3, 4])
@pytest.mark.parametrize("first", [0, 1, 2])
def test_bars_begin_where_the_bass_does(metre: int, first: int) -> None:
    beats = np.arange(0.3, 29.5, 0.5)
    harmony = np.zeros((13, 1500))
    for i, at in enumerate(beats):
        frames = slice(round(at / FRAME_S), round((at + 0.5) / FRAME_S))
        bar = (i - first) // metre
        harmony[[(5 * bar) % 12, (5 * bar + 4) % 12], frames] = 1.0
        harmony[12, frames] = (i - first) % metre == 0
    found = rhythm_of(clicks(beats), FRAME_S, harmony)
    assert (found.beats_per_bar, found.downbeat) == (metre, first)


@pytest.mark.parametrize("strength", [np.zeros(1500), np.zeros(0), np.ones(1500), np.ones(20)])
def test_what_has_no_beat_has_none(strength: np.ndarray) -> None:
    found = rhythm_of(strength, FRAME_S, np.zeros((13, len(strength))))
    assert found.tempo_bpm is None
    assert found.beats_s == ()


def chord(start_s: float, pitches: tuple[int, ...], length_s: float = 2.0) -> list[Note]:
    return [Note(start_s, start_s + length_s, p, 80) for p in pitches]


@pytest.mark.parametrize("shift", range(0, 12, 5))
def test_a_cadence_is_told(shift: int) -> None:
    shapes = [(48, 60, 64, 67), (45, 60, 64, 69), (43, 59, 62, 65, 67), (48, 60, 64, 67)]
    kinds = [(0, "maj"), (9, "min"), (7, "7"), (0, "maj")]
    notes = [n for i, s in enumerate(shapes) for n in chord(2.0 * i, tuple(p + shift for p in s))]
    roots = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
    found = chords_of(notes, 8.0, np.arange(0.0, 8.0, 0.5))
    assert [one.label for one in found] == [f"{roots[(r + shift) % 12]}:{k}" for r, k in kinds]
    assert [one.start_s for one in found] == [0.0, 2.0, 4.0, 6.0]


def test_no_notes_have_no_key_and_no_chords() -> None:
    assert key_of_notes([]) is None
    assert chords_of([], 5.0) == ()
    assert key_of_notes([Note(0, 1, 60, 80)]) is None
