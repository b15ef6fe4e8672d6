"""Scores of a tagger, from arrays at once; the tests compare with scikit-learn."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError

Array = npt.NDArray[np.float64]


def average_precision(truth: np.ndarray, scores: np.ndarray) -> Array:
    """Average precision of each label: the area under precision over recall, in steps.

    Args:
        truth: `(m, k)`, 1 where a label applies.
        scores: `(m, k)`.

    Returns:
        `(k,)`; NaN for a label that never applies.

    >>> average_precision(np.array([[1], [0], [1]]), np.array([[0.9], [0.8], [0.7]])).round(3)
    array([0.833])
    """
    found = np.full(truth.shape[1], np.nan)
    for j in range(truth.shape[1]):
        order = np.argsort(-scores[:, j], kind="stable")
        hits, ranked = truth[order, j].astype(bool), scores[order, j]
        total = int(hits.sum())
        if not total:
            continue
        # Equal scores are one step: their order is chance.
        last = np.append(ranked[1:] != ranked[:-1], True)
        true_positives = np.cumsum(hits)[last]
        precision = true_positives / (np.flatnonzero(last) + 1)
        recall = true_positives / total
        found[j] = float(np.sum(np.diff(recall, prepend=0.0) * precision))
    return found


def auroc(truth: np.ndarray, scores: np.ndarray) -> Array:
    """Area under the ROC curve of each label: how often a right row scores above a wrong one.

    Args:
        truth: `(m, k)`, 1 where a label applies.
        scores: `(m, k)`.

    Returns:
        `(k,)`; NaN for a label that always or never applies.

    >>> auroc(np.array([[1], [0], [1]]), np.array([[0.9], [0.8], [0.7]]))
    array([0.5])
    """
    from scipy.stats import rankdata

    positives = truth.sum(0).astype(float)
    negatives = len(truth) - positives
    ranks = rankdata(scores, axis=0)
    above = (ranks * truth).sum(0) - positives * (positives + 1) / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Array = above / (positives * negatives)
    found[(positives == 0) | (negatives == 0)] = np.nan
    return found


def f1_scores(truth: np.ndarray, chosen: np.ndarray) -> tuple[Array, float]:
    """F1 of each label `(k,)`, NaN where it neither applies nor is chosen; and of all together.

    >>> each, micro = f1_scores(np.array([[1, 0], [1, 1]]), np.array([[1, 0], [0, 1]]))
    >>> each.round(3).tolist(), round(micro, 3)
    ([0.667, 1.0], 0.8)
    """
    hits = (truth * chosen).sum(0).astype(float)
    total = (truth.sum(0) + chosen.sum(0)).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        each: Array = 2 * hits / total
    every = float(total.sum())
    return each, 2 * float(hits.sum()) / every if every else float("nan")


def best_thresholds(truth: np.ndarray, scores: np.ndarray) -> Array:
    """The threshold of each label that gives the highest F1; 0.5 where a label never applies.

    It lies in the middle between the last score that is chosen and the first that is not, so that
    it holds for other recordings too.

    Args:
        truth: `(m, k)`, 1 where a label applies.
        scores: `(m, k)`, of recordings that were not trained on.

    >>> best_thresholds(np.array([[1], [1], [0]]), np.array([[0.9], [0.6], [0.2]]))
    array([0.4])
    """
    found = np.full(truth.shape[1], 0.5)
    for j in range(truth.shape[1]):
        hits = truth[:, j]
        if not hits.any():
            continue
        order = np.argsort(-scores[:, j], kind="stable")
        ranked = scores[order, j]
        true_positives = np.cumsum(hits[order])
        f1 = 2 * true_positives / (np.arange(1, len(order) + 1) + hits.sum())
        f1[:-1][ranked[:-1] == ranked[1:]] = -1  # equal scores cannot be parted
        i = int(f1.argmax())
        below = ranked[i + 1] if i + 1 < len(ranked) else 0.0
        found[j] = (ranked[i] + below) / 2
    return found


def tag_metrics(truth: np.ndarray, scores: np.ndarray, chosen: np.ndarray) -> dict[str, float]:
    """mAP, macro AUROC, macro and micro F1; labels for which one is undefined do not count in it.

    Args:
        truth: `(m, k)`, 1 where a label applies.
        scores: `(m, k)` probabilities.
        chosen: `(m, k)`, 1 where the score is above its label's threshold.

    Raises:
        ArgumentError: the arrays do not fit, or there is nothing to score.

    >>> rows = np.array([[1, 0], [0, 1]])
    >>> tag_metrics(rows, rows * 0.9, rows)["map"]
    1.0
    """
    if not len(truth) or truth.shape != scores.shape:
        raise ArgumentError(f"cannot score {truth.shape} labels with scores of {scores.shape}")
    each, micro = f1_scores(truth, chosen)
    return {
        "map": _mean(average_precision(truth, scores)),
        "auroc": _mean(auroc(truth, scores)),
        "macro_f1": _mean(each),
        "micro_f1": micro,
    }


def intervals(
    truth: np.ndarray,
    scores: np.ndarray,
    chosen: np.ndarray,
    *,
    rounds: int = 300,
    seed: int = 0,
) -> dict[str, tuple[float, float]]:
    """95 % intervals of `tag_metrics` over resampled recordings (Efron, 1979); none of one."""
    if len(truth) < 2:
        return {}
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {}
    for _ in range(rounds):
        i = rng.integers(0, len(truth), len(truth))
        for name, value in tag_metrics(truth[i], scores[i], chosen[i]).items():
            drawn.setdefault(name, []).append(value)
    return {
        name: (float(low), float(high))
        for name, values in drawn.items()
        for low, high in [np.nanpercentile(values, [2.5, 97.5]).round(4)]
    }


def label_intervals(
    truth: np.ndarray,
    scores: np.ndarray,
    chosen: np.ndarray,
    *,
    rounds: int = 300,
    seed: int = 0,
) -> dict[str, Array]:
    """95 % intervals of each label's scores over resampled recordings, of the draws of `intervals`.

    A draw is how often each recording was drawn, so each label is sorted once for all draws.

    Args:
        truth: `(m, k)`, 1 where a label applies.
        scores: `(m, k)` probabilities.
        chosen: `(m, k)`, 1 where the score is above its label's threshold.
        rounds: `r` draws.
        seed: of the draws.

    Returns:
        Name of the score → `(k, 2)`, low and high; NaN where no draw has the score.

    >>> rows = np.array([[1, 0], [0, 1]] * 9)
    >>> label_intervals(rows, rows * 0.9, rows)["auroc"].tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    rng = np.random.default_rng(seed)
    m, k = truth.shape
    drawn = np.full((3, rounds, k), np.nan)
    step = max(1, 4_000_000 // max(1, m))  # of draws at once: bounded memory
    for first in range(0, rounds, step):
        some = range(first, min(rounds, first + step))
        counts = np.stack([np.bincount(rng.integers(0, m, m), minlength=m) for _ in some])
        for j in range(k):
            ranked = _resampled(truth[:, j].astype(bool), scores[:, j], counts)
            drawn[:2, first : first + len(some), j] = ranked
        with np.errstate(invalid="ignore", divide="ignore"):
            f1 = 2 * counts @ (truth * chosen) / (counts @ (truth + chosen))
        drawn[2, first : first + len(some)] = f1
    found = {}
    for name, values in zip(("average_precision", "auroc", "f1"), drawn, strict=True):
        ends = np.full((k, 2), np.nan)
        known = np.isfinite(values).any(0)
        if known.any():
            ends[known] = np.nanpercentile(values[:, known], [2.5, 97.5], axis=0).T
        found[name] = ends
    return found


def _resampled(hits: np.ndarray, scores: np.ndarray, counts: np.ndarray) -> tuple[Array, Array]:
    """Average precision and AUROC `(r,)` of one label where recordings count `(r, m)` times."""
    order = np.argsort(-scores, kind="stable")
    places = np.flatnonzero(hits[order])
    ranked = -scores[order]
    # Rows above each right one, and down to it with those of equal score.
    above = np.searchsorted(ranked, ranked[places], "left")
    upto = np.searchsorted(ranked, ranked[places], "right")
    own = counts[:, order[places]]
    rows = np.pad(np.cumsum(counts[:, order], axis=1), ((0, 0), (1, 0)))
    right = np.pad(np.cumsum(own, axis=1), ((0, 0), (1, 0)))
    right_upto = right[:, np.searchsorted(places, upto)]
    right_above = right[:, np.searchsorted(places, above)]
    total, negatives = right[:, -1].astype(float), (rows[:, -1] - right[:, -1]).astype(float)
    wrong_above, wrong_upto = rows[:, above] - right_above, rows[:, upto] - right_upto
    precision = right_upto / np.maximum(rows[:, upto], 1)
    with np.errstate(invalid="ignore", divide="ignore"):
        average: Array = (own * precision).sum(1) / total
        area: Array = 1 - (own * (wrong_above + wrong_upto) / 2).sum(1) / (total * negatives)
    return average, area


def _mean(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
