"""Our MIDI and MusicXML in the parser of music21, on which notation tools build (BSD)."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from tympan.notation import Piece, PiecePart, TickNote, musicxml_text, read_midi, write_midi
from tympan.notation.note import Note

music21 = pytest.importorskip("music21", reason="music21 is not installed")

KEYS = ("C major", "Eb major", "F# minor")


def four_voices(key: str) -> Piece:
    """Two bars in four voices: an upbeat, triplets, dots, 32nds, notes over the bar line."""
    soprano = [TickNote(i * 160, 160, 72 + i) for i in range(6)] + [TickNote(960, 720, 70)]
    alto = [TickNote(i * 360, 360, 64 + i % 2) for i in range(5)]
    tenor = [TickNote(480, 1920, 57), TickNote(2400, 420, 58), TickNote(2820, 60, 59)]
    bass = [TickNote(0, 480, 45), TickNote(720, 240, 47), TickNote(1080, 1320, 43)]
    names = ("soprano", "alto", "tenor", "bass")
    parts = (
        PiecePart(tuple(notes), 19, name=name)
        for name, notes in zip(names, (soprano, alto, tenor, bass), strict=True)
    )
    metres = ((0, 1, 4), (480, 4, 4))
    return Piece(tuple(parts), 480, ((0, 700_000),), metres, ((0, key),), "Two bars")


def parsed(path: Path) -> Any:
    """What music21 reads; a warning of its own is an error.

    It moves what it reads of MIDI to a grid, which has to hold our 32nds.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return music21.converter.parse(path, forceSource=True, quarterLengthDivisors=(8, 3))


def notes_of(part: Any) -> list[tuple[float, float, int]]:
    """Start and length in quarter notes, and pitch, ties joined."""
    flat = part.stripTies().flatten()
    found = [
        (round(float(one.offset), 3), round(float(one.quarterLength), 3), pitch.midi)
        for one in flat.notes
        for pitch in one.pitches
    ]
    return sorted(found)


def written(part: PiecePart) -> list[tuple[float, float, int]]:
    return sorted((round(n.start / 480, 3), round(n.length / 480, 3), n.pitch) for n in part.notes)


@pytest.mark.parametrize("key", KEYS)
def test_a_score_opens_with_its_notes_names_key_and_tempo(tmp_path: Path, key: str) -> None:
    piece = four_voices(key)
    path = tmp_path / "score.musicxml"
    path.write_text(musicxml_text(piece), encoding="utf-8")
    score = parsed(path)
    assert [part.partName for part in score.parts] == ["soprano", "alto", "tenor", "bass"]
    for part, own in zip(score.parts, piece.parts, strict=True):
        assert notes_of(part) == written(own)
    signature = score.recurse().getElementsByClass(music21.key.KeySignature)[0]
    assert signature.sharps == {"C major": 0, "Eb major": -3, "F# minor": 3}[key]
    times = score.parts[0].recurse().getElementsByClass(music21.meter.TimeSignature)
    assert [one.ratioString for one in times] == ["1/4", "4/4"]
    assert score.isWellFormedNotation()


@pytest.mark.parametrize("key", KEYS)
def test_midi_opens_with_its_notes_key_and_tempo(tmp_path: Path, key: str) -> None:
    piece = four_voices(key)
    score = parsed(write_midi(piece, tmp_path / "a.mid"))
    for part, own in zip(score.parts, piece.parts, strict=True):
        assert notes_of(part) == written(own)
    tempo = score.recurse().getElementsByClass(music21.tempo.MetronomeMark)[0]
    assert tempo.number == pytest.approx(60e6 / 700_000, abs=1)
    signature = score.recurse().getElementsByClass(music21.key.KeySignature)[0]
    assert signature.sharps == {"C major": 0, "Eb major": -3, "F# minor": 3}[key]


def test_notes_that_were_heard_open_too(tmp_path: Path) -> None:
    """Times off any grid, as a transcription has them."""
    heard = [Note(0.013 + 0.47 * i, 0.4 + 0.47 * i, 60 + i, 70, "piano") for i in range(9)]
    piece = Piece.of_notes(heard)
    path = tmp_path / "heard.musicxml"
    path.write_text(musicxml_text(piece), encoding="utf-8")
    pitches = sorted(one[2] for part in parsed(path).parts for one in notes_of(part))
    assert pitches == sorted(n.pitch for n in heard)
    again = write_midi(piece, tmp_path / "heard.mid")
    assert read_midi(again).parts == piece.parts
    pitches = sorted(one[2] for part in parsed(again).parts for one in notes_of(part))
    assert pitches == sorted(n.pitch for n in heard)
