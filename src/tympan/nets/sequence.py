"""Blocks for padded sequences of features: symbols of a text, frames of a sound."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from tympan.nets.blocks import check_axes


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


class SequenceBlock(nn.Module):
    """A depthwise convolution and a feed-forward net, with a shortcut: ConvNeXt in one dimension.

    Liu et al., *A ConvNet for the 2020s*, CVPR 2022; on spectra: Siuzdak, *Vocos*, 2023.

    Args:
        features: `d`.
        kernel: frames of the depthwise convolution, an odd number.
        expansion: width of the feed-forward net, in multiples of `d`.
        dropout: probability of dropping a feature in training.
        dilation: frames between those of the kernel.

    >>> SequenceBlock(32)(torch.zeros(2, 32, 50)).shape
    torch.Size([2, 32, 50])
    """

    def __init__(
        self,
        features: int,
        *,
        kernel: int = 7,
        expansion: int = 4,
        dropout: float = 0.0,
        dilation: int = 1,
    ) -> None:
        super().__init__()
        self.features = features
        self.depthwise = nn.Conv1d(
            features, features, kernel, padding=kernel // 2 * dilation, dilation=dilation,
            groups=features,
        )  # fmt: skip
        self.norm = nn.LayerNorm(features)
        # Kernels of one frame, so that optimisers know them as those of hidden convolutions.
        self.wide = nn.Conv1d(features, expansion * features, 1)
        self.narrow = nn.Conv1d(expansion * features, features, 1)
        self.dropout = nn.Dropout(dropout)
        # Small at first, so that a deep stack begins near the identity.
        self.scale = nn.Parameter(torch.full((features,), 0.1))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """`(b, d, n)`, and `mask` `(b, 1, n)` of what is no padding → `(b, d, n)`."""
        check_axes(x, "b d n", type(self).__name__, d=self.features)
        if mask is not None:
            x = x * mask
        h = self.norm(self.depthwise(x).transpose(1, 2))
        # On features that lie side by side a matrix product is faster than a convolution.
        h = nn.functional.gelu(linear(h, self.wide.weight[..., 0], self.wide.bias))
        h = linear(h, self.narrow.weight[..., 0], self.narrow.bias) * self.scale
        x = x + self.dropout(h).transpose(1, 2)
        return x if mask is None else x * mask
