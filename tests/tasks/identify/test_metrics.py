from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve

from tympan.errors import ArgumentError
from tympan.tasks.identify.metrics import cllr, eer, error_curve, min_dcf

scores = st.lists(st.integers(-20, 20).map(float), min_size=1, max_size=30)


def reference_eer(targets: np.ndarray, others: np.ndarray) -> float:
    """Where the straight lines between the points of scikit-learn's curve cross the diagonal."""
    truth = np.repeat([1, 0], [len(targets), len(others)])
    accept, right, _ = roc_curve(truth, np.concatenate([targets, others]), drop_intermediate=False)
    reject = 1 - right
    for k in range(1, len(accept)):
        if reject[k] <= accept[k]:
            a, b = reject[k - 1] - accept[k - 1], reject[k] - accept[k]
            share = a / (a - b) if a != b else 0.0
            return float(reject[k - 1] + share * (reject[k] - reject[k - 1]))
    return float(reject[-1])


@given(scores, scores)
def test_eer_is_where_scikit_learns_curve_crosses(targets: list[float], others: list[float]):
    assert eer(targets, others) == pytest.approx(
        reference_eer(np.array(targets), np.array(others)), abs=1e-9
    )


@given(scores, scores, st.sampled_from([0.01, 0.05, 0.5, 0.9]))
def test_min_dcf_tries_every_threshold(targets: list[float], others: list[float], p: float):
    t, o = np.array(targets), np.array(others)
    costs = [
        (p * (t < x).mean() + (1 - p) * (o >= x).mean()) / min(p, 1 - p)
        for x in (*np.unique(np.concatenate([t, o])), np.inf)
    ]
    assert min_dcf(t, o, p) == pytest.approx(min(costs))
    assert min_dcf(t, o, p) <= 1 + 1e-9


@given(scores, scores, st.floats(0.1, 5), st.floats(-3, 3))
def test_eer_does_not_depend_on_the_scale(
    targets: list[float], others: list[float], gain: float, shift: float
):
    moved = eer(gain * np.array(targets) + shift, gain * np.array(others) + shift)
    assert moved == pytest.approx(eer(targets, others), abs=1e-6)


def test_cllr_punishes_confident_mistakes_most():
    assert cllr([0.0], [0.0]) == pytest.approx(1.0)
    assert cllr([8.0], [-8.0]) < 0.01
    assert cllr([-8.0], [8.0]) > 10
    # By its definition, with logarithms to base 2.
    t, o = np.array([1.0, -0.5]), np.array([-2.0, 0.3, 0.0])
    expected = (np.log2(1 + np.exp(-t)).mean() + np.log2(1 + np.exp(o)).mean()) / 2
    assert cllr(t, o) == pytest.approx(expected)


@pytest.mark.parametrize(("targets", "others"), [([], [1.0]), ([1.0], []), ([np.nan], [0.0])])
def test_what_cannot_be_scored_is_refused(targets: list[float], others: list[float]):
    with pytest.raises(ArgumentError, match="trials"):
        error_curve(targets, others)
