"""Smoothing: the likeliest path, streamed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.tasks.classify import timeline
from tympan.tasks.classify.timeline import Step, decide, extend
from tympan.tasks.results import Segment


def as_steps(rows: np.ndarray) -> list[Step]:
    return [Step(float(i), i + 1.0, row) for i, row in enumerate(rows)]


def labels(rows: np.ndarray, **options: float) -> list[int]:
    return [label for _, label in decide(as_steps(rows), **options)]


def worth(rows: np.ndarray, path: list[int], cost: float, overlap: float = 1.0) -> float:
    evidence = np.log(rows + 1e-6) / overlap
    changes = sum(a != b for a, b in zip(path, path[1:], strict=False))  # noqa: RUF007
    return float(sum(evidence[i, k] for i, k in enumerate(path)) - cost * changes)


@given(st.integers(0, 10_000), st.integers(1, 6), st.floats(0, 8), st.sampled_from([1.0, 2.5, 4]))
def test_no_other_path_is_worth_more(seed, length, cost, overlap):
    rows = np.random.default_rng(seed).dirichlet(np.full(3, 0.5), length)
    found = worth(rows, labels(rows, cost=cost, overlap=overlap), cost, overlap)
    every = np.indices((3,) * length).reshape(length, -1).T
    most = max(worth(rows, list(path), cost, overlap) for path in every)
    assert found == pytest.approx(most)


def test_steps_that_overlap_count_the_less():
    # Two of three steps speak for another label: enough if they are independent.
    rows = np.array([[0.98, 0.02]] * 4 + [[0.02, 0.98]] * 2 + [[0.98, 0.02]] * 4)
    assert 1 in labels(rows, overlap=1.0)
    assert 1 not in labels(rows, overlap=2.5)
    assert labels(rows, overlap=0.1) == labels(rows, overlap=1.0), "steps longer than a window"


def test_silent_steps_have_no_label_and_are_no_evidence():
    rows = np.array([[0.9, 0.1]] * 4 + [[0.01, 0.99]] * 9 + [[0.9, 0.1]] * 4)
    steps = [
        Step(float(i), i + 1.0, row, silent=4 <= i < 13) for i, row in enumerate(rows)
    ]  # fmt: skip
    assert [label for _, label in decide(steps)] == [0] * 4 + [None] * 9 + [0] * 4


def test_what_a_net_says_of_silence_does_not_sway_what_follows():
    rows = np.array([[0.9, 0.1]] * 4 + [[0.01, 0.99]] * 9 + [[0.5, 0.5]] * 3)
    steps = [Step(float(i), i + 1.0, row, silent=4 <= i < 13) for i, row in enumerate(rows)]
    assert [label for _, label in decide(steps)][-3:] == [0, 0, 0]


def test_a_gap_ends_a_segment():
    found: list[Segment] = []
    for start_s in (0.0, 1.0, 3.0):
        extend(found, Step(start_s, start_s + 1, np.zeros(2)), "dog", 0.5)
    assert [(s.start_s, s.end_s) for s in found] == [(0, 2), (3, 4)]


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
