"""Renderings for `music-tags`: notes, tags, MIDI, soundfonts."""

from __future__ import annotations

import importlib.util
import struct
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from recipes import arrange, pieces, render, tunes

SOUNDFONTS = [
    path
    for folder in ("sounds/sf2", "soundfonts")
    for path in sorted(Path("/usr/share", folder).glob("*.sf[23]"))
]
TWO_NOTES = (
    render.Part(0, ((0.0, 1.0, 69, 100),)),
    render.Part(73, ((2.0, 1.0, 81, 100),)),
)


def test_the_midi_that_is_written_reads_back() -> None:
    found = pieces.read_midi(render.midi_of([TWO_NOTES]))
    ((_, notes),) = found.tracks
    # Two quarter notes a second.
    assert notes == [(0.0, 2.0, 69), (4.0, 2.0, 81)]


def test_a_later_excerpt_begins_at_its_slot() -> None:
    found = pieces.read_midi(render.midi_of([TWO_NOTES, TWO_NOTES]))
    starts = [start for start, _, _ in found.tracks[0][1]]
    assert starts == [0.0, 4.0, 2 * render.SLOT_S, 2 * render.SLOT_S + 4.0]


def test_running_status_tempo_and_metre_are_read() -> None:
    track = b"".join(
        [
            b"\x00\xff\x51\x03" + (500_000).to_bytes(3, "big"),
            b"\x00\xff\x58\x04\x06\x03\x18\x08",
            b"\x00\x90\x3c\x40\x60\x3c\x00",  # no status before the second event
            b"\x81\x00\x80\x3c\x00\x00\xff\x2f\x00",
        ]
    )
    data = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 96) + b"MTrk" + struct.pack(">I", len(track))
    found = pieces.read_midi(data + track)
    assert (found.bpm, found.metre) == (120.0, (6, 8))
    assert found.tracks == [("", [(0.0, 1.0, 60)])]


@pytest.mark.parametrize(
    ("abc", "notes"),
    [
        ("CDE|", [(0, 0.5, 60), (0.5, 0.5, 62), (1, 0.5, 64)]),
        ("F2 ^F=F|", [(0, 1, 66), (1, 0.5, 66), (1.5, 0.5, 65)]),  # one sharp in G
        ("A>B|", [(0, 0.75, 69), (0.75, 0.25, 71)]),
        ("(3ABc d|", [(0, 1 / 3, 69), (1 / 3, 1 / 3, 71), (2 / 3, 1 / 3, 72), (1, 0.5, 74)]),
        ('"Am"c\'z/C,|', [(0, 0.5, 84), (0.75, 0.5, 48)]),
    ],
)
def test_abc_is_read(abc: str, notes: list[tuple[float, float, int]]) -> None:
    found, key = tunes.read_abc(abc, {"K": "G", "L": "1/8"}, Fraction(4))
    assert key == (7, "major")
    assert [pitch for _, _, pitch in found] == [pitch for _, _, pitch in notes]
    np.testing.assert_allclose([n[:2] for n in found], [n[:2] for n in notes])


@pytest.mark.parametrize(
    ("text", "key"),
    [("Em", (4, "minor")), ("Bb", (10, "major")), ("Adorian", (9, "minor")), ("F#m", (6, "minor"))],
)
def test_keys_of_abc(text: str, key: tuple[int, str]) -> None:
    assert tunes.read_abc("C", {"K": text}, Fraction(4))[1] == key


def test_a_family_that_hardly_sounds_is_no_tag() -> None:
    piece = pieces.Piece(
        "p", pieces.POP, (0, "major"), 4.0, 100.0,
        {"melody": [(float(i), 1.0, 60 + i % 5) for i in range(64)],
         "chords": [(float(i), 1.0, 48) for i in range(64)],
         "bass": [(0.0, 0.1, 40)]},
    )  # fmt: skip
    for seed in range(40):
        found = arrange.excerpt(piece, np.random.default_rng(seed))
        families = {one.family for one in found.parts}
        assert families == set(found.tags) & {*render.FAMILIES, render.DRUMS}
        assert all(one.sounding_s >= arrange.SHORTEST_S for one in found.parts)
        assert {"pop song", "major"} <= set(found.tags)
        assert len({"solo", "duo", "ensemble"} & set(found.tags)) == 1


@pytest.mark.skipif(not SOUNDFONTS or not render.renderer(), reason="no fluidsynth or soundfont")
def test_two_notes_are_rendered_with_their_tags() -> None:
    (clip,) = render.render([TWO_NOTES], SOUNDFONTS[0], seconds=4.0)
    assert render.instrument_tags(TWO_NOTES) == ["flutes", "piano", "duo"]
    assert clip.duration_s == 4.0
    # The piano has A4, the flute an octave more.
    for start, frequency_hz in ((0.2, 440.0), (2.2, 880.0)):
        part = clip.slice(start, start + 0.7).samples[0]
        power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
        peak = np.fft.rfftfreq(len(part), 1 / clip.rate_hz)[power.argmax()]
        assert abs(1200 * np.log2(peak / frequency_hz)) % 1200 < 40


def test_chorales_and_tunes_of_the_sets(shared_data: Path) -> None:
    chorales = list(pieces.chorales(shared_data / "symbolic" / "jsb-chorales-16th.json"))
    assert len(chorales) == 382
    assert {len(one.parts) for one in chorales} == {4}
    tunes = list(pieces.nottingham(shared_data / "symbolic" / "nottingham-midi.tar.xz"))
    # The first letters of a file give the dance.
    assert {one.style for one in tunes} == {
        pieces.JIG, pieces.REEL, pieces.HORNPIPE, pieces.WALTZ,
    }  # fmt: skip
    assert {one.split for one in tunes} == {"test"}


def test_the_package_does_not_need_recipes() -> None:
    assert importlib.util.find_spec("tympan.recipes") is None
