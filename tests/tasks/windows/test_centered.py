"""Windows around the middles of steps: the same whatever the blocks, in bounded memory."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.errors import ArgumentError
from tympan.tasks.windows import CenteredWindows, Window, cut

RATE_HZ, SHORTEST_S = 100, 0.1
lengths = st.integers(1, 3000)
every = st.floats(0.003, 15.0)
wholes = st.sampled_from([0.0, 3.0])
cuts = st.lists(st.integers(1, 700), min_size=1, max_size=8)


def blocks_of(wave: np.ndarray, sizes: list[int]) -> Iterator[np.ndarray]:
    at, number = 0, 0
    while at < wave.shape[-1]:
        size = sizes[number % len(sizes)]
        yield wave[..., at : at + size]
        at, number = at + size, number + 1


def geometry(window_s: float, every_s: float, whole_s: float) -> CenteredWindows:
    return CenteredWindows(RATE_HZ, window_s, every_s, whole_s, SHORTEST_S)


def reference(
    chunks: Iterable[np.ndarray], window_s: float, every_s: float, whole_s: float
) -> Iterator[tuple[float, float, np.ndarray]]:
    """The function that cut windows before this module was written, as it was."""
    rate_hz = RATE_HZ
    size, every = max(1, round(window_s * rate_hz)), max(1.0, every_s * rate_hz)
    held, first, step = np.zeros(0, np.float32), 0, 0  # `first`: place of held[0] in the file
    whole_limit = round(whole_s * rate_hz)

    def place(i: int) -> int:
        return round(i * every)

    def cut(middle: int, end: int) -> np.ndarray:
        start = max(0, min(middle - size // 2, end - size))
        return held[start - first : start - first + size]

    def at_least(wave: np.ndarray, rate_hz: int) -> np.ndarray:
        return np.pad(wave, (0, max(0, round(SHORTEST_S * rate_hz) - len(wave))))

    for chunk in chunks:
        held = np.concatenate([held, chunk])
        known = first + len(held)
        while (
            known > whole_limit
            and (middle := (place(step) + place(step + 1)) // 2) + size < known
            and place(step + 1) <= known
        ):
            yield place(step) / rate_hz, place(step + 1) / rate_hz, cut(middle, known)
            step += 1
            useless = min(len(held) - size, place(step) - size // 2 - first)
            if useless > size:
                held, first = held[useless:], first + useless
    end = first + len(held)
    if step == 0 and end <= whole_limit:
        yield 0.0, end / rate_hz, at_least(held, rate_hz)
        return
    while place(step) < end:
        stop = min(end, place(step + 1))
        middle = (place(step) + stop) // 2
        yield place(step) / rate_hz, stop / rate_hz, at_least(cut(middle, end), rate_hz)
        step += 1


@given(lengths, st.floats(SHORTEST_S, 9.0), every, wholes, cuts, cuts)
def test_windows_are_those_of_before_to_the_bit(length, window_s, every_s, whole_s, sizes, others):
    wave = np.random.default_rng(length).standard_normal(length).astype(np.float32)
    expected = list(reference(blocks_of(wave, others), window_s, every_s, whole_s))
    cutter = geometry(window_s, every_s, whole_s).cutter()
    found = list(cut(cutter, blocks_of(wave, sizes)))
    assert [(w.start / RATE_HZ, w.end / RATE_HZ) for w in found] == [e[:2] for e in expected]
    for window, (*_, old) in zip(found, expected, strict=True):
        assert np.array_equal(window.wave, old)
        known = wave[window.offset : window.offset + len(window.wave)]
        assert np.array_equal(window.wave[: len(known)], known)
        assert not window.wave[len(known) :].any()
        first, last = max(window.start, window.offset), window.offset + len(known)
        assert np.array_equal(window.own, wave[first : min(window.end, last)])


@given(lengths, every, wholes)
def test_steps_cover_the_recording_without_gap_and_windows_lie_around_them(length, every_s, whole):
    wave = np.arange(1, length + 1, dtype=np.float32)
    found = list(cut(geometry(2.0, every_s, whole).cutter(), [wave]))
    assert found[0].start == 0
    assert found[-1].end == length
    assert all(a.end == b.start for a, b in itertools.pairwise(found))
    for window in found:
        middle = (window.start + window.end) // 2
        assert 0 <= window.offset <= middle <= window.offset + len(window.wave)


@given(cuts, st.floats(0.1, 3.0))
def test_a_window_comes_as_soon_as_the_recording_reaches_its_end(sizes, every_s):
    shape = geometry(2.0, every_s, 3.0)
    cutter, known, given_out = shape.cutter(), 0, 0
    for block in blocks_of(np.zeros(4000, np.float32), sizes):
        known += len(block)
        found = cutter.push(block)
        if found:
            given_out = found[-1].end
        late = shape.latency + round(every_s * RATE_HZ) + 1
        assert known - given_out <= late


def test_only_a_few_windows_are_held():
    cutter = CenteredWindows(1000, 2.0, 0.8, 3.0).cutter()
    for _ in range(500):
        for window in cutter.push(np.zeros((2, 700), np.float32)):
            assert isinstance(window, Window)
            assert window.wave.shape == (2, 2000)
        held = cutter._held.known - cutter._held.first
        assert held <= 3 * 2000 + 700


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf")])
def test_a_length_that_is_none_is_refused(wrong):
    with pytest.raises(ArgumentError, match="window_s"):
        CenteredWindows(RATE_HZ, wrong, 1.0)
    with pytest.raises(ArgumentError, match="step_s"):
        CenteredWindows(RATE_HZ, 1.0, wrong)
