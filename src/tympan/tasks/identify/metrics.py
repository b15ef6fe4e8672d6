"""How well scores tell pairs of one voice from pairs of two: EER, minDCF, Cllr.

Higher scores mean "the same voice". A *target* trial is a pair of recordings of one person.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError

Scores = npt.NDArray[np.float64]
# Of the detection cost: NIST's speaker recognition evaluations use 0.01 and 0.05.
P_TARGET = 0.05


@dataclass(frozen=True)
class ErrorCurve:
    """Both error rates at every threshold.

    Attributes:
        thresholds: rising `(m,)`; a score at or above the threshold counts as the same voice.
        false_reject: share of target trials below it.
        false_accept: share of the other trials at or above it.
    """

    thresholds: Scores
    false_reject: Scores
    false_accept: Scores


def error_curve(targets: npt.ArrayLike, others: npt.ArrayLike) -> ErrorCurve:
    """Both error rates at every threshold that makes a difference.

    Args:
        targets: scores of pairs of one voice `(m,)`.
        others: scores of pairs of two voices `(m,)`.

    Raises:
        ArgumentError: one of them is empty or not finite.

    >>> curve = error_curve([2.0, 3.0], [1.0])
    >>> curve.false_reject.tolist(), curve.false_accept.tolist()
    ([0.0, 0.0, 0.5, 1.0], [1.0, 0.0, 0.0, 0.0])
    """
    t, o = (np.sort(np.asarray(x, np.float64).ravel()) for x in (targets, others))
    if not len(t) or not len(o) or not np.isfinite(t).all() or not np.isfinite(o).all():
        what = f"{len(t)} target trials and {len(o)} others, or scores that are not finite"
        raise ArgumentError(what, fix="give at least one finite score of each")
    thresholds = np.append(np.unique(np.concatenate([t, o])), np.inf)
    rejected = np.searchsorted(t, thresholds) / len(t)
    accepted = 1 - np.searchsorted(o, thresholds) / len(o)
    return ErrorCurve(thresholds, rejected, accepted)


def eer(targets: npt.ArrayLike, others: npt.ArrayLike) -> float:
    """Equal error rate: where both error rates cross, between two thresholds on a straight line.

    >>> eer([2.0, 3.0, 4.0], [0.0, 1.0]), round(eer([1.0, 3.0], [0.0, 2.0]), 2)
    (0.0, 0.5)
    """
    curve = error_curve(targets, others)
    gap = curve.false_reject - curve.false_accept  # rises from -1 to 1
    right = int(np.argmax(gap >= 0))
    left = max(0, right - 1)
    width = gap[right] - gap[left]
    share = 0.0 if width <= 0 else -gap[left] / width
    low, high = curve.false_reject[left], curve.false_reject[right]
    return float(low + share * (high - low))


def min_dcf(targets: npt.ArrayLike, others: npt.ArrayLike, p_target: float = P_TARGET) -> float:
    """The least detection cost of any threshold, both errors costing 1 (NIST SRE).

        min (p · false rejects + (1 - p) · false accepts) / min(p, 1 - p)

    1 is what one gets without listening.

    >>> min_dcf([2.0, 3.0], [0.0, 1.0]), min_dcf([0.0], [1.0])
    (0.0, 1.0)
    """
    curve = error_curve(targets, others)
    cost = p_target * curve.false_reject + (1 - p_target) * curve.false_accept
    return float(cost.min() / min(p_target, 1 - p_target))


def cllr(targets: npt.ArrayLike, others: npt.ArrayLike) -> float:
    """Cost of log likelihood ratios, in bits: 0 is perfect, 1 what "I do not know" gets.

    Brümmer and du Preez, *Application-independent evaluation of speaker detection*, 2006.

    Args:
        targets: natural log likelihood ratios of pairs of one voice `(m,)`.
        others: those of pairs of two voices `(m,)`.

    >>> cllr([0.0], [0.0]), round(cllr([5.0], [-5.0]), 3)
    (1.0, 0.01)
    """
    t, o = np.asarray(targets, np.float64), np.asarray(others, np.float64)
    cost = np.logaddexp(0, -t).mean() + np.logaddexp(0, o).mean()
    return float(cost / (2 * np.log(2)))
