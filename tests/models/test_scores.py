"""Measured figures: shown with their unit, kept as plain values."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.models import Score


@pytest.mark.parametrize(
    ("score", "text"),
    [
        (Score("accuracy", 0.875), "accuracy 87.5 %"),
        (Score("ece", 0.0312, (0.02, 0.05)), "calibration error 3.1 % (95 % interval 2.0 – 5.0 %)"),
        (Score("si_sdr", -3.5, unit="dB"), "SI-SDR -3.5 dB"),
        (Score("nats_per_step", 12.346, unit="nats"), "nats per step 12.3 nats"),
        (Score("latency", 0.0412, unit="s"), "latency 0.0412 s"),
        (Score("auc", 0.5), "AUC 50.0 %"),
        (Score("ratio", 2.0, unit=""), "ratio 2"),
    ],
)
def test_a_score_prints_with_its_unit(score: Score, text: str) -> None:
    assert str(score) == text


def test_the_spread_over_folds() -> None:
    assert Score("accuracy", 0.5).fold_std is None
    assert Score("accuracy", 0.5, folds=(0.5,)).fold_std is None
    assert Score("accuracy", 0.5, folds=(0.4, 0.6)).fold_std == pytest.approx(math.sqrt(0.02))
    assert Score("accuracy", 0.5).interval_text == ""


@given(
    st.floats(-1e6, 1e6),
    st.none() | st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)),
    st.sampled_from(["share", "dB", ""]),
    st.booleans(),
    st.lists(st.floats(-1e6, 1e6), max_size=4),
)
def test_plain_values_give_the_same_score(value, interval, unit, higher, folds) -> None:
    score = Score("si_sdr", value, interval, unit, higher, tuple(folds))
    assert Score.from_json(json.loads(json.dumps(score.to_json()))) == score


def test_a_score_that_is_no_number_is_kept_as_none() -> None:
    values = json.loads(json.dumps(Score("eer", math.nan).to_json(), allow_nan=False))
    assert values["value"] is None
    assert math.isnan(Score.from_json(values).value)
    assert Score.from_json({"name": "eer", "value": 0.1}).higher_is_better
