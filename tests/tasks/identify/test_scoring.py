from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tympan.errors import ArgumentError
from tympan.tasks.identify.metrics import cllr
from tympan.tasks.identify.scoring import Scorer, calibrated, probability, quality


def unit(rng: np.random.Generator, m: int, d: int = 8) -> np.ndarray:
    x = rng.standard_normal((m, d))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_normalisation_is_adaptive_s_norm_by_its_definition():
    rng = np.random.default_rng(0)
    a, b, cohort = unit(rng, 3), unit(rng, 4), unit(rng, 30)
    found = Scorer(cohort, (1.0, 0.0, 0.0), 0.0, top=10).similarities(a, b)
    for i in range(3):
        for j in range(4):
            near_a = sorted((float(a[i] @ c) for c in cohort), reverse=True)[:10]
            near_b = sorted((float(b[j] @ c) for c in cohort), reverse=True)[:10]
            z = [(float(a[i] @ b[j]) - np.mean(x)) / np.std(x) for x in (near_a, near_b)]
            assert found[i, j] == pytest.approx(np.mean(z))


def test_a_voice_near_to_everybody_needs_more():
    cohort = np.tile([[1.0, 0.0]], (10, 1)) + np.random.default_rng(0).normal(0, 0.05, (10, 2))
    cohort /= np.linalg.norm(cohort, axis=1, keepdims=True)
    common, rare = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    scorer = Scorer(cohort, (1.0, 0.0, 0.0), 0.0)
    turn = np.array([[0.9, -np.sqrt(1 - 0.81)], [np.sqrt(1 - 0.81), 0.9]])
    of_common = scorer.similarities(common, turn @ common)[0, 0]
    of_rare = scorer.similarities(rare, turn @ rare)[0, 0]
    assert of_rare > of_common + 5


def test_without_a_cohort_it_is_the_cosine():
    rng = np.random.default_rng(1)
    a, b = unit(rng, 2), unit(rng, 2)
    assert np.allclose(Scorer(np.zeros((0, 8)), (1.0, 0.0, 0.0), 0.0).similarities(a, b), a @ b.T)


def trials(rng: np.random.Generator, m: int = 4000):
    same = rng.random(m) < 0.3
    speech = rng.choice([0.5, 1.0, 2.0, 8.0], m)
    spread = 1.0 + 2.0 / speech
    return rng.normal(np.where(same, 4.0, 0.0), spread), same, speech


def test_calibration_is_logistic_regression_with_both_kinds_weighing_the_same():
    similarity, same, speech = trials(np.random.default_rng(2))
    (a, b, c), half_s = calibrated(similarity, same, speech, speech)
    q = quality(speech, speech, half_s)
    columns = np.stack([q * similarity, q], 1) if half_s else similarity[:, None]
    peer = LogisticRegression(C=1e6, class_weight="balanced", max_iter=1000).fit(columns, same)
    own = np.array([a, b, c]) if half_s else np.array([a, 0.0, b + c])
    expected = np.array([*peer.coef_[0], *([0.0] * (2 - columns.shape[1])), peer.intercept_[0]])
    logits = a * q * similarity + b * q + c
    assert np.abs(logits - peer.decision_function(columns)).max() < 0.1, (own, expected)


def test_short_recordings_give_less_and_that_is_worth_something():
    rng = np.random.default_rng(3)
    similarity, same, speech = trials(rng)
    calibration, half_s = calibrated(similarity, same, speech, speech)
    assert half_s > 0
    scorer = Scorer(np.zeros((0, 2)), calibration, half_s)
    assert abs(scorer.log_odds(4.0, 0.5, 9.0)) < abs(scorer.log_odds(4.0, 8.0, 9.0))
    new_similarity, new_same, new_speech = trials(rng)
    odds = scorer.log_odds(new_similarity, new_speech, new_speech)
    flat = Scorer(np.zeros((0, 2)), *_flat(similarity, same)).log_odds(new_similarity, 1, 1)
    assert cllr(odds[new_same], odds[~new_same]) < cllr(flat[new_same], flat[~new_same])


def _flat(similarity: np.ndarray, same: np.ndarray):
    return calibrated(similarity, same, np.full(len(same), 1e9), np.full(len(same), 1e9))


def test_probabilities_mean_what_they_say():
    rng = np.random.default_rng(4)
    similarity, same, speech = trials(rng)
    calibration, half_s = calibrated(similarity, same, speech, speech)
    similarity, same, speech = trials(rng, 20000)
    odds = Scorer(np.zeros((0, 2)), calibration, half_s).log_odds(similarity, speech, speech)
    share = probability(odds + np.log(0.3 / 0.7))
    for low in (0.1, 0.5, 0.8):
        inside = (share >= low) & (share < low + 0.1)
        assert same[inside].mean() == pytest.approx(share[inside].mean(), abs=0.06)


def test_one_kind_of_trials_is_refused():
    with pytest.raises(ArgumentError, match="both pairs"):
        calibrated([1.0, 2.0], [True, True], [1.0, 1.0], [1.0, 1.0])
