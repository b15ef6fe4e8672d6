"""The parts of `MaskUNet`: bands of a spectrum, convolutions that halve or double, two paths."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

Bands = Sequence[tuple[int, int]]


def merge(x: Tensor, bands: Bands) -> Tensor:
    """Bins `(b, c, f, n)` → bands `(b, c, bands, n)`: the mean of the bins of each.

    >>> merge(torch.arange(6.0).view(1, 1, 6, 1), ((2, 1), (2, 2))).flatten().tolist()
    [0.0, 1.0, 2.5, 4.5]
    """
    parts, at = [], 0
    for count, width in bands:
        part = x[:, :, at : at + count * width]
        parts.append(part if width == 1 else part.unflatten(2, (count, width)).mean(3))
        at += count * width
    return torch.cat(parts, 2)


def expand(masks: Tensor, bands: Bands, bins: int) -> Tensor:
    """Bands `(b, k, bands, n)` → bins `(b, k, bins, n)`; bins above the last band get its mask.

    >>> expand(torch.tensor([1.0, 2.0]).view(1, 1, 2, 1), ((1, 1), (1, 2)), 4).flatten().tolist()
    [1.0, 2.0, 2.0, 2.0]
    """
    at, index = 0, []
    for count, width in bands:
        index += [at + i // width for i in range(count * width)]
        at += count
    index += [at - 1] * (bins - len(index))
    return masks.index_select(2, torch.tensor(index, device=masks.device))


class Stage(nn.Module):
    """A convolution over bands and frames, normalised; with a stride of 2 it halves or doubles.

    Args:
        features: received.
        out: given.
        stride: over bands and over frames, each 1 or 2.
        up: double instead.

    >>> Stage(3, 4, (2, 1))(torch.zeros(1, 3, 8, 5)).shape
    torch.Size([1, 4, 4, 5])
    """

    def __init__(self, features: int, out: int, stride: Sequence[int], *, up: bool = False) -> None:
        super().__init__()
        kind = nn.ConvTranspose2d if up else nn.Conv2d
        kernel = tuple(4 if one == 2 else 3 for one in stride)
        self.conv = kind(features, out, kernel, tuple(stride), padding=1, bias=False)  # type: ignore[arg-type]
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        """`(b, c, f, n)` → `(b, out, f / stride, n / stride)`."""
        found: Tensor = nn.functional.silu(self.norm(self.conv(x)))
        return found


class PathBlock(nn.Module):
    """Memory over the frames of each band, then a mix of all bands of each frame.

    Args:
        features: `d` of each band.
        bands: `f`.
        hidden: features of each direction of the memory.
        squeeze: features of a band in the mix of all.
        condition: length of the vector that scales and shifts; 0: none.

    >>> PathBlock(8, 4, 6, 2)(torch.zeros(10, 3, 4, 8)).shape
    torch.Size([10, 3, 4, 8])
    """

    def __init__(
        self, features: int, bands: int, hidden: int, squeeze: int, condition: int = 0
    ) -> None:
        super().__init__()
        self.film = nn.Linear(condition, 2 * features) if condition else None
        if self.film is not None:
            nn.init.normal_(self.film.weight, std=0.3)
            nn.init.zeros_(self.film.bias)
        self.time_norm = nn.LayerNorm(features)
        self.memory = nn.LSTM(features, hidden, bidirectional=True)
        self.time_out = nn.Linear(2 * hidden, features)
        self.band_norm = nn.LayerNorm(features)
        self.shrink = nn.Linear(features, squeeze)
        self.mix = nn.Sequential(
            nn.Linear(bands * squeeze, bands * squeeze),
            nn.SiLU(),
            nn.Linear(bands * squeeze, bands * squeeze),
            nn.SiLU(),
        )
        self.grow = nn.Linear(squeeze, features)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """`(n, b, f, d)`, condition `(b, condition)` or None → `(n, b, f, d)`."""
        if self.film is not None and condition is not None:
            scale, shift = self.film(condition)[None, :, None].chunk(2, -1)
            x = x * (1 + scale) + shift
        y = self.memory(self.time_norm(x).flatten(1, 2))[0]
        x = x + self.time_out(y).unflatten(1, x.shape[1:3])
        y = self.shrink(self.band_norm(x)).flatten(2)
        return x + self.grow(self.mix(y).unflatten(2, (x.shape[2], -1)))
