"""A slice of a file is the slice of the whole, in every format, to the last sample."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests_audio import FFMPEG, SNDFILE, muxed, recording
from tympan.audio import Clip, blocks, load
from tympan.audio._save import encode

# Codecs that cannot be entered in the middle: telephony, mostly.
FROM_THE_START = {
    "gsm-wav": ("WAV", "GSM610"),
    "gsm-w64": ("W64", "GSM610"),
    "gsm-aiff": ("AIFF", "GSM610"),
    "g721-wav": ("WAV", "G721_32"),
    "g721-au": ("AU", "G721_32"),
    "g723-24": ("AU", "G723_24"),
    "g723-40": ("AU", "G723_40"),
    "nms-16": ("WAV", "NMS_ADPCM_16"),
    "nms-32": ("WAV", "NMS_ADPCM_32"),
    "dwvw-16": ("AIFF", "DWVW_16"),
    "dpcm": ("XI", "DPCM_16"),
    "ms-adpcm": ("WAV", "MS_ADPCM"),
}
ALL = [*SNDFILE, *FFMPEG, *FROM_THE_START]


@cache
def long_file(name: str) -> bytes:
    sound = recording(seconds=14.0)
    if name in SNDFILE:
        return encode(sound, *SNDFILE[name])
    if name in FFMPEG:
        return muxed(sound, *FFMPEG[name])
    return encode(sound.mono().resample(8000), *FROM_THE_START[name])


@cache
def whole(name: str) -> Clip:
    return load(long_file(name))


@pytest.mark.parametrize("name", ALL)
@given(start=st.floats(0, 1), length=st.floats(0, 0.2))
@example(start=0.9, length=1.0)  # to the end
@example(start=0.9999, length=1.0)
@example(start=1e-6, length=1.0)
@example(start=0.6, length=0.0)
@settings(deadline=None, max_examples=8)
def test_every_slice_is_the_slice_of_the_whole(name, start, length):
    clip = whole(name)
    first = min(int(start * clip.num_samples), clip.num_samples - 1)
    last = min(clip.num_samples, first + 1 + int(length * clip.num_samples))
    end_s = None if last == clip.num_samples else last / clip.rate_hz
    part = load(long_file(name), start_s=first / clip.rate_hz, end_s=end_s)
    assert part.num_samples == last - first
    # AAC, Opus and MP2 are decoded from so far that what was before makes no difference.
    assert np.abs(part.samples - clip.samples[:, first:last]).max() <= 1e-5


@pytest.mark.parametrize("name", ["opus", "vorbis", "mp3", "m4a", "webm", "gsm-wav", "flac-16"])
@pytest.mark.parametrize("rate_hz", [11_025, 22_050])
def test_a_resampled_slice_that_ends_with_the_file(name, rate_hz):
    clip = load(long_file(name), rate_hz=rate_hz)
    part = load(long_file(name), rate_hz=rate_hz, start_s=11.3)
    wanted = clip.samples[:, round(11.3 * rate_hz) :]
    assert part.samples.shape == wanted.shape
    assert np.abs(part.samples - wanted).max() < 1e-4


def test_blocks_that_begin_later_are_those_of_the_whole():
    for name in ("opus", "webm", "gsm-wav", "m4a"):
        clip = whole(name)
        for block in blocks(long_file(name), block_s=0.7, start_s=9.1):
            first, last = (round(s * clip.rate_hz) for s in (block.start_s, block.end_s))
            assert np.abs(block.clip.samples - clip.samples[:, first:last]).max() <= 1e-5


def test_opus_that_predicts_from_long_ago():
    """At low rates the predictor of tonal sound forgets slower than in a second."""
    rate_hz, seconds = 16_000, 63.1
    t = np.arange(int(rate_hz * seconds)) / rate_hz
    tone = 0.24 * np.sin(2 * np.pi * (200 + 300 * np.sin(2 * np.pi * 0.3 * t)) * t)
    clicks = 0.08 * np.random.default_rng(0).standard_normal(len(t)) * np.exp(-5 * (t % 1.0))
    data = encode(Clip(tone + clicks, rate_hz), "OGG", "OPUS")
    clip = load(data)
    # At the first of these, decoders that start one and two seconds before agree, and are wrong.
    places = [638_225, *np.random.default_rng(1).integers(0, clip.num_samples - 1600, 25)]
    for place in places:
        part = load(data, start_s=place / rate_hz, end_s=(place + 1600) / rate_hz)
        assert np.abs(part.samples - clip.samples[:, place : place + 1600]).max() < 1e-5


def test_sound_that_encoders_replace_by_noise():
    """AAC draws the noise of some bands from a generator: only the same past gives the same."""
    import io

    import av

    rng = np.random.default_rng(0)
    file = io.BytesIO()
    with av.open(file, "w", format="ipod") as out:
        stream = out.add_stream("aac", rate=44_100, layout="mono")
        stream.bit_rate = 32_000
        for start in range(0, 44_100 * 6, 1024):
            wave = (0.2 * rng.standard_normal((1, 1024))).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44_100, start
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    clip = load(file.getvalue())
    part = load(file.getvalue(), start_s=4.0, end_s=5.0)
    assert np.array_equal(part.samples, clip.slice(4.0, 5.0).samples)


def test_flac_that_cannot_be_sought_in():
    """A metadata block whose length is wrong: libFLAC reads on, but finds no place in the file."""
    sound = recording(seconds=2.0)
    data = bytearray(encode(sound, "FLAC", "PCM_24"))
    data[40:44] = (0, 0, 0, 3)
    clip = load(bytes(data))
    assert np.array_equal(clip.samples, sound.samples)
    part = load(bytes(data), start_s=0.4, end_s=0.8)
    assert np.array_equal(part.samples, clip.slice(0.4, 0.8).samples)
