"""Renderings for `music-tags`: notes, tags, MIDI, soundfonts."""

from __future__ import annotations

import importlib.util
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from recipes import arrange, dances, music_data, pieces, render, solos

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


@pytest.mark.parametrize("style", [pieces.JIG, pieces.REEL, pieces.HORNPIPE, pieces.WALTZ])
def test_a_dance_has_its_metre_form_and_key(style: str) -> None:
    quickest = {pieces.JIG: 1 / 3, pieces.REEL: 1 / 4, pieces.WALTZ: 1 / 2}
    for seed in range(20):
        tune = dances.dance("d", style, np.random.default_rng(seed))
        melody = tune.parts["melody"]
        assert tune.bar == (3.0 if style == pieces.WALTZ else 2.0)
        assert tune.beats == pytest.approx(4 * dances.PART_BARS * tune.bar)
        # One note follows another without a gap.
        ends = np.cumsum([length for _, length, _ in melody])
        np.testing.assert_allclose([start for start, _, _ in melody][1:], ends[:-1], atol=1e-9)
        # AABB.
        quarter = dances.PART_BARS * tune.bar
        parts = [
            [(round(s - i * quarter, 6), p) for s, _, p in melody if 0 <= s - i * quarter < quarter]
            for i in range(4)
        ]
        parts = [[one for one in part if one[0] < quarter - 1e-6] for part in parts]
        assert parts[0] == parts[1] != parts[2] == parts[3]
        tonic, mode = tune.key
        modes = [one for one in dances.MODES.values() if one[3] == mode]
        found = {(p - tonic) % 12 for notes in tune.parts.values() for _, _, p in notes}
        assert any(found <= {*scale, 11} for scale, *_ in modes)
        assert (melody[-1][2] - tonic) % 12 == 0
        lengths = [length for _, length, _ in melody]
        common = max(set(lengths), key=lengths.count)
        if style == pieces.HORNPIPE:
            # Three repeated half beats end a part; a beat never has three equal notes alone.
            assert lengths[-4:] == [0.5] * 4
        elif style != pieces.WALTZ:
            assert common == pytest.approx(quickest[style])
        else:
            assert min(lengths) >= quickest[style]


def test_folk_modes_are_major_or_minor() -> None:
    thirds = {name: 4 in scale for name, (scale, *_) in dances.MODES.items()}
    assert {name: tag == "major" for name, (*_, tag) in dances.MODES.items()} == thirds


@pytest.mark.parametrize("maker", solos.MAKERS)
def test_excerpts_without_a_piece_have_no_style_or_key(maker: str) -> None:
    styles = {*music_data.COUNTS} - {*solos.MAKERS}
    for seed in range(60):
        found = solos.MAKERS[maker]("x", np.random.default_rng(seed))
        assert not {*found.tags} & (styles | {"major", "minor"})
        families = {one.family for one in found.parts} - {render.OTHER}
        assert families == set(found.tags) & {*render.FAMILIES, render.DRUMS}
        assert len({"solo", "duo", "ensemble"} & set(found.tags)) == 1
        for one in found.parts:
            assert all(0 <= start < arrange.EXCERPT_S for start, *_ in one.notes)
            assert all(0 <= pitch < 128 and 0 < v < 128 for _, _, pitch, v in one.notes)
        if maker in (solos.NOTES, solos.PHRASE):
            assert len(found.parts) == 1


def test_an_instrument_that_is_no_tag_is_none() -> None:
    accordion = render.Part(21, ((0.0, 1.0, 60, 90),))
    assert render.instrument_tags([accordion]) == ["solo"]
    assert render.instrument_tags([accordion, render.Part(0, ((0.0, 1.0, 60, 90),))]) == [
        "piano", "duo",
    ]  # fmt: skip


def test_each_part_sets_what_the_one_before_has_changed() -> None:
    bent = render.Part(0, ((0.0, 1.0, 60, 90),), sound=render.Sound(tuning=50, filter=-2400))
    plain = render.Part(0, ((0.0, 1.0, 60, 90),))
    changed, usual = render.settings_of(bent, 3), render.settings_of(plain, 3)
    # The same controllers in the same order, so nothing stays behind.
    assert [m[:2] for m in changed[:-1]] == [m[:2] for m in usual[:-1]]
    assert usual[-1] == bytes([0xE3, 0, 64])  # no bend
    # 50 of 200 cents, in 14 bits about 8192.
    assert changed[-1][1] + 128 * changed[-1][2] == 8192 + 2048


def test_drums_added_make_a_duo_of_a_solo() -> None:
    assert music_data.with_drums(["strings", "solo"]) == ["drums", "strings", "duo"]
    assert music_data.with_drums(["piano", "bass", "duo"])[-1] == "ensemble"


def test_what_lies_between_keeps_each_length() -> None:
    rng = np.random.default_rng(0)
    waves = [rng.normal(0, 0.1, n) for n in (16000, 12000)]
    varied = music_data.between(waves, 3)
    assert [len(one) for one in varied] == [16000, 12000]
    assert all(np.isfinite(one).all() and np.abs(one).max() <= 1 for one in varied)
    again = music_data.between(waves, 3)
    np.testing.assert_array_equal(varied[0], again[0])


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
        assert families - {render.DRUMS}
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


def test_no_piece_is_in_two_sets_and_nottingham_is_tested_only(shared_data: Path) -> None:
    sets = music_data.pieces_by_set(shared_data / "symbolic")
    names = {part: {p.name for ps in styles.values() for p in ps} for part, styles in sets.items()}
    assert not names["train"] & names["test"]
    assert not names["train"] & names["val"]
    assert not names["val"] & names["test"]
    for part in ("train", "val"):
        assert not any(one.startswith("nottingham") for one in names[part])
    assert all(one.name.startswith("nottingham") for one in sets["test"][pieces.JIG])


def test_the_package_does_not_need_recipes() -> None:
    assert importlib.util.find_spec("tympan.recipes") is None
