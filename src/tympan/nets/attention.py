"""Every frame looks at every other."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError
from tympan.nets.blocks import check_axes


def sinusoidal_positions(features: int, frames: int) -> Tensor:
    """Sines and cosines of falling frequency that tell a frame its place, `(d, n)`.

    Vaswani et al., *Attention Is All You Need*, 2017, section 3.5.

    >>> sinusoidal_positions(8, 5).shape
    torch.Size([8, 5])
    """
    place = torch.arange(frames)
    step = torch.exp(torch.arange(0, features, 2) * (-math.log(10000.0) / features))
    angle = step[:, None] * place
    return torch.stack([angle.sin(), angle.cos()], 1).flatten(0, 1)[:features]


class AttentionBlock(nn.Module):
    """Self-attention and a feed-forward net, each normalised first and with a shortcut.

    The pre-norm transformer block (Xiong et al., 2020). Memory grows with the square of the
    number of frames: give it blocks of a long recording.

    Args:
        features: `d`, a multiple of `heads`.
        heads: attention heads.
        expansion: width of the feed-forward net, in multiples of `d`.
        dropout: probability of dropping a feature in training.
        positions: add sinusoidal positions to what is received.

    Raises:
        ArgumentError: `features` is not a multiple of `heads`.

    >>> AttentionBlock(64)(torch.zeros(2, 64, 30)).shape
    torch.Size([2, 64, 30])
    """

    def __init__(
        self,
        features: int,
        *,
        heads: int = 4,
        expansion: int = 2,
        dropout: float = 0.1,
        positions: bool = True,
    ) -> None:
        super().__init__()
        if features % heads:
            raise ArgumentError(f"{features} features cannot be shared among {heads} heads")
        self.features, self.positions = features, positions
        self.norm1, self.norm2 = nn.LayerNorm(features), nn.LayerNorm(features)
        self.attention = nn.MultiheadAttention(features, heads, dropout, batch_first=True)
        self.feed_forward = nn.Sequential(
            nn.Linear(features, expansion * features),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(expansion * features, features),
        )

    def forward(self, x: Tensor, padding: Tensor | None = None) -> Tensor:
        """`(b, d, n)`, and `padding` `(b, n)`, true where there is nothing → `(b, d, n)`."""
        check_axes(x, "b d n", type(self).__name__, d=self.features)
        if self.positions:
            x = x + sinusoidal_positions(self.features, x.shape[2]).to(x)
        h = x.transpose(1, 2)
        query = self.norm1(h)
        h = h + self.attention(query, query, query, key_padding_mask=padding, need_weights=False)[0]
        h = h + self.feed_forward(self.norm2(h))
        return h.transpose(1, 2)
