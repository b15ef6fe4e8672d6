import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.tasks.monitor.metrics import auc, harmonic_mean, partial_auc

scores = st.lists(st.integers(0, 12).map(float), min_size=1, max_size=40)


@given(normal=scores, wrong=scores)
def test_auc_and_pauc_are_those_of_scikit_learn(normal: list[float], wrong: list[float]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    truth = [0] * len(normal) + [1] * len(wrong)
    values = normal + wrong
    ours = auc(np.array(normal), np.array(wrong))
    assert ours == pytest.approx(metrics.roc_auc_score(truth, values))
    for p in (0.1, 0.35):
        ours = partial_auc(np.array(normal), np.array(wrong), p)
        assert ours == pytest.approx(metrics.roc_auc_score(truth, values, max_fpr=p))


def test_the_harmonic_mean_is_that_of_scipy() -> None:
    from scipy.stats import hmean

    assert harmonic_mean([0.6, 0.9, 0.75]) == pytest.approx(hmean([0.6, 0.9, 0.75]))
    assert harmonic_mean([0.0, 1.0]) == 0.0
    assert np.isnan(harmonic_mean([]))


def test_one_side_alone_has_no_area() -> None:
    assert np.isnan(auc(np.array([1.0]), np.zeros(0)))
