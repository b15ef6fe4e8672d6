"""`blocks`: any size, any hop, the same samples as `load`."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_audio import RATE_HZ, encoded
from tympan.audio import Clip, blocks, concat, load

WAV = encoded("wav-16")
TOTAL = load(WAV).num_samples


@given(st.integers(1, 30_000), st.integers(1, 30_000))
@settings(deadline=None, max_examples=60)
def test_each_block_is_the_slice_it_says(size, hop):
    pieces = []
    whole = load(WAV)
    for block in blocks(WAV, block_s=size / RATE_HZ, hop_s=hop / RATE_HZ):
        first = round(block.start_s * RATE_HZ)
        assert first == len(pieces) * hop
        expected = whole.samples[:, first : first + size]
        assert np.array_equal(block.clip.samples, expected)
        assert round(block.end_s * RATE_HZ) == first + expected.shape[1]
        pieces.append(block)
        if len(pieces) > 50:
            break
    else:
        assert pieces[-1].end_s * RATE_HZ == TOTAL or hop > size
        assert all(piece.clip.num_samples == size for piece in pieces[:-1])


@given(st.integers(500, 20_000), st.sampled_from([8000, 11025, 22050, 44100]))
@settings(deadline=None, max_examples=30)
def test_resampled_blocks_join_to_the_resampled_whole(size, rate_hz):
    joined = concat(b.clip for b in blocks(WAV, block_s=size / rate_hz, rate_hz=rate_hz))
    assert np.array_equal(joined.samples, load(WAV, rate_hz=rate_hz).samples)
    assert np.array_equal(joined.samples, load(WAV).resample(rate_hz).samples)


@given(st.floats(0, 1), st.floats(0.01, 0.5), st.sampled_from([None, 8000, 11025, 44100]))
@settings(deadline=None, max_examples=40)
def test_a_resampled_slice_is_the_slice_of_the_resampled(start, length, rate_hz):
    part = load(WAV, start_s=start, end_s=start + length, rate_hz=rate_hz)
    whole = load(WAV, rate_hz=rate_hz).slice(start, start + length)
    assert part.num_samples == whole.num_samples
    assert np.abs(part.samples - whole.samples).max() < 1e-5


def test_times_count_from_the_file():
    first, *_, last = blocks(WAV, block_s=0.25, start_s=0.5, end_s=1.1)
    assert (first.start_s, first.end_s, last.end_s) == (0.5, 0.75, pytest.approx(1.1))


def test_mono_blocks_and_clips_as_sources():
    clip = load(WAV)
    for source in (WAV, clip):
        joined = concat(b.clip for b in blocks(source, block_s=0.3, mono=True))
        assert np.array_equal(joined.samples, clip.mono().samples)
    array = blocks(np.zeros((1, 8000)), block_s=0.4, rate_hz=8000)
    assert [block.clip.num_samples for block in array] == [3200, 3200, 1600]


def test_arguments_are_checked_before_the_first_block():
    with pytest.raises(ValueError, match="block_s"):
        blocks(WAV, block_s=-1)
    with pytest.raises(ValueError, match="rate_hz"):
        blocks(WAV, rate_hz=0)


def test_an_abandoned_walk_closes_the_file(tmp_path, recwarn):
    path = tmp_path / "a.wav"
    path.write_bytes(WAV)
    walk = blocks(path, block_s=0.1)
    assert isinstance(next(walk).clip, Clip)
    walk.close()
    path.unlink()
    assert not [warning for warning in recwarn if warning.category is ResourceWarning]
