import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.tasks.monitor.surprise import Surprise, alarm_interval, combined, independent


@given(seed=st.integers(0, 50), count=st.integers(8, 400))
def test_a_higher_score_is_never_less_surprising(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    surprise = Surprise.fit(rng.gamma(2.0, size=count))
    values = surprise(np.linspace(-1, 60, 300))
    assert (np.diff(values) >= -1e-9).all()
    assert np.isfinite(values).all()
    again = Surprise.from_array(surprise.to_array())
    assert again(np.array([1.0, 9.0])) == pytest.approx(surprise(np.array([1.0, 9.0])))


@pytest.mark.parametrize("share", [0.3, 0.1, 0.03, 0.01])
def test_so_many_normal_windows_are_so_surprising(share: float) -> None:
    rng = np.random.default_rng(1)
    surprise = Surprise.fit(rng.gamma(3.0, size=4000))
    found = (surprise(rng.gamma(3.0, size=40_000)) > -np.log10(share)).mean()
    assert found == pytest.approx(share, rel=0.25)
    assert surprise(np.array([surprise.score_at(share)]))[0] == pytest.approx(-np.log10(share))


def test_equal_scores_can_be_fitted() -> None:
    surprise = Surprise.fit(np.ones(20))
    low, high = surprise(np.array([0.5, 2.0]))
    assert low == 0
    assert high > 5


def test_one_strange_second_counts_in_a_long_recording() -> None:
    quiet = np.zeros(600)
    assert combined(np.append(quiet, 9.0)) > 5
    assert combined(quiet) == pytest.approx(0)
    assert combined(np.zeros(0)) == 0


def test_alike_windows_of_a_recording_count_for_less() -> None:
    rng, owners = np.random.default_rng(0), np.repeat(np.arange(40), 25)
    alone = rng.random(1000) < 0.1
    together = np.repeat(rng.random(40) < 0.1, 25)
    assert independent(owners, alone) > 700
    assert independent(owners, together) < 80


def test_the_interval_is_that_of_scipy() -> None:
    from scipy.stats import binomtest

    expected = binomtest(3, 300).proportion_ci(0.95, "exact")
    assert alarm_interval(0.01, 300) == pytest.approx((expected.low, expected.high))
    assert alarm_interval(0.01, 0) == (0.0, 1.0)
    low, high = alarm_interval(0.01, 20)
    assert low < 0.01 < 0.1 < high
