"""Recordings joined by `cat`: every one of them is read."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_audio import FFMPEG, RATE_HZ, SNDFILE, encoded, muxed, recording
from tympan.audio import Clip, blocks, concat, load, probe
from tympan.audio._containers import flac
from tympan.audio._save import encode

ALL = [*SNDFILE, *FFMPEG]
# What encoders pad between two recordings is kept; here nothing is.
EXACT = {*SNDFILE} - {"mp3", "caf-alac"} | {"mov-pcm", "mov-alac", "wavpack", "tta", "ogg-flac"}


@pytest.mark.parametrize("name", ALL)
def test_a_file_behind_itself_is_read_twice(name):
    data, whole = encoded(name), load(encoded(name))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # nothing is lost, so nothing is said
        twice = load(data + data)
    if name in EXACT:
        assert np.array_equal(twice.samples, np.tile(whole.samples, 2))
        if name != "ogg-flac":
            assert probe(data + data).num_samples == 2 * whole.num_samples
    assert twice.duration_s == pytest.approx(2 * whole.duration_s, abs=0.2)
    assert probe(data + data).duration_s == pytest.approx(twice.duration_s, abs=0.15)


@pytest.mark.parametrize(
    "name", ["wav-16", "flac-16", "vorbis", "opus", "mp3", "aiff-16", "ogg-flac"]
)
@given(
    start=st.floats(0, 3.5),
    length=st.floats(0.01, 2),
    seconds=st.lists(st.sampled_from([0.4, 0.9, 1.3]), min_size=2, max_size=4),
)
@settings(deadline=None, max_examples=12)
def test_slices_and_blocks_over_the_seams(name, start, length, seconds):
    parts = [recording(seconds=one) for one in seconds]
    if name in SNDFILE:
        data = b"".join(encode(part, *SNDFILE[name]) for part in parts)
    else:
        data = b"".join(muxed(part, *FFMPEG[name]) for part in parts)
    whole = load(data)
    if name in EXACT:
        assert whole.num_samples == sum(part.num_samples for part in parts)
    joined = concat(block.clip for block in blocks(data, block_s=0.35))
    assert np.array_equal(joined.samples, whole.samples)
    first, last = round(start * RATE_HZ), round((start + length) * RATE_HZ)
    if first < min(last, whole.num_samples):
        part = load(data, start_s=start, end_s=start + length)
        assert np.abs(part.samples - whole.samples[:, first:last]).max() <= 1e-5


@pytest.mark.parametrize("name", ["wav-16", "flac-16", "vorbis", "opus", "mp3"])
@pytest.mark.parametrize(("rate_hz", "channels"), [(48_000, 2), (16_000, 1), (8_000, 1)])
def test_another_rate_and_other_channels_behind(name, rate_hz, channels):
    first = recording(seconds=1.0)
    tone = 0.3 * np.sin(2 * np.pi * 440 / rate_hz * np.arange(2 * rate_hz))
    second = Clip(np.tile(tone, (channels, 1)), rate_hz)
    data = encode(first, *SNDFILE[name]) + encode(second, *SNDFILE[name])
    clip = load(data)
    assert (clip.rate_hz, clip.channels) == (RATE_HZ, 2)
    assert clip.duration_s == pytest.approx(3.0, abs=0.3)
    assert clip.slice(2.0, 2.5).rms == pytest.approx(0.3 / np.sqrt(2), rel=0.05)
    assert probe(data).duration_s == pytest.approx(clip.duration_s, abs=0.2)


def test_different_formats_behind_one_another():
    data = encoded("wav-16") + encoded("flac-16") + encoded("vorbis") + encoded("aiff-16")
    clip, one = load(data), recording()
    assert clip.num_samples == 4 * one.num_samples
    assert np.array_equal(clip.slice(one.duration_s, 2 * one.duration_s).samples, one.samples)


@given(st.lists(st.integers(0, 2), min_size=1, max_size=3))
@settings(deadline=None, max_examples=12)
def test_long_flac_is_probed_here_and_there(kinds):
    """Too long to be searched: the frames' numbers tell where another file begins."""
    rng = np.random.default_rng(0)
    sounds = [
        Clip(rng.normal(0, 0.2, 90_000), RATE_HZ),
        Clip(rng.normal(0, 0.002, 90_000), RATE_HZ),  # as long, but much smaller as a file
        Clip(rng.normal(0, 0.2, 30_000), RATE_HZ),
    ]
    data = b"".join(encode(sounds[kind], "FLAC", "PCM_16") for kind in kinds)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flac, "_QUICK", 0)
        total = sum(sounds[kind].num_samples for kind in kinds)
        assert load(data).num_samples == probe(data).num_samples == total


@pytest.mark.filterwarnings("ignore:.*replaced by silence")
def test_a_damaged_one_is_not_passed_over():
    from tympan.errors import AudioFileError

    data = encoded("wav-16") + encoded("flac-16")[:-2000]
    with pytest.raises(AudioFileError, match=r"damaged after 1\.|damaged after 2\.|cut short"):
        load(data)
    assert load(data, partial=True).duration_s > 1.9
