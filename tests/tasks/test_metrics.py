"""Scores against scikit-learn, and properties of the calibration error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from tympan.errors import ArgumentError
from tympan.tasks.metrics import classification_metrics, reliability


@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 60))
def test_scores_equal_scikit_learn(seed, k, m):
    rng = np.random.default_rng(seed)
    truth, scores = rng.integers(0, k, m), rng.dirichlet(np.ones(k), m)
    labels = [f"label {i}" for i in range(k)]
    ours = classification_metrics(truth, scores, labels, rounds=0)
    guess = scores.argmax(1)
    assert ours["accuracy"] == pytest.approx(reference.accuracy_score(truth, guess), abs=1e-4)
    expected = reference.f1_score(truth, guess, average="macro", zero_division=0)
    assert ours["macro_f1"] == pytest.approx(expected, abs=1e-4)
    table = reference.precision_recall_fscore_support(
        truth, guess, labels=range(k), zero_division=0
    )
    for i, label in enumerate(labels):
        row = [ours["per_class"][label][n] for n in ("precision", "recall", "f1", "support")]
        assert row == pytest.approx([column[i] for column in table], abs=1e-4)


@given(st.integers(0, 1000))
def test_calibration_error_is_the_gap_of_a_constant_confidence(seed):
    rng = np.random.default_rng(seed)
    correct, confidence = rng.random(200) < 0.6, rng.uniform(0.05, 0.99)
    error, rows = reliability(np.full(200, confidence), correct.astype(float))
    assert error == pytest.approx(abs(correct.mean() - confidence))
    assert sum(row["count"] for row in rows) == 200


def test_intervals_hold_the_figure_and_shrink_with_more_examples():
    rng = np.random.default_rng(0)

    def width(m: int) -> float:
        truth = rng.integers(0, 3, m)
        scores = rng.dirichlet(np.ones(3), m) + np.eye(3)[truth] * 0.4
        result = classification_metrics(truth, scores / scores.sum(1, keepdims=True), list("abc"))
        low, high = result["intervals"]["accuracy"]
        assert low <= result["accuracy"] <= high
        return high - low

    assert width(1000) < width(60)


def test_nothing_to_score_is_an_error():
    with pytest.raises(ArgumentError, match="0 examples"):
        classification_metrics(np.zeros(0, int), np.zeros((0, 2)), ["a", "b"])
