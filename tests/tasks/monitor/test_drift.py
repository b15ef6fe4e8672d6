import numpy as np

from tympan.tasks.monitor.detectors import Value
from tympan.tasks.monitor.drift import Drift
from tympan.tasks.monitor.normal import NormalSounds, mean_surprise, threshold_of
from tympan.tasks.monitor.surprise import Surprise

RNG = np.random.default_rng(0)
TRAINED = RNG.normal(size=4000)


def known() -> NormalSounds:
    surprises = {"autoencoder": Surprise.fit(TRAINED)}
    weights = {"autoencoder": 1.0}
    fused = Surprise.fit(mean_surprise(surprises, {"autoencoder": TRAINED}, weights))
    levels = np.zeros(1), np.ones(1)
    return NormalSounds({"autoencoder": Value()}, surprises, weights, fused, *levels)


def alarms(values: np.ndarray, *, adapt: bool) -> np.ndarray:
    normal, threshold = known(), threshold_of(0.01)
    if not adapt:
        return normal.scores({"autoencoder": values}) > threshold
    drift = Drift(normal, threshold)
    return np.array([drift.score({"autoencoder": np.array([v])}) > threshold for v in values])


def test_a_small_shift_is_followed() -> None:
    shifted = 1.2 + np.random.default_rng(1).normal(size=3000)
    without, followed = (alarms(shifted, adapt=one)[500:].mean() for one in (False, True))
    assert without > 0.08
    assert followed < 0.025


def test_a_fault_that_comes_slowly_is_still_found() -> None:
    """Over a day it creeps up, so slowly that no step differs from the one before."""
    ramp = np.linspace(0, 12, 20_000) + np.random.default_rng(2).normal(size=20_000)
    found = alarms(ramp, adapt=True)
    assert found[ramp > 8].all()
    assert found[-4000:].mean() > 0.99


def test_what_is_normal_stays_as_it_is() -> None:
    values = np.random.default_rng(3).normal(size=3000)
    assert abs(alarms(values, adapt=True).mean() - alarms(values, adapt=False).mean()) < 0.01
