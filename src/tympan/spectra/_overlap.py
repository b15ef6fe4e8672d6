"""Overlap-add: the way back from frames to a signal."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from tympan.spectra._frames import CHUNK_SAMPLES


def overlap_add(frames: Tensor, hop: int) -> Tensor:
    """Sum of frames placed `hop` apart: (b, n, n_fft) → (b, (n - 1) hop + n_fft), differentiable.

    >>> overlap_add(torch.ones(1, 3, 4), hop=2)
    tensor([[1., 1., 2., 2., 2., 2., 1., 1.]])
    """
    batch, count, n_fft = frames.shape
    parts = -(-n_fft // hop)
    pieces = functional.pad(frames, (0, parts * hop - n_fft)).unflatten(2, (parts, hop))
    out = frames.new_zeros(batch, count + parts - 1, hop)
    for part in range(parts):
        out[:, part : part + count] += pieces[:, :, part]
    return out.flatten(1)[:, : (count - 1) * hop + n_fft]


def cover(window: Tensor, hop: int, count: int, dtype: torch.dtype) -> Tensor:
    """Sum of the squared windows of `count` frames: ((count - 1) hop + n_fft,)."""
    squares = (window * window).to(dtype)
    # Between the ends the sum repeats itself with every hop.
    parts = -(-len(window) // hop)
    few = min(count, 2 * parts)
    ends = overlap_add(squares.expand(1, few, -1), hop)[0]
    period = ends[parts * hop - hop : parts * hop].repeat(count - few)
    return torch.cat([ends[: parts * hop], period, ends[parts * hop :]])


def invert_in_chunks(spec: Tensor, window: Tensor, hop: int) -> Tensor:
    """Windowed inverse transforms of (b, f, n), overlap-added a cache-sized piece at a time."""
    batch, _, count = spec.shape
    n_fft = window.shape[0]
    parts = -(-n_fft // hop)
    step = min(count, max(1, CHUNK_SAMPLES // n_fft))
    out = torch.zeros(batch, count + parts - 1, hop)
    room = torch.zeros(step, parts, hop)
    frames = room.flatten(1)[:, :n_fft]
    for row, rows in zip(spec.unbind(), out.unbind(), strict=True):
        for first in range(0, count, step):
            size = min(count - first, step)
            part = torch.fft.irfft(row.narrow(1, first, size).T, n=n_fft, dim=-1)
            torch.mul(part, window, out=frames[:size])
            for i in range(parts):
                rows[first + i : first + i + size] += room[:size, i]
    return out.flatten(1)[:, : (count - 1) * hop + n_fft]
