"""The running average of a net's weights, and the schedule of the learning rate."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

Tensors = tuple[Tensor, ...] | list[Tensor]


class WarmupAverage:
    """How an average of weights takes in those of a step, for `AveragedModel(multi_avg_fn=…)`.

    The decay grows from 0.1 as n / (9 + n), so that a short training is not an average of its
    random start. Counts, such as those of batch norm, are copied.

    Args:
        decay: the decay it ends at.
    """

    def __init__(self, decay: float) -> None:
        self.decay = decay

    @torch.no_grad()
    def __call__(self, averages: Tensors, current: Tensors, n: Tensor | int) -> None:
        """Move `averages` towards `current`; `n` is 1 at the first step."""
        count = int(n)
        if averages[0].is_floating_point() or averages[0].is_complex():
            torch._foreach_lerp_(averages, current, 1 - min(self.decay, count / (9 + count)))
        else:
            for average, value in zip(averages, current, strict=True):
                average.copy_(value)


def averaged(net: nn.Module, decay: float | None) -> AveragedModel | None:
    """An exponential average of a net's weights and buffers; None without a decay.

    Polyak, Juditsky, *Acceleration of Stochastic Approximation by Averaging*, 1992.

    >>> net = nn.Linear(1, 1, bias=False)
    >>> average = averaged(net, decay=0.5)
    >>> _ = net.weight.data.add_(1.0)
    >>> average.update_parameters(net)
    >>> bool((net.weight - average.module.weight - 0.1).abs() < 1e-6)
    True
    """
    if decay is None:
        return None
    average = AveragedModel(net, multi_avg_fn=WarmupAverage(decay), use_buffers=True)
    average.requires_grad_(False).eval()
    # From 0 the first step would be copied, and the start forgotten.
    average.n_averaged.fill_(1)
    return average


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
