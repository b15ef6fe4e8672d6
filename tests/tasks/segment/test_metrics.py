"""Scores of frames and events, against `sed_eval`, `psds_eval` and plain definitions."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.tasks.segment.metrics import (
    PsdsSetting,
    ScoreHistogram,
    event_counts,
    f1_of,
    psds,
    segment_counts,
)

HERE = Path(__file__).parent
GOLDEN = json.loads((HERE / "golden_metrics.json").read_text(encoding="utf-8"))
_spec = importlib.util.spec_from_file_location("golden_metrics", HERE / "golden_metrics.py")
assert _spec is not None
assert _spec.loader is not None
drawn: Any = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(drawn)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"seed{case['seed']}")
def test_events_and_segments_count_as_sed_eval_counts(case: dict[str, Any]) -> None:
    truth, found = drawn.drawn(case["seed"])
    kept = [[one[:3] for one in mine if one[3] >= 0.5] for mine in found]
    events = sum(event_counts(t, m, drawn.LABELS) for t, m in zip(truth, kept, strict=True))
    seconds = sum(segment_counts(t, m, drawn.LABELS) for t, m in zip(truth, kept, strict=True))
    assert f1_of(events.sum(0)) == pytest.approx(case["event_f1"], abs=1e-9)
    assert f1_of(seconds.sum(0)) == pytest.approx(case["segment_f1"], abs=1e-9)
    for label, value in zip(drawn.LABELS, f1_of(events), strict=True):
        assert value == pytest.approx(case["event_f1_of"][label], abs=1e-9)


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: f"seed{case['seed']}")
def test_psds_is_that_of_psds_eval(case: dict[str, Any]) -> None:
    truth, found = drawn.drawn(case["seed"])
    points = [
        [[one[:3] for one in mine if one[3] >= threshold] for mine in found]
        for threshold in drawn.THRESHOLDS
    ]
    total_s = drawn.FILES * drawn.DURATION_S
    value = psds(truth, points, drawn.LABELS, total_s)
    assert value == pytest.approx(case["psds"], abs=1e-6)
    mean = psds(
        truth, points, drawn.LABELS, total_s, PsdsSetting(instability=0.0, most_alarms=50.0)
    )
    assert mean == pytest.approx(case["psds_mean"], abs=1e-6)


def test_one_found_event_never_matches_two() -> None:
    true = [(0.0, 1.0, "a"), (0.1, 1.1, "a")]
    assert event_counts(true, [(0.05, 1.05, "a")], ["a"]).tolist() == [[1, 2, 1]]


def test_as_many_events_as_possible_are_matched() -> None:
    # Taking the first that fits would leave the second true event without a partner.
    true = [(1.0, 2.0, "a"), (1.15, 2.15, "a")]
    mine = [(1.2, 2.2, "a"), (0.9, 1.9, "a")]
    assert event_counts(true, mine, ["a"]).tolist() == [[2, 2, 2]]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=80))
def test_auc_and_average_precision_are_those_of_all_pairs(rows: list[tuple[float, bool]]) -> None:
    scores = np.round([score for score, _ in rows], 2) * 0.999
    truth = np.array([there for _, there in rows])
    if truth.all() or not truth.any():
        return
    histogram = ScoreHistogram(1)
    for i in range(len(rows)):  # frame by frame is all at once
        histogram.add(scores[None, i : i + 1], truth[None, i : i + 1])
    ap, auc = (float(one[0]) for one in histogram.per_label())
    pairs = scores[truth][:, None] - scores[~truth][None]
    assert auc == pytest.approx(((pairs > 0) + 0.5 * (pairs == 0)).mean(), abs=1e-9)
    expected = 0.0
    for value in np.unique(scores[truth]):
        chosen = scores >= value
        expected += truth[chosen].mean() * (truth & (scores == value)).sum() / truth.sum()
    assert ap == pytest.approx(expected, abs=1e-9)
