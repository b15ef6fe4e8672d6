"""The scores of DCASE's task 2: AUC and partial AUC of each machine, and their harmonic mean."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
# The share of false alarms up to which the partial AUC looks.
P = 0.1


def auc(normal: Array, anomalous: Array) -> float:
    """How often an anomalous recording scores above a normal one; equal ones count half.

    >>> auc(np.array([0.1, 0.4]), np.array([0.3, 0.9]))
    0.75
    """
    return partial_auc(normal, anomalous, 1.0)


def partial_auc(normal: Array, anomalous: Array, p: float = P) -> float:
    """The area under the ROC curve up to a false-alarm rate, as a share of that rate.

    As in scikit-learn's `roc_auc_score(max_fpr=p)`, McClish's standardisation: 0.5 is chance.

    Args:
        normal: scores `(n,)`.
        anomalous: scores `(m,)`.
        p: the highest false-alarm rate that counts.

    >>> partial_auc(np.array([0.1, 0.4]), np.array([0.5, 0.9]))
    1.0
    """
    if not len(normal) or not len(anomalous):
        return float("nan")
    thresholds = np.unique(np.concatenate([normal, anomalous]))[::-1]
    false = np.searchsorted(np.sort(-normal), -thresholds, side="right") / len(normal)
    true = np.searchsorted(np.sort(-anomalous), -thresholds, side="right") / len(anomalous)
    false, true = np.concatenate([[0.0], false]), np.concatenate([[0.0], true])
    if p >= 1:
        return float(np.trapezoid(true, false))
    end = np.searchsorted(false, p, side="right")
    x = np.concatenate([false[:end], [p]])
    y = np.concatenate(
        [true[:end], [np.interp(p, false[end - 1 : end + 1], true[end - 1 : end + 1])]]
    )
    area, least = float(np.trapezoid(y, x)), p * p / 2
    return 0.5 * (1 + (area - least) / (p - least))


def harmonic_mean(values: Iterable[float]) -> float:
    """The harmonic mean of positive values, as the challenge ranks systems; NaN of none.

    >>> harmonic_mean([0.5, 1.0])
    0.6666666666666666
    """
    found = np.array([one for one in values if np.isfinite(one)])
    if not len(found):
        return float("nan")
    return 0.0 if (found <= 0).any() else float(len(found) / (1 / found).sum())
