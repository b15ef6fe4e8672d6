"""Pieces to steps and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_compose import TUNES, VOICES, some_steps
from tympan.errors import ArgumentError
from tympan.notation import Piece, PiecePart, TickNote
from tympan.tasks.compose.grid import (
    chosen_pitches,
    fitting_grid,
    key_called,
    key_name_of,
    key_number,
    notes_of,
    piece_of,
    steps_of,
    voices_of,
)


def legal(steps: np.ndarray) -> np.ndarray:
    """Tunes as MIDI can hold them: only what sounded before can go on."""
    before: set[int] = set()
    for row in steps:
        pitches = [(int(one) - 1) % TUNES.pitches for one in row if one]
        for place, pitch in enumerate(pitches):
            if row[place] > TUNES.pitches and pitch not in before:
                row[place] = pitch + 1
        before = set(pitches)
    return steps


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 40))
def test_tunes_come_back_as_they_were(seed: int, count: int) -> None:
    steps = legal(some_steps(TUNES, count, seed))
    sounding = np.flatnonzero((steps > 0).any(1))
    if not len(sounding):
        return
    steps = legal(steps[sounding[0] : sounding[-1] + 1])
    piece = piece_of(steps, TUNES, tempo_bpm=100)
    assert np.array_equal(steps_of(piece, TUNES), steps)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 40))
def test_voices_come_back_as_they_were(seed: int, count: int) -> None:
    steps = some_steps(VOICES, count, seed)
    piece = piece_of(steps, VOICES, tempo_bpm=100)
    assert [part.name for part in piece.parts] == ["soprano", "alto", "tenor", "bass"]
    assert np.array_equal(steps_of(piece, VOICES), steps)


def test_equal_pitches_are_one_note_unless_it_begins_again() -> None:
    assert notes_of(np.array([[1], [1], [2]]), replace(VOICES, voices=1, parts=())) == [
        (0, 2, 30, 0), (2, 3, 31, 0),
    ]  # fmt: skip
    held = TUNES.pitches + 1
    found = notes_of(np.array([[1, 0], [held, 0], [1, 0]]), TUNES)
    assert found == [(0, 2, 48, -1), (2, 3, 48, -1)]


def test_parts_are_voices_by_name_else_by_pitch() -> None:
    parts = [
        PiecePart((TickNote(0, 480, pitch),), name=name)
        for name, pitch in (("bass", 48), ("tenor", 60), ("alto", 65), ("soprano", 72))
    ]
    by_name = voices_of(Piece(tuple(parts)), VOICES)
    unnamed = [PiecePart(part.notes) for part in (parts[2], parts[0], parts[3], parts[1])]
    assert by_name.tolist() == voices_of(Piece(tuple(unnamed)), VOICES).tolist()
    assert by_name.tolist() == [[72, 48, 65, 60]] * 2


def test_a_tune_is_the_first_voice_and_chords_are_spread() -> None:
    tune = Piece((PiecePart((TickNote(0, 240, 67), TickNote(240, 240, 69))),))
    assert voices_of(tune, VOICES).tolist() == [[67, -1, -1, -1], [69, -1, -1, -1]]
    chord = Piece((PiecePart(tuple(TickNote(0, 240, p) for p in (48, 55, 64, 72, 76))),))
    assert voices_of(chord, VOICES).tolist() == [[76, 48, 72, 64]]
    assert chosen_pitches([48, 55, 64, 72, 76], 4) == [48, 64, 72, 76]


def test_drums_are_left_out_and_pitches_moved_into_the_range() -> None:
    drums = PiecePart((TickNote(0, 480, 36),), drums=True)
    piece = Piece((drums, PiecePart((TickNote(0, 480, 110),))))
    assert {int(one) for one in steps_of(piece, TUNES).flat if one} == {
        1 + 74 - 48, 1 + 74 - 48 + TUNES.pitches,
    }  # fmt: skip


def test_the_grid_is_the_coarsest_that_fits() -> None:
    def grid(*starts: int) -> int:
        return fitting_grid([Piece((PiecePart(tuple(TickNote(s, 10, 60) for s in starts)),))])

    assert grid(0, 480, 960) == 1
    assert grid(0, 240, 480) == 2
    assert grid(0, 160, 320) == 3
    assert grid(0, 120, 240) == 4
    assert grid(0, 160, 240) == 6


def test_keys_by_name_number_and_notes() -> None:
    assert [key_called(key_name_of(k)) for k in range(24)] == list(range(24))
    assert (key_called("C♯m"), key_called("B♭ major")) == (13, 10)
    with pytest.raises(ArgumentError, match="no key"):
        key_called("H major")
    scale = np.array([[31 + p, 0, 0, 0] for p in (0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0)])
    assert key_name_of(key_number(scale, VOICES)) == "C major"
