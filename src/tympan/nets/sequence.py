"""What padded sequences of features need: symbols of a text, frames of a sound."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def mask_of(lengths: Tensor, size: int) -> Tensor:
    """1 where a padded sequence has a value, 0 behind its end.

    Args:
        lengths: `(b,)`.
        size: `n`, of the padded sequences.

    Returns:
        `(b, 1, n)`, float.

    >>> mask_of(torch.tensor([1, 3]), 3).tolist()
    [[[1.0, 0.0, 0.0]], [[1.0, 1.0, 1.0]]]
    """
    return (torch.arange(size, device=lengths.device) < lengths[:, None])[:, None].float()


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the features `d` of `(b, d, n)`.

    >>> ChannelNorm(4)(torch.randn(2, 4, 9)).shape
    torch.Size([2, 4, 9])
    """

    def forward(self, x: Tensor) -> Tensor:
        """`(b, d, n)` → `(b, d, n)`."""
        return super().forward(x.transpose(1, 2)).transpose(1, 2)
