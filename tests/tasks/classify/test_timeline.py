"""Smoothing: the likeliest path, streamed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.tasks.classify import timeline
from tympan.tasks.classify.timeline import Step, decide


def as_steps(rows: np.ndarray) -> list[Step]:
    return [Step(float(i), i + 1.0, row) for i, row in enumerate(rows)]


def labels(rows: np.ndarray, **options: float) -> list[int]:
    return [label for _, label in decide(as_steps(rows), **options)]


def worth(rows: np.ndarray, path: list[int], cost: float) -> float:
    evidence = np.log(rows + 1e-6)
    changes = sum(a != b for a, b in zip(path, path[1:], strict=False))  # noqa: RUF007
    return float(sum(evidence[i, k] for i, k in enumerate(path)) - cost * changes)


@given(st.integers(0, 10_000), st.integers(1, 6), st.floats(0, 8))
def test_no_other_path_is_worth_more(seed, length, cost):
    rows = np.random.default_rng(seed).dirichlet(np.full(3, 0.5), length)
    found = worth(rows, labels(rows, cost=cost), cost)
    every = np.indices((3,) * length).reshape(length, -1).T
    assert found == pytest.approx(max(worth(rows, list(path), cost) for path in every))


def test_without_a_cost_each_step_has_its_own_label():
    rows = np.random.default_rng(0).dirichlet(np.ones(5), 300)
    assert labels(rows, cost=0.0) == rows.argmax(1).tolist()


@given(st.integers(0, 1000))
def test_steps_are_given_out_early_with_the_same_labels(seed):
    rng = np.random.default_rng(seed)
    truth = np.repeat(rng.integers(0, 4, 40), 25)
    rows = (np.eye(4)[truth] * 0.5 + rng.dirichlet(np.ones(4), 1000)) / 1.5
    whole = labels(rows)
    asked = 0

    def counted():
        nonlocal asked
        for step in as_steps(rows):
            asked += 1
            yield step

    early = []
    for i, (_, label) in enumerate(decide(counted())):
        early.append(label)
        assert asked - i <= timeline.MOST_HELD
    assert early == whole
    assert len(early) == 1000


def test_undecided_steps_are_not_held_for_ever(monkeypatch):
    monkeypatch.setattr(timeline, "MOST_HELD", 128)
    asked = 0

    def equal():
        nonlocal asked
        for i in range(1000):
            asked += 1
            yield Step(float(i), i + 1.0, np.array([0.5, 0.5]))

    waiting = [asked - i for i, _ in enumerate(decide(equal()))]
    assert max(waiting) <= 128
    assert len(waiting) == 1000
