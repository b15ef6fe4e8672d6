"""Convolutions over the frames of a sequence, as transformers are built."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tympan.nets.blocks import check_axes


class ConvNeXtBlock(nn.Module):
    """A convolution of each feature over frames, then a feed-forward net, beside a shortcut.

    Liu et al., *A ConvNet for the 2020s*, CVPR 2022, over one axis; so in Siuzdak, *Vocos*, ICLR
    2024. A frame depends on `context` frames on each side of it; beyond the ends there are zeros,
    and so behind the end of a padded sequence, if its mask is given.

    Args:
        features: `d`.
        kernel: frames of the convolution, an odd number.
        expansion: width of the feed-forward net, in multiples of `d`.
        dropout: probability of dropping a feature of what is added, in training.
        dilation: frames from one of the kernel to the next.
        scale: of what the block adds, at first.

    Attributes:
        context: frames needed on each side.

    >>> ConvNeXtBlock(16)(torch.zeros(2, 16, 30)).shape
    torch.Size([2, 16, 30])
    """

    def __init__(
        self,
        features: int,
        *,
        kernel: int = 7,
        expansion: int = 3,
        dropout: float = 0.0,
        dilation: int = 1,
        scale: float = 0.2,
    ) -> None:
        super().__init__()
        self.features, self.context = features, kernel // 2 * dilation
        self.over_frames = nn.Conv1d(
            features, features, kernel, padding="same", dilation=dilation, groups=features
        )
        self.norm = nn.LayerNorm(features)
        self.feed_forward = nn.Sequential(
            nn.Linear(features, expansion * features),
            nn.GELU(),
            nn.Linear(expansion * features, features),
        )
        self.dropout = nn.Dropout(dropout)
        self.scale = nn.Parameter(torch.full((features,), scale))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """`(b, d, n)`, and `mask` `(b, 1, n)` of what is no padding → `(b, d, n)`."""
        check_axes(x, "b d n", type(self).__name__, d=self.features)
        if mask is not None:
            x = x * mask
        h = self.norm(self.over_frames(x).transpose(1, 2))
        x = x + self.dropout(self.scale * self.feed_forward(h)).transpose(1, 2)
        return x if mask is None else x * mask
