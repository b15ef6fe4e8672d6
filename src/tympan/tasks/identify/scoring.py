"""From two voices to the odds that they are one.

A cosine alone means little: some voices are near to everybody's. It is normalised by how near both
are to a cohort of other people (adaptive s-norm; Matějka et al., *Analysis of Score Normalization
in Multilingual Speaker Recognition*, Interspeech 2017), and then turned into log odds, of which
short recordings give less (Mandasari et al., *Quality Measure Functions for Calibration of Speaker
Recognition Systems in Various Duration Conditions*, 2013).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError

Array = npt.NDArray[np.float64]

SPREAD_FLOOR = 0.02
HALVES_S = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0)


@dataclass(frozen=True, eq=False)
class Scorer:
    """Turns vectors into log odds.

    Attributes:
        cohort: `(m, d)`, voices of others, of length 1; without any, cosines stay as they are.
        calibration: log odds are `a · q · s + b · q + c` for the normalised similarity `s`.
        half_s: `q = t / (t + half_s)` for the shorter of both times of speech `t`.
        top: so many nearest of the cohort are used.

    >>> scorer = Scorer(np.zeros((0, 2)), (10.0, 0.0, -5.0), 0.0)
    >>> bool(scorer.log_odds(1.0, 2.0, 2.0) == 5.0)
    True
    """

    cohort: npt.NDArray[np.floating]
    calibration: tuple[float, ...]
    half_s: float
    top: int = 60

    def statistics(self, vectors: npt.ArrayLike) -> tuple[Array, Array]:
        """Mean and spread `(m,)` of how near vectors `(m, d)` are to the nearest of the cohort."""
        rows = np.atleast_2d(np.asarray(vectors, np.float64))
        if len(self.cohort) < 2:
            return np.zeros(len(rows)), np.ones(len(rows))
        scores = np.sort(rows @ np.asarray(self.cohort, np.float64).T, axis=1)
        nearest = scores[:, -min(self.top, len(self.cohort)) :]
        return nearest.mean(1), np.maximum(nearest.std(1), SPREAD_FLOOR)

    def similarities(self, a: npt.ArrayLike, b: npt.ArrayLike) -> Array:
        """Normalised similarities `(m, n)` of vectors `(m, d)` with vectors `(n, d)`."""
        left, right = (np.atleast_2d(np.asarray(x, np.float64)) for x in (a, b))
        cosines = left @ right.T
        (mean_a, spread_a), (mean_b, spread_b) = self.statistics(left), self.statistics(right)
        by_a = (cosines - mean_a[:, None]) / spread_a[:, None]
        by_b = (cosines - mean_b[None]) / spread_b[None]
        return np.asarray((by_a + by_b) / 2)

    def log_odds(
        self, similarity: npt.ArrayLike, speech_a_s: npt.ArrayLike, speech_b_s: npt.ArrayLike
    ) -> Array:
        """Natural log odds that two voices are one, both being as likely before.

        Args:
            similarity: normalised.
            speech_a_s: how much speech one recording holds.
            speech_b_s: how much the other.
        """
        a, b, c = self.calibration
        q = quality(speech_a_s, speech_b_s, self.half_s)
        return np.asarray(a * q * np.asarray(similarity, np.float64) + b * q + c)


def quality(a_s: npt.ArrayLike, b_s: npt.ArrayLike, half_s: float) -> Array:
    """How much two recordings with so much speech weigh, 0 … 1.

    >>> quality(1.0, 5.0, 1.0).round(2).item()
    0.5
    """
    shorter = np.minimum(np.asarray(a_s, np.float64), np.asarray(b_s, np.float64))
    return np.asarray(shorter / np.maximum(shorter + half_s, 1e-9))


def probability(log_odds: npt.ArrayLike) -> Array:
    """The probability of log odds.

    >>> probability([0.0]).tolist()
    [0.5]
    """
    return np.asarray(0.5 * (1 + np.tanh(np.asarray(log_odds, np.float64) / 2)))


def calibrated(
    similarity: npt.ArrayLike,
    same: npt.ArrayLike,
    speech_a_s: npt.ArrayLike,
    speech_b_s: npt.ArrayLike,
) -> tuple[tuple[float, float, float], float]:
    """The calibration that fits trials best, and its `half_s`.

    Logistic regression in which pairs of one voice and pairs of two weigh the same (Brümmer and du
    Preez, 2006).

    Args:
        similarity: normalised, of each trial `(m,)`.
        same: whether both are of one voice `(m,)`.
        speech_a_s: how much speech one recording holds `(m,)`.
        speech_b_s: how much the other `(m,)`.

    Raises:
        ArgumentError: there are no pairs of one of the two kinds.
    """
    s, y = np.asarray(similarity, np.float64), np.asarray(same, bool)
    if not y.any() or y.all():
        raise ArgumentError("there are not both pairs of one voice and of two")
    weights = np.where(y, 0.5 / y.sum(), 0.5 / (~y).sum())
    best: tuple[float, Array, float] | None = None
    for half_s in HALVES_S:
        q = quality(speech_a_s, speech_b_s, half_s)
        columns = np.stack([q * s, q, np.ones_like(q)], 1)
        found = _logistic(columns[:, :2] if half_s == 0 else columns, y, weights)
        loss = float(
            weights @ np.logaddexp(0, -np.where(y, 1, -1) * (columns[:, : len(found)] @ found))
        )
        if best is None or loss < best[0] - 1e-4:
            best = loss, np.append(found, [0.0] * (3 - len(found))), half_s
    assert best is not None
    a, b, c = (round(float(one), 4) for one in best[1])
    return (a, b, c), best[2]


def _logistic(columns: Array, y: npt.NDArray[np.bool_], weights: Array) -> Array:
    """Weights of a logistic regression, by Newton's method with a little ridge."""
    found = np.zeros(columns.shape[1])
    ridge = 1e-6 * np.eye(columns.shape[1])
    for _ in range(50):
        p = probability(columns @ found)
        gradient = columns.T @ (weights * (p - y)) + ridge @ found
        hessian = (columns * (weights * p * (1 - p))[:, None]).T @ columns + ridge
        step = np.linalg.solve(hessian, gradient)
        found = found - step * min(1.0, 10 / max(float(np.abs(step).max()), 1e-9))
        if np.abs(step).max() < 1e-8:
            break
    return found
