"""Labels proposed for the recordings of a folder from those that have some.

A head for each label (`tympan.tasks.embed.heads`) is fitted to the windows of the recordings with
labels and scores all windows. What is least sure comes first: the margin between the two most
likely labels says how sure a recording is (Scheffer, Decomain, Wrobel, *Active Hidden Markov Models
for Information Extraction*, IDA 2001).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tympan.tasks.embed.heads import Scale, fit_head

UNKNOWN = -1
# A part is proposed where a label is at least so likely.
LIKELY = 0.5
MOST_OTHERS = 5000


@dataclass(frozen=True)
class Proposal:
    """What a recording may be labelled as.

    Attributes:
        label: number of the most likely label.
        score: how likely it is, 0 … 1.
        uncertainty: 0: sure, 1: two labels are equally likely.
        parts: begin, end and label of the parts, where labels are of parts.
    """

    label: int
    score: float
    uncertainty: float
    parts: tuple[tuple[float, float, int], ...] = ()


def known_windows(
    marks: Iterable[tuple[float, float, int]], spans: np.ndarray, count: int
) -> np.ndarray:
    """Which labels apply to the windows of a recording that somebody has labelled: 0 or 1 `(m, k)`.

    Args:
        marks: begin, end and number of each label; a begin below 0: of the whole recording.
        spans: begin and end of the windows `(m, 2)`, in seconds.
        count: `k`, how many labels there are.

    >>> known_windows([(0.5, 2.0, 1)], np.array([[0, 1], [1, 2], [2, 3.0]]), 2).tolist()
    [[0, 1], [0, 1], [0, 0]]
    """
    known = np.zeros((len(spans), count), np.int8)
    for start_s, end_s, label in marks:
        if start_s < 0:
            known[:, label] = 1
            continue
        common = np.minimum(spans[:, 1], end_s) - np.maximum(spans[:, 0], start_s)
        # Half of the window, or of what is shorter than one.
        least = np.minimum(spans[:, 1] - spans[:, 0], end_s - start_s) / 2
        known[common >= np.maximum(least, 1e-3), label] = 1
    return known


def window_scores(vectors: np.ndarray, known: np.ndarray, seed: int = 0) -> np.ndarray:
    """How likely each label applies to each window, `(m, k)`.

    Args:
        vectors: of the windows `(m, d)`.
        known: 1 where a label applies, 0 where not, -1 where nobody has said `(m, k)`.
        seed: chooses the windows that stand in for refused ones.

    >>> vectors = np.array([[1.0, 0], [0.9, 0.1], [0, 1], [0.1, 0.9]])
    >>> known = np.array([[1, 0], [-1, -1], [0, 1], [-1, -1]])
    >>> (window_scores(vectors, known) > 0.5).tolist()
    [[True, False], [True, False], [False, True], [False, True]]
    """
    rng, scale = np.random.default_rng(seed), Scale.of(vectors)
    scores = np.zeros(known.shape, np.float32)
    for label in range(known.shape[1]):
        said = known[:, label]
        yes, no = vectors[said == 1], vectors[said == 0]
        if not len(yes):
            continue
        # Where something else has been labelled, that is what it is not; else most of the others.
        others = vectors[said == UNKNOWN][:0]
        if not len(no):
            unknown = np.flatnonzero(said == UNKNOWN)
            others = vectors[rng.permutation(unknown)[:MOST_OTHERS]]
        if not len(no) and not len(others):
            scores[:, label] = 1.0
            continue
        scores[:, label] = fit_head(yes, no, others, scale)(vectors)
    return scores


def proposal(scores: np.ndarray, spans: np.ndarray, *, timed: bool) -> Proposal:
    """What a recording may be labelled as, from the scores of its windows.

    Args:
        scores: `(m, k)`, one window or more.
        spans: begin and end of the windows `(m, 2)`, in seconds.
        timed: whether labels are of parts of recordings.

    >>> spans = np.array([[0.0, 1], [1, 2], [2, 3]])
    >>> scores = np.array([[0.9, 0.0], [0.8, 0.1], [0.1, 0.7]])
    >>> proposal(scores, spans, timed=True).parts
    ((0.0, 2.0, 0), (2.0, 3.0, 1))
    >>> one = proposal(scores, spans, timed=False)
    >>> one.label, round(one.score, 2), one.parts
    (0, 0.69, ())
    """
    if timed:
        best = scores.max(0)
        label = int(best.argmax())
        unsure = 1 - float(np.abs(2 * scores.max(1) - 1).min())
        return Proposal(label, float(best[label]), unsure, joined(scores, spans))
    mean = scores.mean(0)
    label = int(mean.argmax())
    if len(mean) == 1:
        return Proposal(label, float(mean[0]), 1 - abs(2 * float(mean[0]) - 1))
    shares = mean / max(float(mean.sum()), 1e-9)
    second = float(np.sort(shares)[-2])
    return Proposal(label, float(shares[label]), 1 - (float(shares[label]) - second))


def joined(scores: np.ndarray, spans: np.ndarray) -> tuple[tuple[float, float, int], ...]:
    """Windows that follow one another with one likely label, as parts."""
    parts: list[tuple[float, float, int]] = []
    labels: Sequence[int] = scores.argmax(1).tolist()
    for label, score, (start_s, end_s) in zip(labels, scores.max(1), spans.tolist(), strict=True):
        if score < LIKELY:
            continue
        if parts and parts[-1][2] == label and abs(parts[-1][1] - start_s) < 1e-3:
            parts[-1] = (parts[-1][0], end_s, label)
        else:
            parts.append((start_s, end_s, label))
    return tuple((round(start_s, 3), round(end_s, 3), label) for start_s, end_s, label in parts)
