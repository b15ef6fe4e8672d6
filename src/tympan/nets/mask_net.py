"""A causal net that tells, frame by frame, how much of each part of a spectrum is the source."""

from __future__ import annotations

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
    """What a `MaskNet` remembers of the frames before.

    Attributes:
        frames: features of the last frames, `(b, 2, 3 · bands)`.
        level: weighted sum of log powers, and of weights, `(b, 2)`.
        hidden: the memory of each layer, `(b, memory)`.
    """

    frames: Tensor
    level: Tensor
    hidden: list[Tensor]


class MaskNet(nn.Module):
    """From a spectrum to a complex mask for each source; it never looks ahead.

    A frame is seen in bands, relative to the level of the last seconds, so that a recording may be
    as quiet or loud as it likes. Layers of memory read all bands of a frame together, as in RNNoise
    (Valin, *A Hybrid DSP/Deep Learning Approach to Real-Time Full-Band Speech Enhancement*, MMSP
    2018), and give a complex mask for each band, as in GTCRN (Rong et al., ICASSP 2024). The
    memories are `tympan.nets.scan.MinimalGRU`, which train many times faster on a processor than
    convolutions or recurrent units across bands.

    Args:
        sources: how many masks.
        rate_hz: of the waves that `forward` takes.
        n_fft: samples of a frame.
        hop: from one frame to the next.
        single, wide: bands, see `tympan.nets.bands.band_matrix`.
        features: of a frame between the layers.
        memory: units of each layer.
        layers: their number.

    >>> net = MaskNet(1, features=8, memory=4, layers=1)
    >>> net(torch.zeros(2, 1, 1000)).shape
    torch.Size([2, 1, 1, 1000])
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
        features: int = 192,
        memory: int = 192,
        layers: int = 4,
    ) -> None:
        super().__init__()
        self.sources, self.rate_hz, self.n_fft, self.hop = sources, rate_hz, n_fft, hop
        self.num_bins, self.bands = n_fft // 2 + 1, single + wide
        self.memory = memory
        window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft))
        self.stft = STFT(n_fft, hop, window=window)
        self.scale = 2 / float(window.sum())
        gather, spread = band_matrix(self.num_bins, single, wide, rate_hz / 2)
        self.register_buffer("gather", torch.from_numpy(gather), False)
        self.register_buffer("spread", torch.from_numpy(spread), False)
        self.keep = float(np.exp(-hop / rate_hz / 3.0))
        self.enter = nn.Linear(3 * (HISTORY + 1) * self.bands, features)
        self.norms = nn.ModuleList(nn.LayerNorm(features) for _ in range(layers))
        self.layers = nn.ModuleList(MinimalGRU(features, memory) for _ in range(layers))
        self.leave_norm = nn.LayerNorm(features)
        self.leave = nn.Linear(features, 2 * sources * self.bands)
        # At first half of everything passes, so that a training begins with the mix.
        with torch.no_grad():
            self.leave.bias.view(sources, 2, self.bands)[:, 0] += 0.5

    def begin(self, batch: int = 1) -> MaskState:
        """The state before the first frame."""
        zeros = self.spread.new_zeros
        return MaskState(
            zeros(batch, HISTORY, 3 * self.bands),
            zeros(batch, 2),
            [zeros(batch, self.memory) for _ in self.layers],
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
        """Complex `(b, f, n)` → `(b, n, 9 · bands)`."""
        spec = spec.transpose(1, 2) * self.scale
        real, imag = spec.real, spec.imag
        power = real.square() + imag.square()
        level, state_level = self.levels(power.mean(2), state.level)
        gain = (-0.5 * level).exp()[..., None]
        magnitude = (power + 1e-20).sqrt() * gain
        packed = gain * (magnitude + 1e-6).rsqrt()
        loud = (magnitude + 1e-3).log() / 3
        x = torch.stack((loud, real * packed, imag * packed), 2) @ self.gather.t()
        whole = torch.cat((state.frames, x.flatten(2)), 1)
        n = x.shape[1]
        stacked = torch.cat([whole[:, i : i + n] for i in range(HISTORY + 1)], 2)
        return stacked, MaskState(whole[:, n:], state_level, state.hidden)

    def mask(self, spec: Tensor, state: MaskState) -> tuple[Tensor, MaskState]:
        """Complex spectrum `(b, f, n)` → complex masks `(b, k, f, n)`, and the state after it."""
        with full_precision(spec.device.type):
            x, state = self.features(spec, state)
        y = self.enter(x)
        hidden = []
        for norm, layer, before in zip(self.norms, self.layers, state.hidden, strict=True):
            change, after = layer(norm(y), before)
            y = y + change
            hidden.append(after)
        y = self.leave(self.leave_norm(y)).float()
        with full_precision(spec.device.type):
            y = y.unflatten(2, (self.sources, 2, self.bands)) @ self.spread.t()
            real, imag = y.movedim(1, 3).unbind(2)  # (b, k, n, f) each
            # Its size stays below a little more than one.
            size = (real.square() + imag.square() + 1e-6).sqrt()
            bound = MOST * torch.tanh(size) / size
            mask = torch.complex(real * bound, imag * bound).transpose(2, 3)
        return mask, MaskState(state.frames, state.level, hidden)

    def forward(self, mix: Tensor) -> Tensor:
        """`(b, c, t)` → `(b, k, c, t)`: one mask, found in the mean of the channels, for all."""
        check_axes(mix, "b c t", type(self).__name__)
        with full_precision(mix.device.type):
            spec = self.stft(mix.float())
            mean = spec.mean(1)
        mask, _ = self.mask(mean, self.begin(len(mix)))
        with full_precision(mix.device.type):
            return self.stft.inverse(mask[:, :, None] * spec[:, None], mix.shape[-1])
