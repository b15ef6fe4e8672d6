"""Muon: steps along orthogonal matrices for the kernels of hidden layers, AdamW for the rest."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

# The polynomial a x + b x³ + c x⁵ and how often it is applied (Jordan et al., 2024): it lifts small
# singular values fast and leaves all but the smallest (under a 500th of the norm) between 0.7 and
# 1.2, which serves as well as exactly 1.
POLYNOMIAL, ITERATIONS = (3.4445, -4.7750, 2.0315), 5
MOMENTUM = 0.95
# An orthogonal step with this factor is as large as AdamW's usual one, so that one learning rate
# and one weight decay suit both (Liu et al., *Muon is Scalable for LLM Training*, 2025).
ADAMW_SIZE = 0.2


def is_hidden_kernel(weight: Tensor) -> bool:
    """Whether a weight is the kernel of a convolution between feature maps.

    The first convolution, on one channel, and the head do better with AdamW (Jordan et
    al.).

    >>> is_hidden_kernel(torch.zeros(8, 4, 3, 3)), is_hidden_kernel(torch.zeros(8, 1, 3, 3))
    (True, False)
    """
    return weight.ndim >= 3 and weight.shape[1] > 1


def orthogonalized(matrix: Tensor) -> Tensor:
    """Singular vectors kept, singular values brought to about 1.

    The iteration of Newton and Schulz, carried out on the small Gram matrix: of the large products
    only the first and the last remain, which halves the work.

    Args:
        matrix: `(m, n)`, float32.

    Returns:
        `(m, n)`; zero for a zero matrix.

    >>> x = orthogonalized(torch.tensor([[3.0, 0.0, 0.0], [0.0, 0.2, 0.0]]))
    >>> bool(((torch.linalg.svdvals(x) - 1).abs() < 0.35).all())
    True
    """
    wide = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    wide = wide / wide.norm().clamp_min(1e-7)
    gram = wide @ wide.T
    a, b, c = POLYNOMIAL
    total: Tensor | None = None
    for _ in range(ITERATIONS):
        step = torch.addmm(gram, gram, gram, beta=b, alpha=c)
        step.diagonal().add_(a)
        total = step if total is None else step @ total
        gram = step @ gram @ step
    assert total is not None
    wide = total @ wide
    found: Tensor = wide if matrix.shape[0] <= matrix.shape[1] else wide.T
    return found


class Muon(torch.optim.AdamW):
    """AdamW, but kernels of hidden layers move along the orthogonalised momentum.

    Jordan et al., *Muon: An optimizer for hidden layers in neural networks*, 2024
    (https://kellerjordan.github.io/posts/muon/). A gradient of a kernel is dominated by a few
    directions; made orthogonal, the step moves in all of them alike.

    Args:
        groups: parameter groups as for `torch.optim.AdamW`; where one says `"hidden": True`, its
            matrices are those of hidden layers too (a matrix alone does not tell whether it is
            that, a table or a head).
        lr: learning rate, of the size that suits AdamW.

    >>> kernel = torch.nn.Parameter(torch.zeros(2, 2, 1))
    >>> optimizer = Muon([{"params": [kernel], "weight_decay": 0.0}], lr=0.1)
    >>> kernel.grad = torch.tensor([[[5.0], [0.0]], [[0.0], [0.001]]])
    >>> optimizer.step()
    >>> bool(kernel[0, 0] < -0.01 and kernel[0, 1] == 0)
    True
    """

    def __init__(self, groups: list[dict[str, Any]], lr: float) -> None:
        super().__init__(groups, lr=lr, fused=True)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step; the gradients of hidden kernels are gone afterwards."""
        assert closure is None, "the loss is not computed again"
        for group in self.param_groups:
            for weight in group["params"]:
                hidden = is_hidden_kernel(weight) or (group.get("hidden") and weight.ndim == 2)
                if weight.grad is not None and hidden:
                    self._step_along(weight, group["lr"], group["weight_decay"])
                    weight.grad = None  # AdamW passes over it
        super().step()

    def _step_along(self, weight: nn.Parameter, lr: float, weight_decay: float) -> None:
        state = self.state[weight]
        if not state:  # names and types as AdamW's, which reads them when a training is resumed
            state["step"] = torch.zeros((), dtype=torch.float32, device=weight.device)
            state["exp_avg"] = torch.zeros_like(weight)
        state["step"] += 1
        assert weight.grad is not None
        momentum = state["exp_avg"].lerp_(weight.grad, 1 - MOMENTUM)
        ahead = weight.grad.lerp(momentum, MOMENTUM).float()  # Nesterov's
        rows = ahead.flatten(1)
        step = orthogonalized(rows).view(ahead.shape)
        size = ADAMW_SIZE * math.sqrt(max(rows.shape))
        weight.mul_(1 - lr * weight_decay).add_(step, alpha=-lr * size)
