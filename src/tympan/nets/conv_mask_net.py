"""Masks from convolutions over neighbouring bands, with memory between them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError
from tympan.nets.mask_net import BandMaskNet
from tympan.spectra._frames import is_traced

# Frames and bands that a convolution sees: this frame and the one before.
FRAMES, WIDE, NARROW = 2, 5, 3


class ConvMaskNet(BandMaskNet):
    """Masks from an encoder over bands, memory over frames, and a decoder beside shortcuts.

    The shape of Tan, Wang, *A Convolutional Recurrent Neural Network for Real-Time Speech
    Enhancement*, Interspeech 2018, in bands, with complex masks as in GTCRN (Rong et al., ICASSP
    2024). Convolutions share over bands what they learn of harmonics and onsets, which matrices
    over whole frames must learn anew for each band.

    Args:
        sources: how many masks.
        channels: of each step of the encoder, which halves the bands.
        memory: units of each layer of memory.
        layers: their number.
        front: as `BandMaskNet` takes it.

    Raises:
        ArgumentError: the bands cannot be halved so often.

    >>> net = ConvMaskNet(1, channels=(4, 8), memory=4, layers=1).eval()
    >>> net(torch.zeros(2, 1, 1000)).shape
    torch.Size([2, 1, 1, 1000])
    """

    def __init__(
        self,
        sources: int = 1,
        *,
        channels: Sequence[int] = (16, 32, 48, 64),
        memory: int = 192,
        layers: int = 2,
        **front: int,
    ) -> None:
        super().__init__(sources, **front)
        if not channels or self.bands % (1 << len(channels)):
            what = f"{self.bands} bands cannot be halved by {len(channels)} steps of channels"
            raise ArgumentError(what, fix=f"one to {_halvings(self.bands)} steps for so many bands")
        self.channels, sizes = tuple(channels), (3, *channels)
        self.down = nn.ModuleList(_Down(a, b) for a, b in zip(sizes, channels, strict=False))
        deepest = self.bands >> len(channels)
        width = deepest * channels[-1]
        self.memory = nn.LSTM(width, memory, layers, batch_first=True)
        self.back = nn.Linear(memory, width)
        outs = (*reversed(channels[:-1]), channels[0])
        self.shortcuts = nn.ModuleList(nn.Conv2d(one, one, 1) for one in reversed(channels))
        self.up = nn.ModuleList(_Up(a, b) for a, b in zip(reversed(channels), outs, strict=True))
        self.leave = nn.Conv2d(channels[0], 2 * sources, 1)
        # At first half of everything passes, so that a training begins with the mix.
        with torch.no_grad():
            self.leave.bias.view(sources, 2)[:, 0] += 0.5  # type: ignore[union-attr]

    def memories(self, batch: int) -> list[Tensor]:
        """The last frame before each convolution, then both memories of the layers."""
        zeros, steps = self.spread.new_zeros, len(self.channels)
        entering = [(self.bands >> i, c) for i, c in enumerate((3, *self.channels[:-1]))]
        leaving = [(self.bands >> (steps - i), c) for i, c in enumerate(self.channels[::-1])]
        found = [zeros(batch, c, FRAMES - 1, bands) for bands, c in (*entering, *leaving)]
        size = (batch, self.memory.num_layers, self.memory.hidden_size)
        return [*found, zeros(size), zeros(size)]

    def through(self, x: Tensor, hidden: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """See `BandMaskNet.through`."""
        before, kept, skips = iter(hidden), [], []
        x = x.transpose(1, 2)  # (b, 3, n, bands)
        for one in self.down:
            x, last = one(x, next(before))
            kept.append(last)
            skips.append(x)
        b, c, n, f = x.shape
        lasts = [next(before) for _ in self.up]
        h, cell = (one.transpose(0, 1).contiguous() for one in before)
        given = x.transpose(1, 2).reshape(b, n, c * f)
        y, after = self._remembered(given, h.to(x.dtype), cell.to(x.dtype))
        y = self.back(y).view(b, n, c, f).transpose(1, 2)
        for one, shortcut, last in zip(self.up, self.shortcuts, lasts, strict=True):
            y, last = one(y + shortcut(skips.pop()), last)
            kept.append(last)
        found = self.leave(y).unflatten(1, (self.sources, 2))  # (b, k, 2, n, bands)
        kept += [one.transpose(0, 1).float() for one in after]
        return found.permute(0, 3, 1, 2, 4), kept

    def _remembered(
        self, x: Tensor, h: Tensor, cell: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """The memory's output `(b, n, memory)`, and both memories after it."""
        if x.shape[1] > 1 or torch.is_grad_enabled() or is_traced():
            y, (h, cell) = self.memory(x, (h, cell))
            return y, (h, cell)
        # Of one frame, what the layers of a whole sequence prepare takes longer than the step.
        y, after = x[:, 0], []
        for weights, *before in zip(self.memory.all_weights, h, cell, strict=True):
            y, cell_after = torch.lstm_cell(y, before, *weights)
            after.append((y, cell_after))
        hs, cells = zip(*after, strict=True)
        return y[:, None], (torch.stack(hs), torch.stack(cells))


def _halvings(bands: int) -> int:
    """How often a number can be halved."""
    return (bands & -bands).bit_length() - 1


class _Down(nn.Module):
    """Half of the bands."""

    def __init__(self, features: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(features, out, (FRAMES, WIDE), (1, 2), (0, WIDE // 2), bias=False)
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """`(b, c, n, f)`, and the frame before → `(b, out, n, f / 2)`, and the last frame."""
        x = torch.cat((before.to(x.dtype), x), 2)
        return nn.functional.silu(self.norm(self.conv(x))), x[:, :, 1 - FRAMES :].float()


class _Up(nn.Module):
    """Twice the bands: each gives two neighbours (Shi et al., CVPR 2016, over one axis)."""

    def __init__(self, features: int, out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            features, 2 * out, (FRAMES, NARROW), padding=(0, NARROW // 2), bias=False
        )
        self.norm = nn.BatchNorm2d(out)

    def forward(self, x: Tensor, before: Tensor) -> tuple[Tensor, Tensor]:
        """`(b, c, n, f)`, and the frame before → `(b, out, n, 2 f)`, and the last frame."""
        x = torch.cat((before.to(x.dtype), x), 2)
        y = self.conv(x).unflatten(1, (-1, 2))  # (b, out, 2, n, f)
        y = y.permute(0, 1, 3, 4, 2).flatten(3)
        return nn.functional.silu(self.norm(y)), x[:, :, 1 - FRAMES :].float()
