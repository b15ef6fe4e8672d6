"""From a detector's score to how rare it is while all is normal.

A score of 2 is reached by one normal window in 100, a score of 3 by one in 1000: minus the decimal
logarithm of the share of normal windows that lie as high or higher. Up to a share of 10 % it is
counted; beyond it the tail is taken to be exponential (the generalised Pareto tail of shape 0,
Pickands, 1975; Coles, 2001), so that it goes on rising where no normal window has been.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

TAIL = 0.1
KNOTS = 65


@dataclass(frozen=True, eq=False)
class Surprise:
    """How rare a score is among those of normal windows.

    Args:
        knots: scores under which equal shares of the normal ones lie, from none to 90 %, `(q,)`.
        scale: how fast the tail falls.

    >>> normal = np.random.default_rng(0).exponential(size=100_000)
    >>> Surprise.fit(normal)(np.log([2.0, 10.0, 100.0, 1000.0])).round(1).tolist()
    [0.3, 1.0, 2.0, 3.0]
    """

    knots: Array
    scale: float

    @classmethod
    def fit(cls, normal: Array) -> Self:
        """Fit to the scores `(m,)` of normal windows that the detector was not fitted to."""
        shares = np.linspace(0, 1 - TAIL, KNOTS)
        knots = np.maximum.accumulate(np.quantile(normal, shares))
        beyond = normal[normal > knots[-1]] - knots[-1]
        # Of few windows the tail is a handful; the rest of the distribution bounds it from below.
        least = 0.25 * float(knots[-1] - knots[KNOTS // 2])
        scale = max(float(beyond.mean()) if len(beyond) else 0.0, least, 1e-6)
        return cls(knots, scale)

    def __call__(self, scores: Array) -> Array:
        """Surprise of scores `(m,)`."""
        shares = np.interp(scores, self.knots, np.linspace(1, TAIL, KNOTS))
        beyond = np.maximum(0, scores - self.knots[-1]) / (self.scale * np.log(10))
        found: Array = -np.log10(shares) + beyond
        return found

    @property
    def median(self) -> float:
        """The score that half of the normal windows reach."""
        return float(np.interp(0.5, np.linspace(0, 1 - TAIL, KNOTS), self.knots))

    def score_at(self, share: float) -> float:
        """The score that so many of the normal windows reach."""
        if share >= TAIL:
            return float(np.interp(1 - share, np.linspace(0, 1 - TAIL, KNOTS), self.knots))
        return float(self.knots[-1] + self.scale * np.log(TAIL / share))

    def to_array(self) -> Array:
        """As one array."""
        return np.concatenate([self.knots, [self.scale]])

    @classmethod
    def from_array(cls, values: Array) -> Self:
        """From what `to_array` gave."""
        return cls(values[:-1], float(values[-1]))


def combined(scores: Array) -> float:
    """The surprise of a recording from those of its windows.

    The harmonic mean of their shares (Wilson, *The harmonic mean p-value for combining dependent
    tests*, PNAS 2019), so that one very strange second counts, however long the recording is, and
    so does a slight strangeness of all.

    >>> combined(np.array([2.0, 2.0])), round(combined(np.array([0.0] * 9 + [4.0])), 1)
    (2.0, 3.0)
    """
    if not len(scores):
        return 0.0
    top = float(scores.max())
    return top + float(np.log10(np.mean(10.0 ** (scores - top))))


def independent(owners: Array, above: Array) -> float:
    """How many independent windows these are worth, as windows of a recording are alike.

    The number divided by the design effect (Kish, 1965): how much more the shares of recordings
    differ than they would by chance.

    Args:
        owners: the recording of each window `(m,)`.
        above: whether its score is one of the highest tenth.
    """
    numbers, counts = np.unique(owners, return_counts=True)
    if len(numbers) < 2:
        return 1.0 * len(numbers)
    means = np.array([above[owners == one].mean() for one in numbers])
    share, size = above.mean(), counts.mean()
    expected = share * (1 - share) / size
    effect = max(1.0, float(means.var(ddof=1) / max(expected, 1e-9)))
    return max(float(len(numbers)), len(owners) / effect)


def alarm_interval(share: float, count: float) -> tuple[float, float]:
    """95 % interval of the true share where `share` of `count` independent windows was set.

    Clopper and Pearson, 1934.

    >>> low, high = alarm_interval(0.01, 1000)
    >>> round(low, 4), round(high, 4)
    (0.0048, 0.0183)
    """
    from scipy.stats import beta

    if count < 1:
        return 0.0, 1.0
    hits = share * count
    low = float(beta.ppf(0.025, hits, count - hits + 1)) if hits > 0 else 0.0
    return low, float(beta.ppf(0.975, hits + 1, max(count - hits, 1e-9)))
