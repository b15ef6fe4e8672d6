"""A causal net that tells, frame by frame, how much of each part of a spectrum is the source."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tympan._precision import full_precision
from tympan.nets.bands import band_matrix
from tympan.nets.blocks import check_axes
from tympan.nets.scan import MinimalGRU
from tympan.spectra.stft import STFT

# Below so much mean power of a frame (of full scale) there is nothing but the steps of 24 bits.
SILENT = 1e-13
HISTORY = 2
# Cancelling noise may raise what is left of a bin.
MOST = 1.2


@dataclass
class MaskState:
    """What a net of masks remembers of the frames before.

    Attributes:
        level: weighted sum of log powers, and of weights, `(b, 2)`.
        hidden: what else it keeps, each `(b, …)`.
    """

    level: Tensor
    hidden: list[Tensor]


class BandMaskNet(nn.Module, ABC):
    """From a spectrum to a complex mask for each source, in bands; it never looks ahead.

    A frame is seen in bands, relative to the level of the last seconds, so that a recording may be
    as quiet or loud as it likes. What finds the masks in these bands is a subclass's.

    Args:
        sources: how many masks.
        rate_hz: of the waves that `forward` takes.
        n_fft: samples of a frame.
        hop: from one frame to the next.
        single, wide: bands, see `tympan.nets.bands.band_matrix`.
    """

    gather: Tensor
    spread: Tensor

    def __init__(
        self,
        sources: int = 1,
        *,
        rate_hz: int = 16000,
        n_fft: int = 512,
        hop: int = 256,
        single: int = 64,
        wide: int = 32,
    ) -> None:
        super().__init__()
        self.sources, self.rate_hz, self.n_fft, self.hop = sources, rate_hz, n_fft, hop
        self.num_bins, self.bands = n_fft // 2 + 1, single + wide
        window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft))
        self.stft = STFT(n_fft, hop, window=window)
        self.scale = 2 / float(window.sum())
        gather, spread = band_matrix(self.num_bins, single, wide, rate_hz / 2)
        self.register_buffer("gather", torch.from_numpy(gather), False)
        self.register_buffer("spread", torch.from_numpy(spread), False)
        self.keep = float(np.exp(-hop / rate_hz / 3.0))

    @abstractmethod
    def memories(self, batch: int) -> list[Tensor]:
        """What is remembered before the first frame, each `(b, …)`."""

    @abstractmethod
    def through(self, x: Tensor, hidden: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Bands `(b, n, 3, bands)` → real and imaginary part of the masks
        `(b, n, k, 2, bands)`, and what is remembered."""

    def begin(self, batch: int = 1) -> MaskState:
        """The state before the first frame."""
        return MaskState(self.spread.new_zeros(batch, 2), self.memories(batch))

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

    def features(self, real: Tensor, imag: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Spectrum, parts `(b, n, f)` → `(b, n, 3, bands)`: log size, and both parts compressed."""
        real, imag = real * self.scale, imag * self.scale
        power = real.square() + imag.square()
        level, state = self.levels(power.mean(2), state)
        gain = (-0.5 * level).exp()[..., None]
        magnitude = (power + 1e-20).sqrt() * gain
        packed = gain * (magnitude + 1e-6).rsqrt()
        loud = (magnitude + 1e-3).log() / 3
        return torch.stack((loud, real * packed, imag * packed), 2) @ self.gather.t(), state

    def mask(self, spec: Tensor, state: MaskState) -> tuple[Tensor, MaskState]:
        """Complex spectrum `(b, f, n)` → complex masks `(b, k, f, n)`, and the state after it."""
        spec = spec.transpose(1, 2)
        real, imag, after = self.mask_parts(spec.real, spec.imag, state)
        with full_precision(spec.device.type):
            return torch.complex(real, imag).transpose(2, 3), after

    def mask_parts(
        self, real: Tensor, imag: Tensor, state: MaskState
    ) -> tuple[Tensor, Tensor, MaskState]:
        """Both parts of a spectrum `(b, n, f)` → both of its masks `(b, k, n, f)`, and the state.

        Runtimes of exported nets know no complex numbers.
        """
        with full_precision(real.device.type):
            x, level = self.features(real, imag, state.level)
        y, hidden = self.through(x, state.hidden)
        y = y.float()
        with full_precision(real.device.type):
            y = y @ self.spread.t()
            real, imag = y.movedim(1, 3).unbind(2)  # (b, k, n, f) each
            # Its size stays below a little more than one.
            size = (real.square() + imag.square() + 1e-6).sqrt()
            bound = MOST * torch.tanh(size) / size
            return real * bound, imag * bound, MaskState(level, hidden)

    def forward(self, mix: Tensor) -> Tensor:
        """`(b, c, t)` → `(b, k, c, t)`: one mask, found in the mean of the channels, for all."""
        check_axes(mix, "b c t", type(self).__name__)
        with full_precision(mix.device.type):
            spec = self.stft(mix.float())
            mean = spec.mean(1)
        mask, _ = self.mask(mean, self.begin(len(mix)))
        with full_precision(mix.device.type):
            return self.stft.inverse(mask[:, :, None] * spec[:, None], mix.shape[-1])


class MaskNet(BandMaskNet):
    """Masks from layers of memory that read all bands of a frame together.

    As in RNNoise (Valin, *A Hybrid DSP/Deep Learning Approach to Real-Time Full-Band Speech
    Enhancement*, MMSP 2018), with a complex mask for each band, as in GTCRN (Rong et al., ICASSP
    2024). The memories are `tympan.nets.scan.MinimalGRU`, which train many times faster on a
    processor than convolutions or recurrent units across bands.

    Args:
        sources: how many masks.
        features: of a frame between the layers.
        memory: units of each layer.
        layers: their number.
        front: as `BandMaskNet` takes it.

    >>> net = MaskNet(1, features=8, memory=4, layers=1)
    >>> net(torch.zeros(2, 1, 1000)).shape
    torch.Size([2, 1, 1, 1000])
    """

    def __init__(
        self,
        sources: int = 1,
        *,
        features: int = 192,
        memory: int = 192,
        layers: int = 4,
        **front: int,
    ) -> None:
        super().__init__(sources, **front)
        self.memory = memory
        self.enter = nn.Linear(3 * (HISTORY + 1) * self.bands, features)
        self.norms = nn.ModuleList(nn.LayerNorm(features) for _ in range(layers))
        self.layers = nn.ModuleList(MinimalGRU(features, memory) for _ in range(layers))
        self.leave_norm = nn.LayerNorm(features)
        self.leave = nn.Linear(features, 2 * sources * self.bands)
        # At first half of everything passes, so that a training begins with the mix.
        with torch.no_grad():
            self.leave.bias.view(sources, 2, self.bands)[:, 0] += 0.5

    def memories(self, batch: int) -> list[Tensor]:
        """Bands of the last frames `(b, 2, 3 · bands)`, and the memory of each layer."""
        zeros = self.spread.new_zeros
        frames = zeros(batch, HISTORY, 3 * self.bands)
        return [frames, *(zeros(batch, self.memory) for _ in self.layers)]

    def through(self, x: Tensor, hidden: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """See `BandMaskNet.through`."""
        n = x.shape[1]
        whole = torch.cat((hidden[0], x.flatten(2)), 1)
        y = self.enter(torch.cat([whole[:, i : i + n] for i in range(HISTORY + 1)], 2))
        kept = [whole[:, n:]]
        for norm, layer, before in zip(self.norms, self.layers, hidden[1:], strict=True):
            change, after = layer(norm(y), before)
            y = y + change
            kept.append(after)
        return self.leave(self.leave_norm(y)).unflatten(2, (self.sources, 2, self.bands)), kept
