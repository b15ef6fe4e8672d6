"""Overlapping windows added up again: the input comes back, streamed, with the stated latency."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.errors import ArgumentError, ShapeError
from tympan.tasks.windows import OverlapAdd, OverlappingWindows, cut

sizes = st.lists(st.integers(1, 90), min_size=1, max_size=6)


@st.composite
def geometries(draw) -> OverlappingWindows:
    align = draw(st.sampled_from([1, 1, 2, 5]))
    core = draw(st.integers(1, 40))
    hop = draw(st.integers(1, core))
    left, right = draw(st.integers(0, 12)), draw(st.integers(0, 12))
    return OverlappingWindows(core * align, hop * align, left * align, right * align, align)


def blocks_of(wave: np.ndarray, cuts: list[int]) -> list[np.ndarray]:
    ends = np.cumsum([cuts[i % len(cuts)] for i in range(wave.shape[-1])])
    return np.split(wave, [int(e) for e in ends if e < wave.shape[-1]], axis=-1)


def frames_of(wave: np.ndarray, align: int) -> np.ndarray:
    """A net of one frame for each `align` samples: the first sample of each."""
    return wave[..., ::align]


@given(geometries(), st.integers(1, 400), sizes, st.integers(1, 3))
def test_a_net_that_does_nothing_gives_the_recording_back_to_the_bit(geometry, length, cuts, c):
    wave = np.random.default_rng(length).standard_normal((c, length)).astype(np.float32)
    cutter, joined = geometry.cutter(), OverlapAdd(geometry)
    parts = []
    for window in cut(cutter, blocks_of(wave, cuts)):
        assert window.wave.shape == (c, geometry.size)
        parts.append(joined.push(window, frames_of(window.wave, geometry.align)))
    parts.append(joined.finish())
    whole = np.concatenate(parts, axis=-1)
    assert np.array_equal(whole, frames_of(wave, geometry.align))


@given(geometries(), st.integers(1, 400), sizes)
def test_windows_do_not_depend_on_the_blocks(geometry, length, cuts):
    wave = np.arange(1, length + 1, dtype=np.float32)
    whole = list(cut(geometry.cutter(), [wave]))
    streamed = list(cut(geometry.cutter(), blocks_of(wave, cuts)))
    whole_at, streamed_at = (
        [(w.start, w.end, w.offset) for w in found] for found in (whole, streamed)
    )
    assert whole_at == streamed_at
    assert all(np.array_equal(a.wave, b.wave) for a, b in zip(whole, streamed, strict=True))
    # Around the recording there is silence, and nothing of it is moved.
    for window in whole:
        places = np.arange(window.offset, window.offset + geometry.size)
        inside = (places >= 0) & (places < length)
        assert np.array_equal(window.wave[inside], places[inside] + 1)
        assert not window.wave[~inside].any()


@given(geometries())
def test_the_output_of_a_sample_comes_with_the_stated_latency(geometry):
    cutter, joined = geometry.cutter(), OverlapAdd(geometry)
    given_out = 0
    for known in range(1, 200):
        for window in cutter.push(np.ones(1, np.float32)):
            output = np.ones(geometry.size // geometry.align)
            given_out += joined.push(window, output).shape[-1] * geometry.align
        assert known - given_out <= geometry.latency + geometry.hop
        assert given_out >= min(known - geometry.latency, known) // geometry.hop * geometry.hop


def test_of_two_windows_that_disagree_one_fades_into_the_other():
    geometry = OverlappingWindows(core=8, hop=4)
    cutter, joined = geometry.cutter(), OverlapAdd(geometry)
    windows = list(cut(cutter, [np.zeros(12, np.float32)]))
    assert len(windows) == 2
    parts = [joined.push(windows[0], np.zeros(8)), joined.push(windows[1], np.ones(8))]
    whole = np.concatenate([*parts, joined.finish()])
    assert whole == pytest.approx([0, 0, 0, 0, 0.2, 0.4, 0.6, 0.8, 1, 1, 1, 1])


def test_the_net_gets_real_context_and_its_output_there_is_dropped():
    geometry = OverlappingWindows(core=4, hop=4, left=2, right=2)
    joined = OverlapAdd(geometry)
    for window in cut(geometry.cutter(), [np.arange(8, dtype=np.float32)]):
        output = window.wave.copy()
        output[:2], output[-2:] = 99, 99
        assert 99 not in joined.push(window, output)
    assert 99 not in joined.finish()


def test_memory_does_not_grow():
    geometry = OverlappingWindows(core=100, hop=50, left=30, right=20)
    cutter, joined = geometry.cutter(), OverlapAdd(geometry)
    for _ in range(1000):
        for window in cutter.push(np.zeros((2, 37), np.float32)):
            joined.push(window, window.wave)
        assert cutter._held.known - cutter._held.first <= 4 * geometry.size
        assert len(joined._total) <= geometry.core


def test_gaps_and_broken_frames_are_refused():
    with pytest.raises(ArgumentError, match="gaps"):
        OverlappingWindows(core=4, hop=5)
    with pytest.raises(ArgumentError, match="whole frames"):
        OverlappingWindows(core=5, hop=4, align=2)
    geometry = OverlappingWindows(core=4, hop=2)
    window = geometry.cutter().push(np.zeros(4, np.float32))[0]
    with pytest.raises(ShapeError, match="3 frames, expected 4"):
        OverlapAdd(geometry).push(window, np.zeros(3))
