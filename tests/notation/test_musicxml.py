"""Scores that notation programs open."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tympan.notation import Piece, PiecePart, TickNote, musicxml_text

NOTES = st.lists(
    st.builds(TickNote, st.integers(0, 5000), st.integers(1, 3000), st.integers(12, 108)),
    max_size=12,
)


def measures(piece: Piece) -> list[ElementTree.Element]:
    return ElementTree.fromstring(musicxml_text(piece)).findall("part/measure")


@settings(max_examples=30)
@given(NOTES, st.sampled_from([(4, 4), (3, 4), (6, 8), (1, 4)]))
@example([TickNote(2390, 1, 12)], (1, 4))  # it begins with the bar behind the one it ends in
def test_every_voice_fills_its_bars(notes: list[TickNote], metre: tuple[int, int]) -> None:
    """Lengths of a voice add up to the bar, and all that sounds is there, tied over bar lines."""
    piece = Piece((PiecePart(tuple(sorted(notes))),), metres=((0, *metre),))
    bar = metre[0] * 4 * 24 // metre[1]
    begun = 0
    for measure in measures(piece):
        lengths: dict[str, int] = {}
        for note in measure.findall("note"):
            if note.find("chord") is None:
                voice = note.findtext("voice") or ""
                lengths[voice] = lengths.get(voice, 0) + int(note.findtext("duration") or 0)
            ties = {tie.get("type") for tie in note.findall("tie")}
            begun += note.find("pitch") is not None and "stop" not in ties
        assert set(lengths.values()) == {bar}
    grid = {
        (round(n.start / 20), max(1, round(n.end / 20) - round(n.start / 20)), n.pitch)
        for n in notes
    }
    assert begun == len(grid)


def test_triplets_and_sixteenths_are_written_as_such() -> None:
    notes = [TickNote(160 * i, 160, 60) for i in range(3)]
    notes += [TickNote(480 + 120 * i, 120, 62) for i in range(4)]
    (measure,) = measures(Piece((PiecePart(tuple(notes)),)))
    found = [
        (n.findtext("type"), n.find("time-modification") is not None) for n in measure.iter("note")
    ]
    assert found[:7] == [("eighth", True)] * 3 + [("16th", False)] * 4


@pytest.mark.parametrize(
    ("ticks", "kind", "dots", "triplet"),
    [(60, "32nd", 0, False), (40, "32nd", 0, True), (180, "16th", 1, False), (80, "16th", 0, True)],
)
def test_thirty_seconds_are_exact(ticks: int, kind: str, dots: int, triplet: bool) -> None:
    """One after another over a bar and more: none is moved, and each is one note of its type."""
    piece = Piece((PiecePart(tuple(TickNote(ticks * i, ticks, 60) for i in range(11))),))
    at, starts = 0, []
    for note in ElementTree.fromstring(musicxml_text(piece)).iter("note"):
        ties = {tie.get("type") for tie in note.findall("tie")}
        if note.find("pitch") is not None and "stop" not in ties:
            starts.append(at)
            if not ties:
                assert note.findtext("type") == kind
                assert len(note.findall("dot")) == dots
                assert (note.find("time-modification") is not None) == triplet
        at += int(note.findtext("duration") or 0)
    assert starts == [i * ticks * 24 // 480 for i in range(11)]


@pytest.mark.parametrize(
    ("key", "pitch", "step", "fifths"),
    [
        ("Eb major", 63, ("E", "-1"), "-3"),
        ("E major", 68, ("G", "1"), "4"),
        ("C major", 60, ("C", None), "0"),
    ],
)
def test_pitches_are_spelled_as_the_key_has_them(
    key: str, pitch: int, step: tuple[str, str | None], fifths: str
) -> None:
    piece = Piece((PiecePart((TickNote(0, 480, pitch),)),), keys=((0, key),))
    (measure,) = measures(piece)
    found = measure.find("note/pitch")
    assert found is not None
    assert (found.findtext("step"), found.findtext("alter")) == step
    assert measure.findtext("attributes/key/fifths") == fifths


def test_an_upbeat_is_a_shorter_bar() -> None:
    piece = Piece((PiecePart((TickNote(0, 2400, 60),)),), metres=((0, 1, 4), (480, 4, 4)))
    assert [m.findtext("attributes/time/beats") for m in measures(piece)] == ["1", "4"]


def test_names_are_escaped_and_nothing_is_still_a_score() -> None:
    assert len(measures(Piece(()))) == 1
    piece = Piece((PiecePart((TickNote(0, 1, 60),), name="<&\x01"),), name="a & b")
    ElementTree.fromstring(musicxml_text(piece))
