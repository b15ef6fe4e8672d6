"""The running average of a net's weights, and the learning rate's course."""

from __future__ import annotations

import math
from copy import deepcopy

import torch
from torch import Tensor, nn


class AveragedNet:
    """An exponential average of a net's weights and buffers.

    The decay grows from 0.1 as (1 + step) / (10 + step), so that a short training is not an
    average of its random start.

    Args:
        net: the net that learns.
        decay: the decay it ends at; None: `net` itself is used, without an average.

    >>> source = nn.Linear(1, 1, bias=False)
    >>> average = AveragedNet(source, decay=0.5)
    >>> _ = source.weight.data.add_(1.0)
    >>> average.update(0)
    >>> bool((source.weight - average.net.weight - 0.1).abs() < 1e-6)
    True
    """

    def __init__(self, net: nn.Module, decay: float | None) -> None:
        self.decay = decay
        self.net = net if decay is None else deepcopy(net).requires_grad_(False).eval()
        self.follow(net)

    @torch.no_grad()
    def follow(self, net: nn.Module) -> None:
        """Average this net from now on (after it was moved to its device)."""
        source = net.state_dict(keep_vars=False)
        target = self.net.state_dict(keep_vars=False)
        floats = [k for k in target if target[k].is_floating_point() or target[k].is_complex()]
        self._pairs = [target[k] for k in floats], [source[k] for k in floats]
        self._copies = [(target[k], source[k]) for k in target if k not in set(floats)]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the net's weights after optimiser step number `step` (from 0)."""
        if self.decay is None:
            return
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(*self._pairs, 1 - decay)
        for target, source in self._copies:
            target.copy_(source)


def lr_factor(step: int, total: int, warmup: int, cycles: int = 1) -> float:
    """Linear warm-up, then half a cosine down to 0; as often as there are cycles.

    Loshchilov, Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, ICLR 2017.

    >>> [round(lr_factor(s, 8, 2), 2) for s in range(8)]
    [0.5, 1.0, 1.0, 0.93, 0.75, 0.5, 0.25, 0.07]
    >>> [round(lr_factor(s, 8, 1, cycles=2), 2) for s in range(8)]
    [1.0, 1.0, 0.75, 0.25, 1.0, 1.0, 0.75, 0.25]
    """
    total = math.ceil(total / cycles)
    step %= total
    warmup = min(warmup, total // 4)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))


def set_layout(net: nn.Module, layout: torch.memory_format) -> None:
    """Store the weights of 2-D convolutions channels last (faster), or as usual (to be saved)."""
    for parameter in net.parameters():
        if parameter.ndim == 4:
            parameter.data = parameter.data.contiguous(memory_format=layout)


def split_by_decay(parameters: list[nn.Parameter]) -> tuple[list[Tensor], list[Tensor]]:
    """Weights that decay (two and more axes) and those that do not (biases, norms)."""
    learn = [p for p in parameters if p.requires_grad]
    return [p for p in learn if p.ndim > 1], [p for p in learn if p.ndim <= 1]
