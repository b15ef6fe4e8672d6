"""What was heard, as it would be written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.errors import ArgumentError
from tympan.notation import Note, Piece, midi_bytes, pitch_of, read_midi


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 60), st.floats(0.05, 3), st.integers(21, 108)), max_size=30))
def test_times_are_kept_to_a_tick(rows: list[tuple[float, float, int]]) -> None:
    notes = [Note(s, s + d, p, 80) for s, d, p in rows]
    for piece in (Piece.of_notes(notes), Piece.of_notes(notes, beats_s=np.arange(0.3, 70, 0.47))):
        back = read_midi(midi_bytes(piece)).notes()
        # A pitch that is struck again ends there; two at one tick are one.
        assert {n.pitch for n in back} == {n.pitch for n in notes}
        for n in back:
            assert any(abs(n.start_s - m.start_s) < 0.001 for m in notes if m.pitch == n.pitch)
            assert any(n.end_s <= m.end_s + 0.002 for m in notes if m.pitch == n.pitch)


def test_bars_begin_where_they_are_heard() -> None:
    """An upbeat of one beat, and a tempo that changes: every beat is on a beat of the score."""
    beats = [0.5, 1.0, 1.5, 2.1, 2.7, 3.3]
    notes = [Note(b, b + 0.2, 60 + i, 90) for i, b in enumerate(beats)]
    piece = Piece.of_notes(notes, beats_s=beats, metre=(3, 4), key="G major")
    assert [n.start for n in piece.parts[0].notes] == [480 * (i + 1) for i in range(6)]
    assert piece.metres == ((0, 1, 4), (480, 3, 4))
    assert [n.start_s for n in piece.notes()] == pytest.approx(beats, abs=1e-5)
    assert piece.keys == ((0, "G major"),)


def test_a_grid_moves_times() -> None:
    notes = [Note(0.02, 0.27, 60, 80), Note(0.49, 0.76, 62, 80)]
    piece = Piece.of_notes(notes, tempo_bpm=120, quantize=4)
    assert [(n.start, n.end) for n in piece.parts[0].notes] == [(0, 240), (480, 720)]


def test_each_instrument_has_its_part_and_drums_are_drums() -> None:
    notes = [
        Note(0, 1, 60, 80, "violin"),
        Note(0, 1, 36, 80, "drums"),
        Note(1, 2, 62, 80, "violin"),
    ]
    parts = {part.name: part for part in Piece.of_notes(notes).parts}
    assert parts["violin"].program == 40
    assert len(parts["violin"].notes) == 2
    assert parts["drums"].drums


def test_notes_that_bend_at_once_are_in_different_parts() -> None:
    bent = ((0.1, 0.5), (0.2, -0.25))
    notes = [Note(0, 1, 60, 80, bends=bent), Note(0.5, 1.5, 64, 80, bends=()), Note(1, 2, 60, 80)]
    parts = Piece.of_notes(notes).parts
    assert [len(part.notes) for part in parts] == [2, 1]
    assert parts[0].bends == ((0, 0.0), (96, 0.5), (192, -0.25), (960, 0.0))


@pytest.mark.parametrize("beats", [[1.0, 1.0], [2.0, 1.0], [-1.0, 1.0]])
def test_beats_ascend(beats: list[float]) -> None:
    with pytest.raises(ArgumentError, match="ascend"):
        Piece.of_notes([], beats_s=beats)


@pytest.mark.parametrize("tempo", [0.0, -1.0, float("nan")])
def test_a_tempo_is_above_zero(tempo: float) -> None:
    with pytest.raises(ArgumentError, match="tempo"):
        Piece.of_notes([], tempo_bpm=tempo)


@pytest.mark.parametrize("name", ["H4", "C", "", "C44", "-3", "128", "4C", "C#b x"])
def test_what_is_no_pitch_is_a_mistake(name: str) -> None:
    with pytest.raises(ArgumentError, match="note"):
        pitch_of(name)
