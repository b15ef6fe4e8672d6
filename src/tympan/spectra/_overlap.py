"""Overlap-add: the way back from frames to a signal."""

from __future__ import annotations

from collections.abc import Iterator

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
    length = (count - 1) * hop + n_fft
    out = frames.new_zeros(batch, length + (-n_fft % hop))
    add_frames(out, frames, hop)
    return out[:, :length]


def add_frames(out: Tensor, frames: Tensor, hop: int) -> None:
    """Add frames (b, n, n_fft) into `out` (b, (n - 1) hop + n_fft rounded up to hops), in place."""
    count = frames.shape[1]
    parts = -(-frames.shape[2] // hop)
    pieces = functional.pad(frames, (0, parts * hop - frames.shape[2]))
    pieces = pieces.unflatten(2, (parts, hop))
    rows = out.unflatten(1, (-1, hop))
    for part in range(parts):
        rows[:, part : part + count] += pieces[:, :, part]


def cover(window: Tensor, hop: int, count: int, dtype: torch.dtype) -> Tensor:
    """Sum of the squared windows of `count` frames: (1, (count - 1) hop + n_fft)."""
    squares = (window * window).to(dtype)
    return overlap_add(squares.expand(1, count, -1), hop)


def invert_in_chunks(spec: Tensor, window: Tensor, hop: int) -> Tensor:
    """Windowed inverse transforms of (b, f, n), overlap-added a cache-sized piece at a time."""
    batch, _, count = spec.shape
    n_fft = window.shape[0]
    room = -(-n_fft // hop) * hop
    out = torch.zeros(batch, (count - 1) * hop + room, dtype=window.dtype)
    for row, target in zip(spec, out, strict=True):
        for first, last in _spans(count, n_fft):
            frames = torch.fft.irfft(row[:, first:last].T, n=n_fft, dim=-1).mul_(window)
            span = target[first * hop : (last - 1) * hop + room]
            add_frames(span[None], frames[None], hop)
    return out[:, : (count - 1) * hop + n_fft]


def _spans(count: int, n_fft: int) -> Iterator[tuple[int, int]]:
    step = max(1, CHUNK_SAMPLES // n_fft)
    for first in range(0, count, step):
        yield first, min(count, first + step)
