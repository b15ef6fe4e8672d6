"""Scores to notes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.errors import ArgumentError
from tympan.notation import Note
from tympan.tasks.notes.config import NotesConfig
from tympan.tasks.notes.decode import NoteDecoder, NoteRules
from tympan.tasks.notes.metrics import note_counts
from tympan.tasks.notes.truth import rolls_of

CONFIG = NotesConfig()
FRAME_S = CONFIG.frame_s


def scores_of(notes: list[Note], frames: int) -> np.ndarray:
    """What a perfect net would give."""
    rows = np.array([(n.start_s, n.end_s, n.pitch, n.velocity) for n in notes]).reshape(-1, 4)
    rolls = rolls_of(rows, CONFIG, 0.0, frames)
    return np.stack([rolls[name] for name in ("onset", "frame", "offset", "velocity")])


def decoded(scores: np.ndarray, rules: NoteRules, sizes: list[int] | None = None) -> list[Note]:
    decoder, found, at = NoteDecoder(rules, FRAME_S, CONFIG.lowest), [], 0
    for size in sizes or [scores.shape[-1]]:
        found += decoder.push(scores[..., at : at + size])
        at += size
    found += decoder.push(scores[..., at:]) if at < scores.shape[-1] else []
    found += decoder.finish()
    return sorted(found, key=lambda n: (n.start_s, n.pitch))


@st.composite
def played(draw: st.DrawFn) -> list[Note]:
    """Notes of some pitches, each with a rest before it is struck again."""
    notes = []
    for pitch in draw(st.lists(st.integers(21, 108), min_size=1, max_size=4, unique=True)):
        at = draw(st.floats(0.06, 1))
        for _ in range(draw(st.integers(1, 3))):
            length = draw(st.floats(0.15, 1.5))
            notes.append(Note(at, at + length, pitch, draw(st.integers(1, 127))))
            at += length + draw(st.floats(0.13, 1))
    return notes


@settings(max_examples=20)
@given(played())
def test_what_a_perfect_net_gives_are_the_notes(notes: list[Note]) -> None:
    """Beginnings to a few milliseconds, finer than a frame; ends to a frame; loudness exactly."""
    found = decoded(scores_of(notes, 300), NoteRules())
    inside = [replace(n, end_s=min(n.end_s, 6.0)) for n in notes if n.start_s < 5.9]
    assert note_counts(inside, found, offsets=True)[0] == len(inside) == len(found)
    for n in sorted(inside, key=lambda n: (n.start_s, n.pitch)):
        own = min(
            (m for m in found if m.pitch == n.pitch), key=lambda m: abs(m.start_s - n.start_s)
        )
        assert abs(own.start_s - n.start_s) < 0.006
        assert abs(own.end_s - n.end_s) <= FRAME_S
        assert own.velocity == n.velocity


@settings(max_examples=15)
@given(st.integers(0, 99), st.lists(st.integers(1, 40), max_size=8))
def test_the_notes_do_not_depend_on_the_blocks(seed: int, sizes: list[int]) -> None:
    scores = np.random.default_rng(seed).random((4, 12, 60)).astype(np.float32)
    rules = NoteRules(0.9, 0.5, 0.8, 0.6)
    assert decoded(scores, rules, sizes) == decoded(scores, rules)


def test_a_note_that_is_struck_again_ends_there() -> None:
    notes = [Note(0.5, 1.0, 60, 80), Note(1.0, 1.5, 60, 80)]
    found = decoded(scores_of(notes, 100), NoteRules())
    assert [round(n.start_s, 2) for n in found] == [0.5, 1.0]
    assert found[0].end_s == pytest.approx(found[1].start_s)


def test_a_short_gap_does_not_end_a_note() -> None:
    scores = scores_of([Note(0.5, 1.5, 60, 80)], 100)
    scores[1, 39, 50:52] = 0.0
    scores[2] = 0.0
    assert len(decoded(scores, NoteRules())) == 1
    scores[1, 39, 50:56] = 0.0
    assert [round(n.end_s, 2) for n in decoded(scores, NoteRules())] == [1.0]


def test_an_end_that_is_heard_ends_a_note_at_once() -> None:
    scores = scores_of([Note(0.5, 1.0, 60, 80)], 100)
    scores[1, 39, 52:] = 0.9  # it goes on after a gap of two frames
    scores[1, 39, 50:52] = 0.0
    assert [round(n.end_s, 2) for n in decoded(scores, NoteRules())] == [1.0]
    scores[2] = 0.0
    assert [round(n.end_s, 2) for n in decoded(scores, NoteRules())] == [2.0]


def test_notes_without_a_beginning_count_where_they_are_sure() -> None:
    scores = scores_of([Note(0.5, 1.0, 60, 80)], 100)
    scores[0] = 0.0
    scores[1] *= 0.7
    assert decoded(scores, NoteRules()) == []
    assert len(decoded(scores, NoteRules(ghost=0.6))) == 1
    assert decoded(scores, NoteRules(ghost=0.8)) == []


def test_range_and_length_are_kept() -> None:
    notes = [Note(0.5, 0.6, 60, 80), Note(0.5, 1.5, 72, 80), Note(0.5, 1.5, 40, 80)]
    scores = scores_of(notes, 100)
    assert [n.pitch for n in decoded(scores, NoteRules(lowest=50, shortest_s=0.3))] == [72]
    assert [n.pitch for n in decoded(scores, NoteRules(highest=60))] == [40, 60]
    with pytest.raises(ArgumentError, match="lowest"):
        NoteRules(lowest=70, highest=60)
