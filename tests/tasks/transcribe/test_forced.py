"""When each symbol of a known text is said."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tympan.tasks.transcribe.forced import placed


def brute_force(scores: np.ndarray, symbols: list[int]) -> float:
    """The best of all paths that collapse to the symbols."""
    best = -np.inf
    for path in itertools.product(range(scores.shape[1]), repeat=len(scores)):
        said = [one for one, _ in itertools.groupby(path)]
        if [one for one in said if one] == symbols:
            best = max(best, float(scores[np.arange(len(scores)), list(path)].sum()))
    return best


@pytest.mark.parametrize("symbols", [[1], [1, 2], [1, 1], [2, 1, 2]])
@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_best_of_all_paths(symbols: list[int], seed: int) -> None:
    scores = np.log(np.random.default_rng(seed).dirichlet(np.ones(3), 6)).astype(np.float32)
    found = placed(scores, np.array(symbols))
    assert found is not None
    path = np.zeros(6, int)
    for first, last, one in zip(found.first, found.last, symbols, strict=True):
        path[first : last + 1] = one
    total = float(scores[np.arange(6), path].sum())
    assert total == pytest.approx(brute_force(scores, symbols), abs=1e-4)
    means = [
        scores[a : b + 1, one].mean()
        for a, b, one in zip(found.first, found.last, symbols, strict=True)
    ]
    np.testing.assert_allclose(found.score, means, rtol=1e-5)


def test_too_little_sound_for_so_many() -> None:
    scores = np.zeros((3, 4), np.float32)
    assert placed(scores, np.array([1, 1, 2])) is None  # between equal ones there is a blank
    assert placed(scores, np.array([1, 2, 1])) is not None
    assert placed(scores[:0], np.array([1])) is None
    assert placed(scores, np.array([], np.int64)) is None
