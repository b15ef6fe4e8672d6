"""Detectors behind one interface: fitted to what was measured of normal windows, they score others.

- `mahalanobis`: how far a window lies from the mean, in spreads of the normal windows along each
  direction, with a shrunk covariance (Ledoit, Wolf, 2004; Lee et al., NeurIPS 2018).
- `nearest`: how far the nearest normal window is (Ramaswamy et al., SIGMOD 2000).
- `local`: the same, divided by how far apart normal windows are there, so that one threshold
  serves dense and sparse states of a machine: a low and a high load, two microphones (Wilkinghoff
  et al., *Local Density-Based Anomaly Score Normalization for Domain Generalization*, 2025).
- `value`: a single number as it is, such as the error of a reconstruction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

import numpy as np

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

SHRINK = 0.1
# A direction in which normal windows hardly differ is not divided by less than this share.
LEAST_SPREAD = 0.3
# Directions beyond these have next to no variance of their own.
MOST_AXES = 256


class Detector(Protocol):
    """Scores what was measured of windows; higher is less normal."""

    @classmethod
    def fit(cls, rows: Array, *, bank: int, neighbours: int) -> Self:
        """Fit to normal windows `(m, d)`."""
        ...

    def scores(self, rows: Array) -> Array:
        """Scores `(b,)` of windows `(b, d)`."""
        ...

    def state(self) -> dict[str, Array]:
        """The arrays that it is rebuilt from."""
        ...

    @classmethod
    def from_state(cls, state: Mapping[str, Array]) -> Self:
        """Rebuild it."""
        ...


@dataclass(frozen=True, eq=False)
class Mahalanobis:
    """Distance from the mean of normal windows, in their spread.

    Args:
        mean: `(d,)`.
        axes: principal directions `(r, d)`.
        variances: along them, shrunk, `(r,)`.
        rest: variance of every other direction.

    >>> rows = np.random.default_rng(0).normal(size=(200, 3)) * [1, 1, 5]
    >>> found = Mahalanobis.fit(rows).scores(np.array([[0, 0, 5.0], [0, 5.0, 0]]))
    >>> bool(found[1] > 2 * found[0])
    True
    """

    mean: Array
    axes: Array
    variances: Array
    rest: float

    @classmethod
    def fit(cls, rows: Array, *, bank: int = 0, neighbours: int = 0) -> Self:
        """Fit to normal windows `(m, d)`; the other arguments are those of other detectors."""
        mean = rows.mean(0)
        away = rows - mean
        if len(rows) > rows.shape[1]:
            variances, axes = np.linalg.eigh(away.T @ away / len(rows))
            variances, axes = variances[::-1], axes[:, ::-1].T
        else:
            _, values, axes = np.linalg.svd(away, full_matrices=False)
            variances = values**2 / max(1, len(rows))
        average = float(variances.sum()) / rows.shape[1] + 1e-12
        variances, axes = variances[:MOST_AXES], axes[:MOST_AXES]
        kept = variances > 1e-3 * average
        shrunk = (1 - SHRINK) * variances[kept] + SHRINK * average
        return cls(mean, axes[kept], shrunk, SHRINK * average)

    def scores(self, rows: Array) -> Array:
        """Distances `(b,)` of windows `(b, d)`."""
        away = rows - self.mean
        along = away @ self.axes.T
        rest = np.maximum(0, (away**2).sum(1) - (along**2).sum(1))
        found: Array = np.sqrt((along**2 / self.variances).sum(1) + rest / self.rest)
        return found

    def state(self) -> dict[str, Array]:
        """Mean, directions and variances."""
        return {
            "mean": self.mean, "axes": self.axes, "variances": self.variances,
            "rest": np.array([self.rest]),
        }  # fmt: skip

    @classmethod
    def from_state(cls, state: Mapping[str, Array]) -> Self:
        """Rebuild it."""
        return cls(state["mean"], state["axes"], state["variances"], float(state["rest"][0]))


@dataclass(frozen=True, eq=False)
class Nearest:
    """Distance to the nearest of the normal windows that are kept.

    Args:
        center: their mean `(d,)`.
        spread: their standard deviation `(d,)`, never much smaller than that of the others.
        bank: windows, scaled so, `(m, d)`.
        radii: what a distance to each of them is divided by, `(m,)`.

    >>> detector = Nearest.fit(np.array([[0.0], [1.0], [2.0]]), bank=3)
    >>> detector.scores(np.array([[1.0], [4.0]])).astype(float).round(2).tolist()
    [0.0, 1.88]
    """

    center: Array
    spread: Array
    bank: Array
    radii: Array
    local = False

    @classmethod
    def fit(cls, rows: Array, *, bank: int, neighbours: int = 4) -> Self:
        """Keep at most `bank` of the windows `(m, d)`, those that cover the others best."""
        center, std = rows.mean(0), rows.std(0)
        spread = std + LEAST_SPREAD * std.mean() + 1e-6
        scaled = ((rows - center) / spread).astype(np.float32)
        kept = scaled[coreset(scaled, bank)]
        radii = np.ones(len(kept), np.float32)
        if cls.local and len(kept) > 1:
            nearest = np.sort(distances(kept, scaled), axis=1)
            # The nearest of all is the window itself.
            radii = nearest[:, 1 : 1 + neighbours].mean(1)
            radii = np.maximum(radii, 0.3 * np.median(radii) + 1e-6).astype(np.float32)
        return cls(center, spread, kept, radii)

    def scores(self, rows: Array) -> Array:
        """Distances `(b,)` of windows `(b, d)`."""
        found: Array = (self._distances(rows) / self.radii).min(1)
        return found

    def nearest(self, rows: Array) -> Array:
        """Which window of the bank is nearest to each of `(b, d)`."""
        found: Array = (self._distances(rows) / self.radii).argmin(1)
        return found

    def _distances(self, rows: Array) -> Array:
        return distances(((rows - self.center) / self.spread).astype(np.float32), self.bank)

    def state(self) -> dict[str, Array]:
        """Scale and bank."""
        return {
            "center": self.center,
            "spread": self.spread,
            "bank": self.bank,
            "radii": self.radii,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Array]) -> Self:
        """Rebuild it."""
        return cls(*(state[name] for name in ("center", "spread", "bank", "radii")))


class Local(Nearest):
    """Distance to the nearest normal window, in distances between normal windows there."""

    local = True


@dataclass(frozen=True)
class Value:
    """A single number as it is."""

    @classmethod
    def fit(cls, rows: Array, *, bank: int = 0, neighbours: int = 0) -> Self:
        """There is nothing to fit."""
        return cls()

    def scores(self, rows: Array) -> Array:
        """The number itself of `(b, 1)`."""
        return rows[:, 0]

    def state(self) -> dict[str, Array]:
        """Nothing."""
        return {}

    @classmethod
    def from_state(cls, state: Mapping[str, Array]) -> Self:
        """Rebuild it."""
        return cls()


KINDS: dict[str, type[Mahalanobis] | type[Nearest] | type[Value]] = {
    "mahalanobis": Mahalanobis,
    "nearest": Nearest,
    "local": Local,
    "value": Value,
}
# Name → what it compares and how.
DETECTORS = {
    "autoencoder": ("error", "value"),
    "frames": ("frames", "value"),
    "spectrum": ("spectrum", "mahalanobis"),
    "spectrum-nearest": ("spectrum", "nearest"),
    "spectrum-local": ("spectrum", "local"),
    "lines": ("lines", "mahalanobis"),
    "lines-nearest": ("lines", "nearest"),
    "lines-local": ("lines", "local"),
    "embedding": ("embedding", "mahalanobis"),
    "embedding-nearest": ("embedding", "nearest"),
    "embedding-local": ("embedding", "local"),
}


def distances(some: Array, others: Array) -> Array:
    """Euclidean distances `(a, b)` of rows `(a, d)` and `(b, d)`.

    >>> distances(np.zeros((1, 2)), np.array([[3.0, 4.0]])).tolist()
    [[5.0]]
    """
    squared = (some**2).sum(1)[:, None] + (others**2).sum(1) - 2 * some @ others.T
    found: Array = np.sqrt(np.maximum(squared, 0))
    return found


def coreset(rows: Array, most: int) -> Array:
    """The numbers of at most so many rows `(m, d)` that leave none of the others far away.

    Greedy k-center (Gonzalez, 1985; Sener, Savarese, ICLR 2018): the next row is always the one
    that is farthest from those chosen.

    >>> coreset(np.array([[0.0], [0.1], [5.0], [5.1]]), 2).tolist()
    [0, 3]
    """
    if len(rows) <= most:
        return np.arange(len(rows))
    chosen = [0]
    far = ((rows - rows[0]) ** 2).sum(1)
    while len(chosen) < most:
        chosen.append(int(far.argmax()))
        far = np.minimum(far, ((rows - rows[chosen[-1]]) ** 2).sum(1))
    return np.array(sorted(chosen))
