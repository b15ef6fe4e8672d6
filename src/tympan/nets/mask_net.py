"""A causal net that tells, frame by frame, how much of each part of a spectrum is the source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tympan.nets.bands import band_matrix
from tympan.nets.blocks import check_axes
from tympan.spectra.stft import STFT

# Compression of magnitudes, as hearing does it.
POWER = 0.5
# Below so much mean power of a frame (of full scale) there is nothing but the steps of 24 bits.
SILENT = 1e-13
HISTORY = 2


@dataclass
class MaskState:
    """What a `MaskNet` remembers of the frames before.

    Attributes:
        frames: features of the last frames, `(b, 3, bands, 2)`.
        level: weighted sum of log powers, and of weights, `(b, 2)`.
        hidden: of the recurrent units of each block, `(1, b · groups, memory)`.
    """

    frames: Tensor
    level: Tensor
    hidden: list[Tensor]


class BandBlock(nn.Module):
    """Mixes the bands of each frame, then remembers: one recurrent unit for each group of bands.

    The first half is that of Tolstikhin et al., *MLP-Mixer*, NeurIPS 2021; the second shares the
    weights of its units among groups, as the dual paths of GTCRN do.

    Args:
        places: bands, a multiple of `groups`.
        channels: `d` of each.
        groups: of neighbouring bands.
        memory: of the recurrent unit of a group.

    >>> block = BandBlock(6, 8, groups=3, memory=4)
    >>> y, h = block(torch.zeros(2, 5, 6, 8), torch.zeros(1, 2 * 3, 4))
    >>> y.shape, h.shape
    (torch.Size([2, 5, 6, 8]), torch.Size([1, 6, 4]))
    """

    def __init__(self, places: int, channels: int, *, groups: int, memory: int) -> None:
        super().__init__()
        self.groups = groups
        wide = places // groups * channels
        self.mix_norm = nn.LayerNorm(channels)
        self.mix_in = nn.Linear(places, 2 * places)
        self.mix_out = nn.Linear(2 * places, places)
        self.each_norm = nn.LayerNorm(channels)
        self.each_in = nn.Linear(channels, 2 * channels)
        self.each_out = nn.Linear(2 * channels, channels)
        self.along_norm = nn.LayerNorm(channels)
        self.along_in = nn.Linear(wide, memory)
        self.along = nn.GRU(memory, memory, batch_first=True)
        self.along_out = nn.Linear(memory, wide)

    def forward(self, x: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """`(b, n, f, d)` and the state `(1, b · groups, memory)` → the same, after the frames."""
        b, n, f, d = x.shape
        y = self.mix_in(self.mix_norm(x).transpose(2, 3))
        x = x + self.mix_out(functional.gelu(y)).transpose(2, 3)
        x = x + self.each_out(functional.gelu(self.each_in(self.each_norm(x))))
        y = self.along_norm(x).view(b, n, self.groups, -1).transpose(1, 2)
        y = self.along_in(y).reshape(b * self.groups, n, -1)
        y, hidden = self.along(y, hidden.to(y.dtype))
        y = self.along_out(y).view(b, self.groups, n, -1).transpose(1, 2)
        return x + y.reshape(b, n, f, d), hidden


class Widen(nn.Module):
    """Twice as many bands: two outputs of a convolution stand side by side.

    Shi et al., *Real-Time Single Image and Video Super-Resolution*, CVPR 2016.

    >>> Widen(4, 3)(torch.zeros(2, 4, 5, 6)).shape
    torch.Size([2, 3, 5, 12])
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 2 * out_channels, (1, 3), padding=(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        """`(b, c, n, f)` → `(b, out_channels, n, 2 f)`."""
        y = self.conv(x).unflatten(1, (-1, 2))
        return y.movedim(2, -1).flatten(-2)


class MaskNet(nn.Module):
    """From a spectrum to a complex mask for each source; it never looks ahead.

    A frame is seen in bands, relative to the level of the last seconds, so that a recording may be
    as quiet or loud as it likes. Strided convolutions across bands, blocks with memory and
    convolutions back give a mask for each band. In the lineage of GTCRN (Rong et al., ICASSP 2024)
    and UL-UNAS (Rong et al., 2025), without their convolutions over time: all memory is in the
    recurrent units and the features of two frames.

    Args:
        sources: how many masks.
        rate_hz: of the waves that `forward` takes.
        n_fft: samples of a frame.
        hop: from one frame to the next.
        single, wide: bands, see `tympan.nets.bands.band_matrix`.
        channels: of the blocks, for each fourth band.
        groups: of bands with a recurrent unit each.
        memory: of each unit.
        blocks: their number.

    >>> net = MaskNet(1, channels=8, groups=2, memory=4, blocks=1)
    >>> net(torch.zeros(2, 1, 1000)).shape
    torch.Size([2, 1, 1, 1000])
    """

    def __init__(
        self,
        sources: int = 1,
        *,
        rate_hz: int = 16000,
        n_fft: int = 512,
        hop: int = 256,
        single: int = 64,
        wide: int = 32,
        channels: int = 32,
        groups: int = 6,
        memory: int = 80,
        blocks: int = 2,
    ) -> None:
        super().__init__()
        self.sources, self.rate_hz, self.n_fft, self.hop = sources, rate_hz, n_fft, hop
        self.num_bins, self.bands = n_fft // 2 + 1, single + wide
        self.groups, self.memory = groups, memory
        window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft))
        self.stft = STFT(n_fft, hop, window=window)
        self.scale = 2 / float(window.sum())
        gather, spread = band_matrix(self.num_bins, single, wide, rate_hz / 2)
        self.register_buffer("gather", torch.from_numpy(gather), False)
        self.register_buffer("spread", torch.from_numpy(spread), False)
        self.keep = float(np.exp(-hop / rate_hz / 3.0))
        half = channels // 2
        self.coarse = self.bands // 4
        self.enter = nn.Conv2d(3 * (HISTORY + 1), half, (1, 5), (1, 2), (0, 2))
        self.enter_act = nn.PReLU(half)
        self.narrow = nn.Conv2d(half, channels, (1, 5), (1, 2), (0, 2))
        self.narrow_act = nn.PReLU(channels)
        self.place = nn.Parameter(torch.zeros(self.coarse, channels))
        self.blocks = nn.ModuleList(
            BandBlock(self.coarse, channels, groups=groups, memory=memory) for _ in range(blocks)
        )
        self.widen = Widen(2 * channels, half)
        self.widen_act = nn.PReLU(half)
        self.leave = Widen(2 * half, 2 * sources)

    def begin(self, batch: int = 1) -> MaskState:
        """The state before the first frame."""
        place = self.place
        return MaskState(
            place.new_zeros(batch, 3, HISTORY, self.bands),
            place.new_zeros(batch, 2),
            [place.new_zeros(1, batch * self.groups, self.memory) for _ in self.blocks],
        )

    def levels(self, power: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Log power of the last seconds `(b, n)` from that of each frame; the state after it."""
        there = (power > SILENT).float()
        logs = (power + SILENT).log() * there
        found = []
        pairs = torch.stack((logs, there), -1)
        for i in range(power.shape[1]):
            state = self.keep * state + pairs[:, i]
            found.append(state)
        total, weight = torch.stack(found, 1).unbind(-1)
        return total / weight.clamp_min(1e-6) + (weight <= 1e-6) * np.log(SILENT), state

    def features(self, spec: Tensor, state: MaskState) -> tuple[Tensor, MaskState]:
        """Complex `(b, f, n)` → `(b, 9, n, bands)`."""
        spec = spec * self.scale
        power = spec.real.square() + spec.imag.square()
        level, state_level = self.levels(power.mean(1), state.level)
        gain = (-0.5 * level).exp()[:, None]
        magnitude = (power + 1e-20).sqrt() * gain
        packed = (magnitude + 1e-6).pow(POWER - 1) * gain
        parts = torch.stack((spec.real * packed, spec.imag * packed), 1)
        loud = (magnitude + 1e-3).log() / 3
        x = torch.cat((loud[:, None], parts), 1).transpose(2, 3) @ self.gather.t()
        whole = torch.cat((state.frames, x), 2)
        n = x.shape[2]
        stacked = torch.cat([whole[:, :, i : i + n] for i in range(HISTORY + 1)], 1)
        return stacked, MaskState(whole[:, :, n:], state_level, state.hidden)

    def mask(self, spec: Tensor, state: MaskState) -> tuple[Tensor, MaskState]:
        """Complex spectrum `(b, f, n)` → complex masks `(b, k, f, n)`, and the state after it."""
        with torch.autocast(spec.device.type, enabled=False):
            x, state = self.features(spec, state)
        first = self.enter_act(self.enter(x))
        second = self.narrow_act(self.narrow(first))
        y = second.permute(0, 2, 3, 1) + self.place
        hidden = []
        for block, before in zip(self.blocks, state.hidden, strict=True):
            y, after = block(y, before)
            hidden.append(after)
        y = torch.cat((y.permute(0, 3, 1, 2).to(second.dtype), second), 1)
        y = self.widen_act(self.widen(y))
        y = self.leave(torch.cat((y, first), 1)).float()
        with torch.autocast(spec.device.type, enabled=False):
            y = y @ self.spread.t()
            real, imag = y.unflatten(1, (self.sources, 2)).unbind(2)
            # At 0 the mask is a half; its size stays below one, but for what little it adds.
            size = (real.square() + imag.square() + 1e-6).sqrt()
            bound = 1.2 * torch.tanh(size) / size
            mask = torch.complex(real * bound, imag * bound).transpose(2, 3)
        return mask, MaskState(state.frames, state.level, hidden)

    def forward(self, mix: Tensor) -> Tensor:
        """`(b, c, t)` → `(b, k, c, t)`: one mask, found in the mean of the channels, for all."""
        check_axes(mix, "b c t", type(self).__name__)
        with torch.autocast(mix.device.type, enabled=False):
            spec = self.stft(mix.float())
            mean = spec.mean(1)
        mask, _ = self.mask(mean, self.begin(len(mix)))
        with torch.autocast(mix.device.type, enabled=False):
            return self.stft.inverse(mask[:, :, None] * spec[:, None], mix.shape[-1])
