"""Damage inside a file: it is said, and costs what it hit, not the rest."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests_audio import FFMPEG, SNDFILE, encoded, muxed, recording
from tympan.audio import Clip, load
from tympan.audio._save import encode
from tympan.errors import AudioFileError

LONG = recording(seconds=12.0)


def long_file(name: str) -> bytes:
    if name in SNDFILE:
        return encode(LONG, *SNDFILE[name])
    return muxed(LONG, *FFMPEG[name])


def hurt(data: bytes, size: int = 150, places: int = 3) -> bytes:
    """A bad sector: some bytes in the middle are others."""
    out = bytearray(data)
    for number in range(places):
        at = len(data) // 2 + number * 2 * size
        out[at : at + size] = np.random.default_rng(number).bytes(size)
    return bytes(out)


def lacking(data: bytes) -> bytes:
    """Some bytes in the middle are gone."""
    return data[: len(data) // 2] + data[len(data) // 2 + 700 :]


def differs(found: Clip, wanted: Clip, start_s: float, end_s: float) -> float:
    """The share of the samples of a part that are others."""
    first, last = round(start_s * wanted.rate_hz), round(end_s * wanted.rate_hz)
    a, b = found.samples[:, first:last], wanted.samples[:, first:last]
    assert a.shape == b.shape
    return float((np.abs(a - b).max(axis=0, initial=0) > 2e-3).mean()) if a.size else 0.0


# Where a page, a block or a packet has a check sum or a size of its own, damage is always seen.
SEEN = ["flac-16", "vorbis", "opus", "mkv-flac", "ogg-flac", "wavpack", "tta", "m4a", "mkv-aac"]


@pytest.mark.parametrize("name", SEEN)
def test_damage_is_said_with_its_place(name):
    data = hurt(long_file(name))
    with pytest.raises(AudioFileError, match=r"is damaged after \d+\.\d\d s") as caught:
        load(data)
    place_s = float(str(caught.value).split("after ")[1].split()[0])
    assert 3 < place_s < 8
    # What lies before is still to be had.
    assert load(data, end_s=place_s - 1.1).num_samples > 0


@pytest.mark.parametrize("name", SEEN)
def test_it_costs_what_it_hit(name):
    whole = load(long_file(name))
    with pytest.warns(UserWarning, match="damaged"):
        found = load(hurt(long_file(name)), partial=True)
    assert found.duration_s == pytest.approx(whole.duration_s, abs=0.01)
    if name != "opus":  # decoded by another library there, to slightly other samples
        assert differs(found, whole, 0.1, 3.5) == 0
        # Time holds behind it.
        assert differs(found, whole, 10.5, 11.5) == 0


@pytest.mark.parametrize("name", ["vorbis", "opus", "ogg-flac"])
def test_a_page_with_one_wrong_byte_is_missing_alone(name):
    """Its check sum is wrong, and decoders leave it out without a word."""
    data = bytearray(long_file(name))
    data[len(data) // 2] ^= 0x40
    whole = load(long_file(name))
    with pytest.raises(AudioFileError, match=r"is damaged after \d+\.\d\d s"):
        load(bytes(data))
    with pytest.warns(UserWarning, match="damaged parts were replaced by silence"):
        found = load(bytes(data), partial=True)
    assert found.num_samples == whole.num_samples
    if name != "opus":
        assert differs(found, whole, 10.5, 11.5) == 0


@pytest.mark.parametrize("name", ["flac-16", "vorbis", "mkv-aac", "webm", "ogg-flac"])
def test_bytes_that_are_gone(name):
    whole = load(long_file(name))
    with pytest.raises(AudioFileError, match=r"damaged after|cut short"):
        load(lacking(long_file(name)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = load(lacking(long_file(name)), partial=True)
    assert found.duration_s == pytest.approx(whole.duration_s, abs=0.05)
    assert differs(found, whole, 10.5, 11.5) < 0.01


@pytest.mark.parametrize("name", ["mp3", "mp2", "adts"])
def test_streams_go_on_behind_damage_and_say_so(name):
    """Cut on the air, they often begin or go on with half a frame: no reason to refuse."""
    data = hurt(long_file(name), size=1500, places=3)
    with pytest.warns(UserWarning, match="damaged parts were replaced by silence"):
        found = load(data)
    assert found.duration_s == pytest.approx(LONG.duration_s, abs=1.5)
    started = long_file(name)[777:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert load(started).duration_s == pytest.approx(LONG.duration_s, abs=0.4)


def test_a_broadcast_with_a_gap_says_so():
    with pytest.warns(UserWarning, match="parts were replaced by silence"):
        found = load(lacking(long_file("mpegts")))
    assert found.duration_s == pytest.approx(load(long_file("mpegts")).duration_s, abs=0.01)


@pytest.mark.parametrize("name", [*SNDFILE, *FFMPEG])
def test_partial_of_a_whole_file_is_the_whole(name, recwarn):
    assert np.array_equal(load(encoded(name), partial=True).samples, load(encoded(name)).samples)
    assert not recwarn.list


def test_page_numbers_that_jump_alone_are_no_damage():
    """Some programs number Ogg's pages wrongly; nothing is missing."""
    import zlib

    turned = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))
    data = bytearray(encode(LONG, "OGG", "VORBIS"))
    pages = [at for at in range(len(data)) if data[at : at + 5] == b"OggS\0"]
    for number, at in enumerate(pages[4:], 40):
        data[at + 18 : at + 22] = number.to_bytes(4, "little")
        size = 27 + data[at + 26] + sum(data[at + 27 : at + 27 + data[at + 26]])
        data[at + 22 : at + 26] = bytes(4)
        value = zlib.crc32(bytes(data[at : at + size]).translate(turned), 0xFFFFFFFF) ^ 0xFFFFFFFF
        data[at + 22 : at + 26] = value.to_bytes(4, "little").translate(turned)[::-1]
    clip = load(bytes(data))
    assert clip.duration_s == pytest.approx(LONG.duration_s, abs=0.05)


def test_another_track_is_taken_where_the_first_has_no_sound():
    import io

    import av

    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as out:
        empty = out.add_stream("flac", rate=16_000, layout="stereo")
        other = out.add_stream("flac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(LONG.samples[:1, :16_000], format="flt", layout="mono")
        frame.sample_rate, frame.pts = 16_000, 0
        into = av.AudioResampler(other.codec_context.format, "mono", 16_000, frame_size=4608)
        out.start_encoding()
        for ready in [*into.resample(frame), *into.resample(None)]:
            out.mux(other.encode(ready))
        out.mux(other.encode(None))
        assert empty is not other
    assert load(file.getvalue()).channels == 1


def test_rate_and_channels_that_change_on_the_way():
    stereo = encode(recording(seconds=1.0), "MP3", "MPEG_LAYER_III")
    mono = encode(recording(seconds=2.0).mono().resample(44_100), "MP3", "MPEG_LAYER_III")
    clip = load(stereo + mono + stereo)
    assert (clip.rate_hz, clip.channels) == (16_000, 2)
    assert clip.duration_s == pytest.approx(4.0, abs=0.4)
    assert clip.slice(2.2, 2.8).rms == pytest.approx(LONG.mono().slice(1.2, 1.8).rms, rel=0.3)


@settings(deadline=None, max_examples=25)
@example(name="m4a", place=0.5, seed=257)
@example(name="mkv-flac", place=0.6015625, seed=0)
@example(name="m4a", place=0.4675760630136339, seed=152)  # noise that states fifty channels
@given(
    name=st.sampled_from(["flac-16", "vorbis", "ogg-flac", "m4a", "mkv-flac"]),
    place=st.floats(0.3, 0.7),
    seed=st.integers(0, 1000),
)
def test_damage_anywhere_is_said_and_costs_its_surroundings(name, place, seed):
    data = bytearray(long_file(name))
    at = int(place * len(data))
    data[at : at + 120] = np.random.default_rng(seed).bytes(120)
    whole = load(long_file(name))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = load(bytes(data), partial=True)
    # AAC has no check sum: now and then noise is a packet like any other, and a tenth of a second.
    unseen = name == "m4a" and differs(found, whole, 0.0, 12.0) < 0.02
    assert unseen or any("damaged" in str(one.message) for one in said)
    assert found.duration_s == pytest.approx(whole.duration_s, abs=0.01)
    assert differs(found, whole, 0.1, 12 * place - 2.5) == 0
    # Where the frame of a Matroska block is hit, reading goes on at the next cluster, 5 s on.
    reach_s = 5.5 if name == "mkv-flac" else 2.5
    assert differs(found, whole, min(11.9, 12 * place + reach_s), 11.9) == 0
