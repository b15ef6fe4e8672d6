"""From probabilities to segments: each rule, and blocks as the whole."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.errors import ArgumentError
from tympan.tasks.results import Segment
from tympan.tasks.segment.decode import SegmentDecoder, SegmentRules, segments_of

FRAME_S = 0.1
FRAMES = st.lists(st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.6, 0.9, 1.0]), max_size=60)
RULES = st.builds(
    SegmentRules,
    onset=st.sampled_from([0.3, 0.5, 0.6]),
    offset=st.sampled_from([0.1, 0.3]),
    shortest_s=st.sampled_from([0.0, 0.1, 0.25]),
    gap_s=st.sampled_from([0.0, 0.1, 0.25, 0.5]),
    pad_s=st.sampled_from([0.0, 0.05, 0.1, 0.3]),
    longest_s=st.sampled_from([0.0, 1.0, 1.3]),
)


def times(values: list[float], rules: SegmentRules) -> list[tuple[float, float]]:
    found = segments_of(np.array([values], np.float32), [rules], FRAME_S, ["a"])
    return [(round(s.start_s, 6), round(s.end_s, 6)) for s in found]


def plainly(values: np.ndarray, rules: SegmentRules) -> list[tuple[float, float]]:
    """The rules as the module states them, one after another on the whole, but for longest_s."""
    gap = math.ceil(rules.gap_s / FRAME_S - 1e-6)
    shortest = math.ceil(rules.shortest_s / FRAME_S - 1e-6)
    runs: list[list[int]] = []
    start = None
    for i, value in enumerate([*values.tolist(), -1.0]):
        if start is None and value >= rules.onset:
            start = i
        elif start is not None and value < rules.offset:
            runs.append([start, i])
            start = None
    joined: list[list[int]] = []
    for run in runs:
        if joined and run[0] - joined[-1][1] < gap:
            joined[-1][1] = run[1]
        else:
            joined.append(run)
    found: list[list[float]] = []
    for first, last in joined:
        if last - first < shortest:
            continue
        start_s, end_s = max(0, first * FRAME_S - rules.pad_s), last * FRAME_S + rules.pad_s
        if found and rules.pad_s and start_s <= found[-1][1] + 1e-9:
            found[-1][1] = end_s
        else:
            found.append([start_s, end_s])
    end = len(values) * FRAME_S
    return [(a, min(b, end)) for a, b in found if min(b, end) > a]


@settings(max_examples=400, deadline=None)
@given(FRAMES, RULES, st.lists(st.integers(1, 20), max_size=12))
def test_blocks_give_the_segments_of_the_whole(
    values: list[float], rules: SegmentRules, sizes: list[int]
) -> None:
    p = np.array(values, np.float32)
    whole = segments_of(p[None], [rules], FRAME_S, ["a"])
    decoder = SegmentDecoder(rules, FRAME_S, "a")
    found: list[Segment] = []
    at = 0
    for size in [*sizes, len(p)]:
        found += decoder.push(p[at : at + size])
        at += size
    found += decoder.finish()
    end_s = len(p) * FRAME_S
    inside = [(s.start_s, min(s.end_s, end_s), s.score) for s in found if s.start_s < end_s]
    assert inside == [(s.start_s, s.end_s, s.score) for s in whole]


@settings(max_examples=400, deadline=None)
@given(FRAMES, RULES)
def test_the_rules_are_those_that_are_stated(values: list[float], rules: SegmentRules) -> None:
    p = np.array(values, np.float32)
    found = segments_of(p[None], [rules], FRAME_S, ["a"])
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(found))
    if rules.longest_s:
        assert all(s.end_s - s.start_s <= rules.longest_s + 1e-6 for s in found)
    else:
        assert [(s.start_s, s.end_s) for s in found] == plainly(p, rules)
    if len(found) == 1 and not rules.longest_s:
        assert rules.offset - 1e-6 <= found[0].score <= 1


def test_each_rule_does_what_its_name_says() -> None:
    values = [0, 0.9, 0.4, 0.9, 0, 0, 0.9, 0, 0, 0, 0]
    assert times(values, SegmentRules(0.5, 0.5)) == [(0.1, 0.2), (0.3, 0.4), (0.6, 0.7)]
    assert times(values, SegmentRules(0.5, 0.3)) == [(0.1, 0.4), (0.6, 0.7)]
    assert times(values, SegmentRules(0.5, 0.3, gap_s=0.3)) == [(0.1, 0.7)]
    # A pause that is as long as gap_s is a pause.
    assert times(values, SegmentRules(0.5, 0.3, gap_s=0.2)) == [(0.1, 0.4), (0.6, 0.7)]
    assert times(values, SegmentRules(0.5, 0.3, shortest_s=0.2)) == [(0.1, 0.4)]
    assert times(values, SegmentRules(0.5, 0.3, pad_s=0.05)) == [(0.05, 0.45), (0.55, 0.75)]
    assert times(values, SegmentRules(0.5, 0.3, pad_s=0.1)) == [(0.0, 0.8)]


def test_a_long_segment_is_cut_at_its_quietest_place() -> None:
    values = [0.9] * 12 + [0.6] + [0.9] * 12
    assert times(values, SegmentRules(longest_s=1.6)) == [(0.0, 1.2), (1.2, 2.5)]


def test_a_short_segment_is_dropped_before_padding_makes_it_long() -> None:
    assert times([0, 0.9, 0, 0, 0], SegmentRules(shortest_s=0.2, pad_s=0.3)) == []


def test_the_score_is_the_mean_over_the_frames_of_the_label() -> None:
    p = np.array([[0.8, 0.6, 0.0, 0.0, 0.7]], np.float32)
    found = segments_of(p, [SegmentRules(gap_s=1.0)], FRAME_S, ["a"])
    assert found[0].score == pytest.approx(0.7)


def test_memory_is_bounded_on_an_endless_segment() -> None:
    decoder = SegmentDecoder(SegmentRules(longest_s=5.0), FRAME_S)
    given_out = 0
    for _ in range(1000):
        given_out += len(decoder.push(np.full(50, 0.9, np.float32)))
        assert len(decoder._recent) <= 101
    assert given_out >= 990


@pytest.mark.parametrize(
    "values",
    [{"onset": 0.4, "offset": 0.5}, {"onset": 1.5}, {"gap_s": -1.0}, {"pad_s": float("nan")},
     {"longest_s": 0.2, "pad_s": 0.2}],
)  # fmt: skip
def test_rules_that_contradict_themselves_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ArgumentError):
        SegmentRules(**values)
