"""Stretches of signals from a place of each its own."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def windows(x: Tensor, starts: Tensor, length: int) -> Tensor:
    """Return `length` samples of each row from each of its starts on.

    One copy of contiguous pieces, many times faster than a gather sample by sample.

    Args:
        x: rows (r, t).
        starts: (m, r), from 0 to t - length.
        length: samples.

    Returns:
        (m, r, length).

    >>> windows(torch.arange(6.0).reshape(2, 3), torch.tensor([[0, 1]]), 2)
    tensor([[[0., 1.],
             [4., 5.]]])
    """
    if x.requires_grad and torch.is_grad_enabled():
        return _Windows.apply(x, starts, length)
    return _taken(x, starts, length)


def _taken(x: Tensor, starts: Tensor, length: int) -> Tensor:
    return x.unfold(1, length, 1)[torch.arange(len(x), device=x.device), starts]


class _Windows(torch.autograd.Function):
    """Autograd alone would build a gradient of all windows that there are: t times the signal."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, starts: Tensor, length: int) -> Tensor:
        ctx.save_for_backward(starts)
        ctx.shape = x.shape
        return _taken(x, starts, length)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (starts,) = ctx.saved_tensors
        index = starts.T[..., None] + torch.arange(grad.shape[2], device=grad.device)
        total = grad.new_zeros(ctx.shape)
        parts = grad.transpose(0, 1).flatten(1)
        return total.scatter_add_(1, index.flatten(1), parts), None, None
