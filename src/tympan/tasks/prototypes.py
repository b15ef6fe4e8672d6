"""The space in which sounds are compared with training recordings, and what is typical in it.

Of every stage of an encoder the mean and the maximum over time are taken, `(d,)` in all. Three unit
vectors of them make one, so that its cosine with another is the mean of three:

    last stage, mean + maximum, / spread ──► unit ── 1/4 ──┐
    all stages ─────────────────────────────► unit ── 1/2 ──┼──► unit vector
    all stages − mean of the training set ──► unit ── 1/4 ──┘

The last stage tells the labels apart, the earlier ones keep timbre and pitch, and from the middle
of the training set what resembles no label in particular, speech say, lies in a direction of its
own. Models that were trained before have the last stage alone. How the three do, together and
alone: docs/benchmarks/unknown.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

# Shares of the three vectors in a cosine. Chosen in docs/experiments.md.
LAST, ALL, CENTERED = 0.25, 0.5, 0.25
# A spread is at least so much of the median one: what hardly varies must not count for everything.
FLOOR = 0.1
ROUNDS = 15


@dataclass(frozen=True, eq=False)
class Space:
    """Features to unit vectors whose cosines say how alike sounds are.

    Attributes:
        spread: of each feature of the last stage.
        center: `(d,)`, the mean over the training set; None: features are of one stage.

    >>> import torch
    >>> features = torch.rand(5, 8)
    >>> Space.of(features, None)(features).norm(dim=1).round().tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0]
    >>> Space.of(features, 2)(features).shape
    torch.Size([5, 18])
    """

    spread: Tensor
    center: Tensor | None = None

    @classmethod
    def of(cls, features: Tensor, last: int | None) -> Space:
        """The space of training features `(m, d)`; `last` is the width of the last stage."""
        part = features if last is None else _last_of(features, last)
        spread = part.std(0, correction=0)
        spread = spread + FLOOR * spread.median() + 1e-6
        return cls(spread, None if last is None else features.mean(0))

    @classmethod
    def taken(cls, state: dict[str, Tensor], widths: Sequence[int]) -> Space:
        """The space in the tensors of a model, taken out of them.

        Raises:
            KeyError: there is none.
            ValueError: it does not fit an encoder whose stages have so many channels.
        """
        spread, center = state.pop("spread"), state.pop("center", None)
        fits = spread.shape == (widths[-1],) and bool((spread > 0).all())
        if not fits or (center is not None and center.shape != (2 * sum(widths),)):
            raise ValueError("of another encoder")
        return cls(spread, center)

    @property
    def features(self) -> int:
        """`d`, how many features it takes."""
        return len(self.spread if self.center is None else self.center)

    def __call__(self, features: Tensor) -> Tensor:
        """`(b, d)` → `(b, e)`, of unit length."""
        import torch

        features, spread = features.float(), self.spread.to(features.device)
        if self.center is None:
            return unit(features / spread)
        center = self.center.to(features.device)
        parts = (
            (LAST, _last_of(features, len(spread)) / spread),
            (ALL, features),
            (CENTERED, features - center),
        )
        return torch.cat([share**0.5 * unit(part) for share, part in parts], 1)

    def state(self) -> dict[str, Tensor]:
        """Its tensors."""
        center = {} if self.center is None else {"center": self.center}
        return {"spread": self.spread, **center}


def _last_of(features: Tensor, width: int) -> Tensor:
    """Mean plus maximum of the last stage, `(b, width)`, of the features of all stages."""
    return features[:, -2 * width : -width] + features[:, -width:]


def unit(x: Tensor) -> Tensor:
    """Rows `(m, d)` at a length of 1; what has none stays so."""
    found: Tensor = x / x.norm(dim=1, keepdim=True).clamp_min(1e-9)
    return found


def clusters(x: Tensor, most: int, rng: Any) -> Tensor:
    """Centres of at most so many clusters of unit vectors `(m, d)`, of unit length too.

    K-means on the sphere; Dhillon, Modha, *Concept Decompositions for Large Sparse Text Data using
    Clustering*, 2001.

    >>> import torch
    >>> clusters(torch.eye(3), 5, torch.Generator()).tolist() == torch.eye(3).tolist()
    True
    """
    import torch

    if len(x) <= most:
        return x
    centres = x[torch.randperm(len(x), generator=rng)[:most]]
    for _ in range(ROUNDS):
        nearest = (x @ centres.T).argmax(1)
        sums = torch.zeros_like(centres).index_add_(0, nearest, x)
        # A cluster that lost all its members stays where it was.
        empty = torch.bincount(nearest, minlength=most) == 0
        centres = torch.where(empty[:, None], centres, unit(sums))
    return centres


def representatives(x: Tensor, centres: Tensor) -> Tensor:
    """The rows of the vectors `(m, d)` that are nearest to the centres, each once.

    >>> import torch
    >>> representatives(torch.eye(3), torch.tensor([[0.1, 0.9, 0.0], [0.0, 1.0, 0.0]])).tolist()
    [1]
    """
    import torch

    found: Tensor = torch.unique((centres @ x.T).argmax(1))
    return found


def encoded(features: Tensor) -> dict[str, Tensor]:
    """Features `(p, d)` in a byte each, over the range of each column; see `decoded`."""
    import torch

    low, high = features.amin(0), features.amax(0)
    step = ((high - low) / 255).clamp_min(1e-12)
    levels = ((features - low) / step).round().clamp(0, 255).to(torch.uint8)
    return {"levels": levels, "low": low, "step": step}


def decoded(state: dict[str, Tensor]) -> Tensor:
    """Features of prototypes from the tensors of a model, which are taken out of them.

    >>> import torch
    >>> x = torch.rand(4, 3)
    >>> bool(((decoded(encoded(x)) - x).abs() < 1 / 255).all())
    True
    """
    if "prototypes" in state:  # models of earlier versions
        return state.pop("prototypes").float()
    levels, low, step = (state.pop(name) for name in ("levels", "low", "step"))
    if levels.shape[1:] != low.shape or low.shape != step.shape:
        raise ValueError("of another shape")
    return low + levels.float() * step
