"""The product of a spectrum with filters that are mostly zero."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from tympan._precision import full_precision
from tympan.spectra._frames import Framing

# What one more matrix product costs, in multiplications per frame: found by measuring.
_CALL_COST = 1000
_MOST_ROWS = 64


class BandedFilters:
    """Filters (m, f) in blocks of neighbours, each with the bins it needs only.

    They are applied to squared real and imaginary parts, so that the sum real² + imag² is made by
    the product itself: weights stand twice, once for each part.

    Args:
        filters: float64 (m, f).

    >>> squares = torch.ones(3, 2 * 5)
    >>> BandedFilters(np.eye(2, 5)).apply(squares, torch.empty(2, 3))
    tensor([[2., 2., 2.],
            [2., 2., 2.]])
    """

    def __init__(self, filters: np.ndarray) -> None:
        self.count = len(filters)
        low, high = _extent(filters)
        edges = _best_edges(low, high)
        self._sizes = [b - a for a, b in pairwise(edges)]
        self._blocks: list[tuple[int, int, Tensor]] = []
        for a, b in pairwise(edges):
            # A block of empty filters still needs a bin to multiply with zero.
            first = min(int(low[a:b].min()), filters.shape[1] - 1)
            last = max(int(high[a:b].max()), first + 1)
            weights = np.repeat(filters[a:b, first:last], 2, axis=1)
            block = torch.tensor(weights, dtype=torch.float32)
            self._blocks.append((2 * first, 2 * (last - first), block))

    def apply(self, squares: Tensor, out: Tensor) -> Tensor:
        """Filter squared parts (n, 2 f): real, imaginary, real … into `out` (m, n), in place."""
        columns = squares.T
        for rows, (first, length, weights) in zip(
            out.split(self._sizes), self._blocks, strict=True
        ):
            torch.mm(weights, columns.narrow(0, first, length), out=rows)
        return out


def filter_frames(
    x: Tensor,
    framing: Framing,
    window: Tensor,
    filters: BandedFilters,
    after: Callable[[Tensor], object] | None = None,
) -> Tensor:
    """Filtered power of the frames of (b, t) → (b, m, n), a cache-sized piece at a time.

    Args:
        x: float32 samples on the processor.
        framing: how they are cut.
        window: (n_fft,).
        filters: what the power spectra are multiplied with.
        after: changes each piece (m, n) in place while it is in the cache.
    """
    out = torch.empty(x.shape[0], filters.count, framing.num_frames(x.shape[-1]))
    with torch.no_grad(), full_precision("cpu"):
        for row, target in zip(x.unbind(), out.unbind(), strict=True):
            for first, last, frames in framing.chunks(row):
                spec = torch.fft.rfft(frames * window)
                squares = torch.view_as_real(spec).flatten(1).square_()
                piece = filters.apply(squares, target[:, first:last])
                if after is not None:
                    after(piece)
    return out


def _extent(filters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First bin and last bin + 1 of each filter; an empty one begins after all and ends at 0."""
    used = filters != 0
    low = np.where(used.any(1), used.argmax(1), filters.shape[1])
    high = np.where(used.any(1), filters.shape[1] - used[:, ::-1].argmax(1), 0)
    return low, high


def _best_edges(low: np.ndarray, high: np.ndarray) -> list[int]:
    """Where to cut the filters so that all products together cost least (dynamic programming)."""
    count = len(low)
    best, before = [0.0] + [np.inf] * count, [0] * (count + 1)
    for end in range(1, count + 1):
        for start in range(max(0, end - _MOST_ROWS), end):
            width = 2 * max(1, int(high[start:end].max()) - int(low[start:end].min()))
            # Products are computed four rows at a time.
            cost = best[start] + _CALL_COST + 4 * -(-(end - start) // 4) * width
            if cost < best[end]:
                best[end], before[end] = cost, start
    edges = [count]
    while edges[-1]:
        edges.append(before[edges[-1]])
    return edges[::-1]
