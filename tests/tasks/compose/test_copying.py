"""Copies are found in any key, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_compose import TUNES, VOICES, some_steps
from tympan.tasks.compose.copying import Known, packed, unpacked
from tympan.tasks.compose.grid import transposed

CONFIG = replace(VOICES, low=30, high=87)


@settings(max_examples=25, deadline=None)
@given(first=st.integers(0, 20), size=st.integers(2, 20), by=st.integers(-6, 6))
def test_a_copied_stretch_is_found_in_any_key(first: int, size: int, by: int) -> None:
    known = [some_steps(CONFIG, 40, seed).clip(10, 45) for seed in (1, 2)]
    piece = some_steps(CONFIG, 60, 9).clip(10, 45)
    piece[15 : 15 + size] = transposed(known[1][first : first + size], by, CONFIG)
    longest, notes = Known(known, CONFIG).longest(piece)
    assert size <= longest <= size + 1
    assert notes > 0


def test_no_copy_goes_over_the_end_of_a_piece() -> None:
    known = [np.full((4, 4), 20), np.full((4, 4), 20)]
    assert Known(known, CONFIG).longest(np.full((8, 4), 20))[0] == 4


def test_another_voice_is_no_copy() -> None:
    known = some_steps(CONFIG, 20, 1)
    piece = known.copy()
    piece[:, 2] = np.where(piece[:, 2] > 20, piece[:, 2] - 1, piece[:, 2] + 1)
    assert Known([known], CONFIG).longest(piece)[0] <= 1


def test_a_held_note_is_no_note_that_begins() -> None:
    known = np.array([[1, 0], [1 + TUNES.pitches, 0], [3, 0]])
    other = np.array([[1, 0], [1, 0], [3, 0]])
    assert Known([known], TUNES).longest(known) == (3, 2)
    assert Known([known], TUNES).longest(other)[0] < 3


def test_nothing_is_copied_from_nothing() -> None:
    assert Known([], CONFIG).longest(some_steps(CONFIG, 5)) == (0, 0)


def test_pieces_are_kept_in_bytes() -> None:
    pieces = [some_steps(CONFIG, count, count) for count in (3, 1, 7)]
    found = unpacked(packed(pieces, 4))
    assert all(np.array_equal(a, b) for a, b in zip(pieces, found, strict=True))
    assert unpacked(packed([], 4)) == []
