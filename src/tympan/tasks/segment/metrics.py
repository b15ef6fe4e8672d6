"""How well the frames and segments that a segmenter gives are those of the truth."""

from __future__ import annotations

from typing import Any

import numpy as np

BINS = 2000


class ScoreHistogram:
    """Average precision and AUC of frames, in bounded memory: scores are counted in 2000 bins.

    Args:
        k: number of labels.

    >>> histogram = ScoreHistogram(1)
    >>> histogram.add(np.array([[0.9, 0.8, 0.2, 0.1]]), np.array([[1, 0, 1, 0]]))
    >>> histogram.scores()["auc"]
    0.75
    """

    def __init__(self, k: int) -> None:
        self.counts = np.zeros((2, k, BINS), np.int64)  # of frames without and with the label

    def add(self, probabilities: Any, truth: Any) -> None:
        """Count frames: `probabilities` and `truth` `(k, n)`, arrays or tensors."""
        scores, there = np.asarray(probabilities), np.asarray(truth) > 0.5
        place = np.clip((scores * BINS).astype(np.int64), 0, BINS - 1)
        for i in range(len(scores)):
            for value in (0, 1):
                chosen = place[i][there[i] == bool(value)]
                self.counts[value, i] += np.bincount(chosen, minlength=BINS)

    def per_label(self) -> tuple[np.ndarray, np.ndarray]:
        """Average precision and AUC of each label `(k,)`; NaN where it is never or always there."""
        absent, present = self.counts[:, :, ::-1].astype(np.float64)
        positives, negatives = present.sum(1, keepdims=True), absent.sum(1, keepdims=True)
        with np.errstate(invalid="ignore", divide="ignore"):
            hits, alarms = present.cumsum(1), absent.cumsum(1)
            precision = np.where(hits + alarms > 0, hits / (hits + alarms), 0.0)
            ap = (precision * present).sum(1) / positives[:, 0]
            # A tie counts half.
            auc = (present * (negatives - alarms + absent / 2)).sum(1)
            auc = auc / (positives * negatives)[:, 0]
        return ap, np.where(np.isfinite(auc), auc, np.nan)

    def scores(self) -> dict[str, float]:
        """Means over the labels that are there: `map` and `auc`."""
        ap, auc = self.per_label()
        return {
            "map": float(np.nanmean(ap)) if np.isfinite(ap).any() else float("nan"),
            "auc": float(np.nanmean(auc)) if np.isfinite(auc).any() else float("nan"),
        }
