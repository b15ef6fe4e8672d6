"""What a task makes of a table: a map-style data set of named tensors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from tympan.errors import ShapeError

if TYPE_CHECKING:
    from torch import Tensor


class Examples(Protocol):
    """The rows of a table as tensors; `Batches` orders, shards, reads ahead and pads them.

    With several processes it is sent to each, so it must pickle.

    Attributes:
        sizes: samples, frames or tokens of each row, `(m,)`: rows of alike size share a batch where
            `Batches(bucket=…)` asks for it.
        weights: how often each row is drawn in training, `(m,)`, summing to 1; None: all alike.
        padding: the names of what is ragged, and the value that fills it up. Beside each of them
            the batch holds `<name>_lengths`.
    """

    @property
    def sizes(self) -> npt.NDArray[np.int64]: ...
    @property
    def weights(self) -> npt.NDArray[np.float64] | None: ...
    @property
    def padding(self) -> Mapping[str, float]: ...

    def item(self, row: int, rng: np.random.Generator | None) -> Mapping[str, Tensor]:
        """One row, its random choices drawn from `rng`; None: the row as it is evaluated."""
        ...

    def fingerprint(self) -> Mapping[str, Any]:
        """What the rows depend on, as JSON values: a training is not resumed on others."""
        ...


def digest(parts: Iterable[object]) -> str:
    """A short hash of values, for fingerprints.

    >>> digest(["a", 1]) == digest(["a", 1]), digest(["a"]) == digest(["b"])
    (True, False)
    """
    hasher = hashlib.blake2b(digest_size=6)
    for part in parts:
        hasher.update(repr(part).encode("utf-8", "surrogateescape"))
    return hasher.hexdigest()


def class_weights(targets: Tensor, balance: float) -> npt.NDArray[np.float64]:
    """How often to draw each row (sums to 1), so that classes weigh alike.

    A row of several labels weighs as the rarest of them.

    Args:
        targets: class numbers `(m,)`, or k-hot rows `(m, k)`.
        balance: 0 draws rows as they come, 1 all classes equally often, and a number between goes
            part of the way (weights are 1 / class size ** balance).

    >>> import torch
    >>> class_weights(torch.tensor([0, 0, 0, 1]), 1.0).round(3).tolist()
    [0.167, 0.167, 0.167, 0.5]
    """
    import torch

    if targets.ndim == 1:
        _, classes = torch.unique(targets, return_inverse=True)
        hot = torch.nn.functional.one_hot(classes).double()
    elif targets.ndim == 2:
        hot = (targets > 0.5).double()
    else:
        raise ShapeError(f"balance takes targets (m,) or (m, k), not {tuple(targets.shape)}")
    size = hot.sum(0).clamp_min(1)
    rarest = torch.where(hot > 0, size, torch.inf).amin(1)
    rarest = torch.where(rarest.isinf(), float(len(hot)), rarest)  # a row without any label
    weights = rarest**-balance
    found: npt.NDArray[np.float64] = (weights / weights.sum()).numpy()
    return found
