"""How well the frames and segments that a segmenter gives are those of the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
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


Event = tuple[float, float, str]
"""From when to when which label."""

COLLAR_S, OFFSET_SHARE = 0.2, 0.2
SEGMENT_S = 1.0


def event_counts(
    truth: Sequence[Event],
    found: Sequence[Event],
    labels: Sequence[str],
    *,
    collar_s: float = COLLAR_S,
    offset_share: float = OFFSET_SHARE,
) -> np.ndarray:
    """Events of one recording that match: right ones, those of the truth, those found, `(k, 3)`.

    Two match if they have one label, begin within `collar_s` of each other, and end within
    `collar_s` or `offset_share` of the true length, whichever is more. As many are matched as can
    be (event-based metrics of Mesaros, Heittola, Virtanen, *Metrics for Polyphonic Sound Event
    Detection*, 2016; `sed_eval` counts the same).

    >>> event_counts([(0.0, 1.0, "a")], [(0.1, 0.9, "a"), (3.0, 4.0, "a")], ["a"])
    array([[1, 1, 2]])
    """
    counts = np.zeros((len(labels), 3), np.int64)
    for i, label in enumerate(labels):
        true = np.array([(s, e) for s, e, name in truth if name == label]).reshape(-1, 2)
        mine = np.array([(s, e) for s, e, name in found if name == label]).reshape(-1, 2)
        counts[i] = (_matched(true, mine, collar_s, offset_share), len(true), len(mine))
    return counts


def _matched(true: np.ndarray, mine: np.ndarray, collar_s: float, offset_share: float) -> int:
    if not len(true) or not len(mine):
        return 0
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import maximum_bipartite_matching

    onset = np.abs(true[:, None, 0] - mine[None, :, 0]) <= collar_s
    allowed = np.maximum(collar_s, offset_share * (true[:, 1] - true[:, 0]))
    offset = np.abs(true[:, None, 1] - mine[None, :, 1]) <= allowed[:, None]
    pairs = maximum_bipartite_matching(csr_matrix(onset & offset), perm_type="column")
    return int((pairs >= 0).sum())


def segment_counts(
    truth: Sequence[Event],
    found: Sequence[Event],
    labels: Sequence[str],
    *,
    segment_s: float = SEGMENT_S,
) -> np.ndarray:
    """Seconds of one recording with a label in both, in the truth and among those found, `(k, 3)`.

    A second has the label of every event that touches it (segment-based metrics, same source).

    >>> segment_counts([(0.5, 1.5, "a")], [(1.2, 2.5, "a")], ["a"])
    array([[1, 2, 2]])
    """
    end = max((e for _, e, _ in (*truth, *found)), default=0.0)
    rolls = np.zeros((2, len(labels), math.ceil(end / segment_s) + 1), bool)
    number = {label: i for i, label in enumerate(labels)}
    for roll, events in zip(rolls, (truth, found), strict=True):
        for start_s, end_s, label in events:
            if label in number:
                last = math.ceil(end_s / segment_s)
                roll[number[label], math.floor(start_s / segment_s) : last] = True
    both = (rolls[0] & rolls[1]).sum(1)
    return np.stack([both, rolls[0].sum(1), rolls[1].sum(1)], 1)


def f1_of(counts: np.ndarray) -> np.ndarray:
    """F1 of counts `(…, 3)` as above; NaN where nothing is true and nothing found.

    >>> f1_of(np.array([1, 1, 2])).round(3)
    np.float64(0.667)
    """
    right, true, mine = np.moveaxis(np.asarray(counts, np.float64), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: np.ndarray = 2 * right / (true + mine)
    return found


@dataclass(frozen=True)
class PsdsSetting:
    """What a detection must cover, and how much false alarms count.

    The two settings of DCASE task 4 are `PSDS1` (react fast) and `PSDS2` (confuse nothing).

    Attributes:
        detection: share of a detection that must lie in true events of its label.
        truth: share of a true event that must be covered by such detections.
        instability: weight of the spread over the labels.
        most_alarms: false alarms an hour up to which the curve is integrated.
    """

    detection: float = 0.7
    truth: float = 0.7
    instability: float = 1.0
    most_alarms: float = 100.0


PSDS1 = PsdsSetting()


def psds(
    truth: Sequence[Sequence[Event]],
    found: Sequence[Sequence[Sequence[Event]]],
    labels: Sequence[str],
    duration_s: float,
    setting: PsdsSetting = PSDS1,
) -> float:
    """Polyphonic sound detection score without cross-triggers (Bilen et al., 2020).

    The area below the curve of true positives over false alarms an hour, over all thresholds.

    Args:
        truth: the events of each recording.
        found: for each threshold, the events found in each recording.
        labels: the labels; those without a true event are left out.
        duration_s: of all recordings together.
        setting: see `PsdsSetting`.

    Returns:
        0 … 1; NaN without any true event.
    """
    curves = []
    for label in labels:
        true = [np.array([(s, e) for s, e, n in one if n == label]).reshape(-1, 2) for one in truth]
        total = sum(map(len, true))
        if not total:
            continue
        points = []
        for point in found:
            right = alarms = 0
            for own, events in zip(true, point, strict=True):
                mine = np.array([(s, e) for s, e, n in events if n == label]).reshape(-1, 2)
                a, b = _covered(own, mine, setting)
                right, alarms = right + a, alarms + b
            points.append((alarms / (duration_s / 3600), right / total))
        curves.append(_staircase(points))
    if not curves:
        return float("nan")
    at = np.unique(np.concatenate([[0.0, setting.most_alarms], *(x for x, _ in curves)]))
    at = at[at <= setting.most_alarms]
    values = np.stack([y[np.searchsorted(x, at, side="right") - 1] for x, y in curves])
    effective = np.maximum(0.0, values.mean(0) - setting.instability * values.std(0))
    return float((effective[:-1] * np.diff(at)).sum() / setting.most_alarms)


def _covered(true: np.ndarray, mine: np.ndarray, setting: PsdsSetting) -> tuple[int, int]:
    """True events that are found, and false alarms, of one label in one recording."""
    if not len(mine):
        return 0, 0
    if not len(true):
        return 0, len(mine)
    shared = np.minimum(true[:, None, 1], mine[None, :, 1]) - np.maximum(
        true[:, None, 0], mine[None, :, 0]
    )
    shared = shared.clip(0)
    lengths = np.maximum(mine[:, 1] - mine[:, 0], 1e-9)
    relevant = shared.sum(0) / lengths >= setting.detection - 1e-9
    whole = np.maximum(true[:, 1] - true[:, 0], 1e-9)
    right = shared[:, relevant].sum(1) / whole >= setting.truth - 1e-9
    return int((right & (shared[:, relevant].sum(1) > 0)).sum()), int((~relevant).sum())


def _staircase(points: Sequence[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """The best rate of true positives at each rate of false alarms or fewer, from 0 on."""
    ordered = np.array(sorted([(0.0, 0.0), *points]))
    best = np.maximum.accumulate(ordered[:, 1])
    x, index = np.unique(ordered[:, 0][::-1], return_index=True)
    return x, best[::-1][index]
