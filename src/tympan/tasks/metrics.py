"""Scores of a classifier with their spread.

Everything is computed from arrays at once, because the bootstrap needs each score a thousand
times; the tests compare with scikit-learn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tympan.errors import ArgumentError


def confusion_matrix(truth: np.ndarray, guess: np.ndarray, k: int) -> np.ndarray:
    """Counts `(k, k)`: row = truth, column = guess.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2)
    array([[1, 1],
           [0, 1]])
    """
    return np.bincount(truth * k + guess, minlength=k * k).reshape(k, k)


def class_scores(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """Precision, recall, F1 and support of each class, each `(k,)`; 0 where undefined.

    >>> class_scores(np.array([[1, 1], [0, 1]]))["recall"].tolist()
    [0.5, 1.0]
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1).astype(float)
    support, guessed = confusion.sum(-1), confusion.sum(-2)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.nan_to_num(hits / guessed)
        recall = np.nan_to_num(hits / support)
        f1 = np.nan_to_num(2 * hits / (support + guessed))
    return {"precision": precision, "recall": recall, "f1": f1, "support": support}


def macro_f1(confusion: np.ndarray) -> np.ndarray:
    """Mean F1 of the classes that occur, in truth or as a guess. Takes `(…, k, k)`."""
    occurs = (confusion.sum(-1) + confusion.sum(-2)) > 0
    total = (class_scores(confusion)["f1"] * occurs).sum(-1)
    found: np.ndarray = total / np.maximum(occurs.sum(-1), 1)
    return found


def reliability_bins(m: int) -> int:
    """Into how many bins `m` answers are sorted: in a bin of one answer, chance is all there is."""
    return 15 if m >= 600 else 10 if m >= 150 else 5


def reliability(
    confidence: np.ndarray, correct: np.ndarray, bins: int | None = None
) -> tuple[float, list[dict[str, float]]]:
    """Expected calibration error, and what each confidence bin holds.

    The mean over equal bins of |accuracy − confidence|, weighted by how many answers fall in
    (Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017).

    Args:
        confidence: `(m,)` score of the answer given, 0 … 1.
        correct: `(m,)` whether it was right.
        bins: number of bins; `reliability_bins` of them by default.

    >>> reliability(np.array([0.75, 0.75, 0.75, 0.75]), np.array([1, 1, 1, 0]))[0]
    0.0
    """
    bins = bins or reliability_bins(len(confidence))
    which = np.clip((confidence * bins).astype(int), 0, bins - 1)
    rows, error = [], 0.0
    for b in range(bins):
        inside = which == b
        if not inside.any():
            continue
        accuracy, mean = float(correct[inside].mean()), float(confidence[inside].mean())
        error += inside.mean() * abs(accuracy - mean)
        rows.append({"confidence": mean, "accuracy": accuracy, "count": float(inside.sum())})
    return float(error), rows


def _bootstrap(
    truth: np.ndarray, scores: np.ndarray, rounds: int, seed: int
) -> dict[str, list[float]]:
    """95 % intervals of accuracy, macro F1 and ECE over resampled examples."""
    k, m = scores.shape[1], len(truth)
    guess, confidence = scores.argmax(1), scores.max(1)
    correct = (guess == truth).astype(float)
    generator = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {"accuracy": [], "macro_f1": [], "ece": []}
    for _ in range(rounds):
        i = generator.integers(0, m, m)
        drawn["accuracy"].append(float(correct[i].mean()))
        drawn["macro_f1"].append(float(macro_f1(confusion_matrix(truth[i], guess[i], k))))
        drawn["ece"].append(reliability(confidence[i], correct[i])[0])
    found = {name: np.percentile(v, [2.5, 97.5]).round(4).tolist() for name, v in drawn.items()}
    if correct.all() or not correct.any():
        # Resampling answers that are all right gives all right: it sees no uncertainty.
        found["accuracy"] = found["macro_f1"] = wilson_interval(int(correct.sum()), m)
    if m < 2:
        del found["ece"]
    return found


def middle_95(values: ArrayLike, count: int) -> tuple[float, float] | None:
    """95 % interval of a score, of its values over drawn items; None of fewer than two items.

    One item, drawn again and again, is that item: its interval would have no width, and say that
    the score is certain.

    >>> middle_95([0.0, 0.5, 1.0], count=3), middle_95([3.47, 3.47], count=1)
    ((0.025, 0.975), None)
    """
    if count < 2:
        return None
    low, high = np.percentile(np.asarray(values), (2.5, 97.5))
    return float(low), float(high)


def wilson_interval(right: int, m: int) -> list[float]:
    """95 % interval of a share (Wilson, *Probable Inference*, 1927); honest at 0 and 1 too.

    >>> wilson_interval(10, 10)
    [0.7225, 1.0]
    """
    z = 1.959964
    middle = (right + z * z / 2) / (m + z * z)
    half = z / (m + z * z) * float(np.sqrt(right * (m - right) / m + z * z / 4))
    return [round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4)]


def classification_metrics(
    truth: np.ndarray,
    scores: np.ndarray,
    labels: list[str] | tuple[str, ...],
    *,
    rounds: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Accuracy, macro F1, calibration and the scores of each class.

    Args:
        truth: `(m,)` index of the right label.
        scores: `(m, k)` probabilities.
        labels: the `k` names.
        rounds: bootstrap resamples for the 95 % intervals (Efron, 1979); 0 leaves them out.
            Where all answers are right, or none is, the intervals are Wilson's.
        seed: seed of the resampling.

    Returns:
        `accuracy`, `macro_f1`, `ece`, `examples`, `intervals` (95 %), `per_class`, `confusion`
        and `reliability`, as plain values that JSON can hold.

    Raises:
        ArgumentError: there is nothing to score, or the arrays do not fit.

    >>> m = classification_metrics(np.array([0, 1]), np.eye(2), ["a", "b"], rounds=0)
    >>> m["accuracy"], m["per_class"]["a"]["f1"]
    (1.0, 1.0)
    """
    if len(truth) == 0 or scores.shape != (len(truth), len(labels)):
        raise ArgumentError(f"cannot score {len(truth)} examples with scores of {scores.shape}")
    guess, confidence = scores.argmax(1), scores.max(1)
    confusion = confusion_matrix(truth, guess, len(labels))
    ece, bins = reliability(confidence, (guess == truth).astype(float))
    columns = class_scores(confusion)
    per_class = {
        label: {name: round(float(values[i]), 4) for name, values in columns.items()}
        | {"support": int(columns["support"][i])}
        for i, label in enumerate(labels)
    }
    return {
        "accuracy": round(float((guess == truth).mean()), 4),
        "macro_f1": round(float(macro_f1(confusion)), 4),
        "ece": round(ece, 4),
        "examples": len(truth),
        "intervals": _bootstrap(truth, scores, rounds, seed) if rounds else {},
        "per_class": per_class,
        "confusion": confusion.tolist(),
        "reliability": bins,
    }
