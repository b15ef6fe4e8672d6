"""The temperature that makes scores mean what they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.tasks.calibration import (
    HIGHEST,
    LOWEST,
    at_temperature,
    calibrated_by_others,
    fit_temperature,
    minimize_temperature,
    shrink_temperature,
)


def answers(m: int, temperature: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Right labels, and scores that mean what they say at that temperature."""
    rng = np.random.default_rng(seed)
    fair = rng.dirichlet(np.ones(4), m)
    truth = np.array([rng.choice(4, p=row) for row in fair])
    return truth, at_temperature(fair, 1 / temperature)


def log_loss(truth: np.ndarray, probabilities: np.ndarray) -> float:
    return float(-np.log(probabilities[np.arange(len(truth)), truth]).mean())


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_is_found_again(temperature):
    assert fit_temperature(*answers(3000, temperature)) == pytest.approx(temperature, rel=0.08)


@given(st.integers(0, 1000), st.floats(0.3, 4.0))
def test_no_other_temperature_makes_the_answers_likelier(seed, other):
    truth, scores = answers(40, 1.7, seed)
    found = fit_temperature(truth, scores)
    best = log_loss(truth, at_temperature(scores, found))
    assert best <= log_loss(truth, at_temperature(scores, other)) + 1e-5


def test_it_stays_within_its_limits():
    sure, right = np.array([[0.99, 0.01]] * 9), np.zeros(9, int)
    assert fit_temperature(right, sure) == pytest.approx(LOWEST, rel=0.01)
    assert fit_temperature(1 - right, sure) == pytest.approx(HIGHEST, rel=0.01)
    assert minimize_temperature(lambda t: (t - 0.4) ** 2) == pytest.approx(0.4, abs=1e-3)


@given(st.integers(0, 1000), st.floats(0.2, 0.9) | st.floats(1.0, 5.0))
def test_a_temperature_changes_no_answer_and_can_be_undone(seed, temperature):
    scores = np.random.default_rng(seed).dirichlet(np.ones(3), 20)
    changed = at_temperature(scores, temperature)
    assert np.allclose(changed.sum(1), 1)
    assert (changed.argmax(1) == scores.argmax(1)).all()
    assert (changed.max(1) <= scores.max(1) + 1e-12).all() == (temperature >= 1)
    if temperature > 0.5:  # below, what is unlikely is clipped
        assert np.allclose(at_temperature(changed, 1 / temperature), scores, atol=1e-5)


def test_few_recordings_pull_it_less_far():
    assert shrink_temperature(4.0, 0) == 1.0
    assert shrink_temperature(4.0, 50) == 2.0
    found = [shrink_temperature(4.0, m) for m in (1, 10, 100, 10_000)]
    assert found == sorted(found)
    assert found[-1] == pytest.approx(4.0, abs=0.05)
    assert shrink_temperature(1.0, 7) == 1.0


def test_a_part_is_calibrated_by_the_others_only():
    parts = [answers(400, t, seed) for seed, t in enumerate((3.0, 3.0, 0.4))]
    truths, scores = [part[0] for part in parts], [part[1] for part in parts]
    # The last part asks for 0.4; what it gets is the 3 of the others.
    found = calibrated_by_others(truths, scores, 2)
    others = fit_temperature(np.concatenate(truths[:2]), np.concatenate(scores[:2]))
    assert others == pytest.approx(3.0, rel=0.15)
    assert np.allclose(found, at_temperature(scores[2], others))
    # Whatever its own labels are, nothing changes.
    wrong = [*truths[:2], (truths[2] + 1) % 4]
    assert np.array_equal(calibrated_by_others(wrong, scores, 2), found)
    shrunk = calibrated_by_others(truths, scores, 2, shrink=True)
    expected = shrink_temperature(others, 800)
    assert np.allclose(shrunk, at_temperature(scores[2], expected))
    assert not np.allclose(shrunk, found)
