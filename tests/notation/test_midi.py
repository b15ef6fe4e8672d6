"""MIDI in and out: exact to the tick, and whole for other programs."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.errors import DataError
from tympan.notation import Piece, PiecePart, TickNote, midi_bytes, read_midi, write_midi


@st.composite
def pieces(draw: st.DrawFn) -> Piece:
    """Pieces as MIDI can hold them: a pitch is struck again at the earliest where it ends."""
    parts = []
    for _ in range(draw(st.integers(0, 18))):  # more than MIDI has channels
        notes: list[TickNote] = []
        for pitch in draw(st.lists(st.integers(0, 127), max_size=3, unique=True)):
            at = 0
            for _ in range(draw(st.integers(1, 3))):
                at += draw(st.integers(0, 1000))
                length = draw(st.integers(1, 999))
                notes.append(TickNote(at, length, pitch, draw(st.integers(1, 127))))
                at += length
        if notes:
            drums, program = draw(st.booleans()), draw(st.integers(0, 127))
            parts.append(PiecePart(tuple(sorted(notes)), program, drums, draw(st.text(max_size=5))))
    tempi = draw(st.dictionaries(st.integers(0, 9999), st.integers(1, 2**24 - 1), max_size=3))
    metre = (draw(st.integers(1, 16)), draw(st.sampled_from((2, 4, 8))))
    keys = ((0, draw(st.sampled_from(("C major", "F# minor", "Bb major")))),)
    ticks = draw(st.integers(1, 2**15 - 1))
    tempi = tempi or {0: 500_000}
    return Piece(tuple(parts), ticks, tuple(sorted(tempi.items())), ((0, *metre),), keys)


@settings(max_examples=25)
@given(pieces())
def test_what_is_written_is_read_to_the_tick(piece: Piece) -> None:
    assert read_midi(midi_bytes(piece)) == piece


@pytest.mark.parametrize("count", [3, pytest.param(40, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["nottingham-midi", "pop909-midi"])
def test_real_files_are_read_and_written_to_the_tick(
    shared_data: Path, name: str, count: int
) -> None:
    """Triplets, 32nds, tempo changes: no tick is rounded away, and mido reads the same notes."""
    with tarfile.open(shared_data / "symbolic" / f"{name}.tar.xz") as tar:
        files = [one for one in tar if one.isfile() and one.name.endswith(".mid")]
        for member in files[:: len(files) // count]:
            handle = tar.extractfile(member)
            assert handle is not None
            data = handle.read()
            piece = read_midi(data)
            assert read_midi(midi_bytes(piece)) == piece
            assert notes_by_mido(data) == notes_by_mido(midi_bytes(piece))
            assert sum(len(part.notes) for part in piece.parts) == len(notes_by_mido(data))


def notes_by_mido(data: bytes) -> list[tuple[int, int, int]]:
    """Tick, pitch and velocity of each note on, without our reader."""
    found = []
    for track in mido.MidiFile(file=io.BytesIO(data)).tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type == "note_on" and message.velocity:
                found.append((tick, message.note, message.velocity))
    return sorted(found)


def test_chorales_make_a_round(shared_data: Path) -> None:
    rows = json.loads((shared_data / "symbolic" / "jsb-chorales-16th.json").read_text())["test"]
    for steps in rows[::20]:
        notes = [
            TickNote(120 * i, 120, int(p)) for i, step in enumerate(steps) for p in {*step} if p > 0
        ]
        piece = Piece((PiecePart(tuple(sorted(notes))),))
        assert read_midi(midi_bytes(piece)) == piece


def test_other_programs_read_the_time_as_it_is_meant(tmp_path: Path) -> None:
    """Against mido's own clock: a tempo change in the middle of a note."""
    tempi = ((0, 400_000), (960, 750_000), (1000, 300_000))
    piece = Piece((PiecePart((TickNote(480, 700, 60), TickNote(1500, 20, 61))),), 480, tempi)
    file = mido.MidiFile(write_midi(piece, tmp_path / "a.mid"))
    now, heard = 0.0, []
    for message in file:
        now += message.time
        if message.type in ("note_on", "note_off"):
            heard.append(now)
    ours = sorted(t for n in piece.notes() for t in (n.start_s, n.end_s))
    assert heard == pytest.approx(ours, abs=1e-9)
    assert all(piece.tick(piece.seconds(t)) == t for t in range(0, 2000, 7))


def raw(*events: tuple[int, bytes]) -> bytes:
    """A MIDI file of one track."""
    body = b"".join(bytes([wait]) + message for wait, message in events) + b"\0\xff\x2f\0"
    return b"MThd\0\0\0\6\0\0\0\1\1\xe0MTrk" + len(body).to_bytes(4, "big") + body


def test_a_pedal_holds_notes_until_it_is_up_or_they_are_struck_again() -> None:
    data = raw(
        (0, b"\xb0\x40\x7f"), (0, b"\x90\x3c\x50"), (10, b"\x80\x3c\0"), (0, b"\x90\x40\x50"),
        (10, b"\x80\x40\0"), (20, b"\x90\x3c\x50"), (5, b"\xb0\x40\0"), (5, b"\x80\x3c\0"),
    )  # fmt: skip
    as_written = [(n.start, n.end) for n in read_midi(data).parts[0].notes]
    as_heard = [(n.start, n.end) for n in read_midi(data, sustain=True).parts[0].notes]
    assert as_written == [(0, 10), (10, 20), (40, 50)]
    assert as_heard == [(0, 40), (10, 45), (40, 50)]


def test_a_note_that_never_ends_ends_with_its_track() -> None:
    assert read_midi(raw((0, b"\x90\x3c\x50"), (100, b"\x90\x3d\0"))).parts[0].notes[0].end == 100


def test_bends_are_kept() -> None:
    bends = ((0, 0.5), (10, -1.25), (20, 0.0))
    piece = Piece((PiecePart((TickNote(0, 30, 60),), bends=bends),))
    found = read_midi(midi_bytes(piece)).parts[0].bends
    assert [tick for tick, _ in found] == [0, 10, 20]
    assert [value for _, value in found] == pytest.approx([0.5, -1.25, 0.0], abs=1e-3)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", r"no whole MIDI file \(it is empty\)"),
        (b"MThd\0\0", r"no whole MIDI file \(it ends too soon\)"),
        (b"RIFF....WAVE", "no whole MIDI file"),
        (raw((0, b"\x90\x3c\x50"))[:-3], "no whole MIDI file"),
        (b"MThd\0\0\0\6\0\2\0\1\1\xe0MTrk\0\0\0\4\0\xff\x2f\0", "follow one another"),
        (b"MThd\0\0\0\6\0\0\0\1\xe8\x28MTrk\0\0\0\4\0\xff\x2f\0", "film frames"),
    ],
)
def test_what_is_no_score_is_a_mistake(data: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "a.mid").write_bytes(data)
    with pytest.raises(DataError, match=told) as caught:
        read_midi(tmp_path / "a.mid")
    assert "a.mid" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.mid: cannot be read"):
        read_midi(tmp_path / "none.mid")
