from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.spectra import _pitchpath
from tympan.spectra._pitchpath import Moves, best_path


def worth(path: tuple[int, ...], score: np.ndarray, none: np.ndarray, moves: Moves) -> float:
    """The sum that `best_path` makes as high as possible, term by term."""
    total = 0.0
    for i, state in enumerate(path):
        total += none[i] if state < 0 else score[i, state]
        if i == 0 or (state < 0 and path[i - 1] < 0):
            continue
        if state < 0 or path[i - 1] < 0:
            total -= moves.start_or_stop
        else:
            total -= min(moves.most, moves.per_step * abs(state - path[i - 1]))
    return total


@given(
    seed=st.integers(0, 10**6),
    count=st.integers(1, 5),
    pitches=st.integers(1, 4),
    prices=st.tuples(*[st.floats(0, 2)] * 3),
)
def test_no_path_is_better(
    seed: int, count: int, pitches: int, prices: tuple[float, float, float]
) -> None:
    rng, moves = np.random.default_rng(seed), Moves(*prices)
    score, none = rng.normal(size=(count, pitches)), rng.normal(size=count)
    found = best_path(score, none, moves)
    every = itertools.product(range(-1, pitches), repeat=count)
    best = max(worth(path, score, none, moves) for path in every)
    assert worth(tuple(found), score, none, moves) == pytest.approx(best)


def test_blocks_give_the_path_of_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, moves = np.random.default_rng(0), Moves(0.3, 2.0, 0.5)
    score = rng.normal(size=(1000, 30)) + 3 * (rng.random((1000, 1)) < 0.5) * np.eye(30)[7]
    none = np.full(1000, 1.5)
    whole = best_path(score, none, moves)
    monkeypatch.setattr(_pitchpath, "_BLOCK", 64)
    monkeypatch.setattr(_pitchpath, "_AHEAD", 40)
    np.testing.assert_array_equal(best_path(score, none, moves), whole)
