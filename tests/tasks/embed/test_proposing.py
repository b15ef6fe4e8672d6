"""Proposals: what nobody has said is not taken for said, and the least sure comes first."""

from __future__ import annotations

import numpy as np

from tympan.tasks.embed.proposing import UNKNOWN, joined, known_windows, proposal, window_scores


def test_one_label_stands_against_what_is_not_labelled() -> None:
    rng = np.random.default_rng(0)
    frogs, rest = rng.normal(1, 0.2, (10, 8)), rng.normal(-1, 0.2, (60, 8))
    vectors = np.concatenate([frogs, rest])
    known = np.full((70, 1), UNKNOWN)
    known[:3] = 1
    scores = window_scores(vectors, known)[:, 0]
    assert scores[3:10].min() > scores[10:].max()


def test_a_window_between_two_labels_is_the_least_sure() -> None:
    vectors = np.array([[1.0, 0], [0, 1], [0.5, 0.5], [0.9, 0.1]])
    known = np.array([[1, 0], [0, 1], [UNKNOWN, UNKNOWN], [UNKNOWN, UNKNOWN]])
    scores, span = window_scores(vectors, known), np.array([[0.0, 1.0]])
    between, near = (proposal(scores[i : i + 1], span, timed=False) for i in (2, 3))
    assert near.label == 0
    assert between.uncertainty > near.uncertainty


def test_a_short_event_marks_the_window_that_holds_it() -> None:
    spans = np.array([[0.0, 1], [1, 2], [2, 3]])
    assert known_windows([(1.2, 1.4, 0)], spans, 1).ravel().tolist() == [0, 1, 0]
    assert known_windows([(-1, -1, 0)], spans, 1).ravel().tolist() == [1, 1, 1]
    assert known_windows([], spans, 1).ravel().tolist() == [0, 0, 0]


def test_parts_end_where_another_label_or_a_gap_comes() -> None:
    spans = np.array([[0.0, 1], [1, 2], [4, 5], [5, 6]])
    scores = np.array([[0.9, 0], [0.9, 0], [0.9, 0], [0.2, 0.3]])
    assert joined(scores, spans) == ((0.0, 2.0, 0), (4.0, 5.0, 0))
