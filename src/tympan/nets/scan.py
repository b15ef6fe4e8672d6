"""A memory whose gates look only at what comes in, so that most of it is computed at once."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from tympan._precision import full_precision


class _Scan(torch.autograd.Function):
    """`h[i] = keep[i] h[i - 1] + new[i]` over axis 1, with a backward pass that is one too."""

    @staticmethod
    def forward(ctx: Any, keep: Tensor, new: Tensor, first: Tensor) -> Tensor:
        found = torch.empty_like(new)
        h = first
        for i in range(new.shape[1]):
            h = torch.addcmul(new[:, i], keep[:, i], h, out=found[:, i])
        ctx.save_for_backward(keep, found, first)
        return found

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        keep, found, first = ctx.saved_tensors
        total = grads[0].clone()
        for i in range(total.shape[1] - 1, 0, -1):
            total[:, i - 1].addcmul_(keep[:, i], total[:, i])
        before = torch.cat((first[:, None], found[:, :-1]), 1)
        return total * before, total, total[:, 0] * keep[:, 0]


def scan(keep: Tensor, new: Tensor, first: Tensor) -> Tensor:
    """The memory after each frame: `h[i] = keep[i] h[i - 1] + new[i]`.

    Args:
        keep: how much stays, `(b, n, d)`.
        new: what is added, `(b, n, d)`.
        first: the memory before, `(b, d)`.

    >>> one = torch.ones(1, 3, 1)
    >>> scan(0.5 * one, one, torch.zeros(1, 1)).flatten().tolist()
    [1.0, 1.5, 1.75]
    """
    if new.shape[1] == 1:  # a stream: nothing to loop over
        return torch.addcmul(new, keep, first[:, None])
    found: Tensor = _Scan.apply(keep, new, first)
    return found


class MinimalGRU(nn.Module):
    """Gated recurrent units without the way from the memory to the gates, and with one for output.

    Feng et al., *Were RNNs All We Needed?*, 2024 (there minGRU); the gate of the output is that of
    Lei et al., *Simple Recurrent Units*, EMNLP 2018. All products of matrices are of whole
    sequences; from frame to frame only numbers are added.

    Args:
        features: `d` received and given.
        memory: units.

    >>> net = MinimalGRU(6, 4)
    >>> x, h = torch.randn(2, 5, 6), torch.zeros(2, 4)
    >>> y, after = net(x, h)
    >>> first, h = net(x[:, :2], h)
    >>> second, h = net(x[:, 2:], h)
    >>> bool(torch.allclose(torch.cat((first, second), 1), y, atol=1e-6)), y.shape, after.shape
    (True, torch.Size([2, 5, 6]), torch.Size([2, 4]))
    """

    def __init__(self, features: int, memory: int) -> None:
        super().__init__()
        self.enter = nn.Linear(features, 3 * memory)
        self.leave = nn.Linear(memory, features)
        # Units that remember from two frames to some seconds.
        with torch.no_grad():
            self.enter.bias[:memory].copy_(-torch.linspace(0.0, 5.0, memory))

    def forward(self, x: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """`(b, n, features)` and the memory `(b, memory)` → the same, after the last frame."""
        gate, new, out = self.enter(x).chunk(3, -1)
        with full_precision(x.device.type):
            change = gate.float().sigmoid()
            h = scan(1 - change, change * new.float(), hidden)
        return self.leave(h.to(out.dtype) * out.sigmoid()), h[:, -1]
