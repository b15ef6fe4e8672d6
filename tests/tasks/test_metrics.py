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


def test_one_item_has_no_interval():
    """Drawn again and again it is itself: without width, an interval would look certain."""
    from tests_compose import TUNES
    from tympan.tasks.classify.evaluation import evaluation_of as classified
    from tympan.tasks.compose.evaluation import evaluated
    from tympan.tasks.separate.evaluation import interval_of
    from tympan.tasks.speak.evaluation import interval_of as spoken_interval
    from tympan.tasks.tag.metrics import intervals
    from tympan.tasks.transcribe.evaluation import score

    assert evaluated(np.array([[347.0, 100.0]]), TUNES).scores[0].interval is None
    assert evaluated(np.array([[347.0, 100.0], [200.0, 99.0]]), TUNES).scores[0].interval
    assert score("word_error_rate", [(1, 9)]).interval is None
    assert interval_of(np.array([7.2])) is None
    assert spoken_interval(np.array([7.2])) is None
    truth, scores = np.array([[1, 0]]), np.array([[0.9, 0.2]])
    assert intervals(truth, scores, truth) == {}
    one = classified(("a", "b"), ["x.wav"], [np.array([0])], [scores])
    assert {s.name for s in one.scores if s.interval is None} == {"ece"}
    low, high = one.scores[0].interval or (0, 0)
    assert high - low > 0.5


def test_an_area_needs_two_recordings_of_each_side_for_its_interval():
    from tympan.tasks.monitor.evaluation import MonitorEvaluation, scores_of

    def area(*normal: float):
        truth = np.array([False] * len(normal) + [True, True])
        names = ("m",) * len(truth)
        found = MonitorEvaluation(
            (), len(truth), truth=truth, values=np.array([*normal, 2.0, 3.0]), machines=names,
            kinds=names, threshold=1.5,
        )  # fmt: skip
        return scores_of(found, [], [np.array([one]) for one in normal])[0]

    assert area(1.0).interval is None
    assert area(1.0, 2.5).interval is not None
