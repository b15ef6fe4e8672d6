"""YIN: how little a signal repeats itself after each lag."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tympan.errors import ArgumentError
from tympan.spectra._constants import WithConstants, narrowed, widened
from tympan.spectra._frames import CHUNK_SAMPLES

if TYPE_CHECKING:
    from tympan.audio.clip import Clip


class Yin(WithConstants):
    """How little a signal repeats itself after each lag: samples (..., t) → (..., lags, n).

        d(T) = N / (N - T) sum_i (x[i] - x[i + T])²         over the N samples of a frame
        d'(T) = d(T) / mean(d(1) … d(T))

    0 where the signal has exactly the period T, about 1 where it has none: the cumulative mean
    normalised difference of A. de Cheveigné, H. Kawahara, "YIN, a fundamental frequency estimator
    for speech and music", JASA 111 (2002). Frames are centred on `i * hop`, in padding of zeros.

    Args:
        rate_hz: sample rate of the signal.
        hop: samples from one frame to the next.
        f_min_hz: lowest pitch; two and a half of its periods make a frame.
        f_max_hz: highest pitch.

    >>> t = torch.arange(16000) / 16000
    >>> yin = Yin(16000, hop=160, f_min_hz=100, f_max_hz=500)
    >>> int(yin(torch.sin(2 * torch.pi * 200 * t))[:, 50].argmin()) + yin.min_lag
    80
    """

    def __init__(
        self, rate_hz: int, hop: int, f_min_hz: float = 60.0, f_max_hz: float = 1000.0
    ) -> None:
        super().__init__()
        if not 0 < f_min_hz < f_max_hz <= rate_hz / 4:
            raise ArgumentError(
                f"pitches from {f_min_hz} to {f_max_hz} Hz at a rate of {rate_hz} Hz",
                fix=f"0 < f_min_hz < f_max_hz <= {rate_hz / 4:g}",
            )
        if hop < 1:
            raise ArgumentError(f"hop is {hop}", fix="1 or more")
        self.rate_hz, self.hop = rate_hz, hop
        # One lag more on both sides, so that a minimum at the edge is seen as one.
        self.min_lag = max(1, int(rate_hz / f_max_hz) - 1)
        self.max_lag = int(np.ceil(rate_hz / f_min_hz)) + 1
        self.frame = 5 * self.max_lag // 2

    def forward(self, x: Tensor | Clip) -> Tensor:
        """Samples (..., t), or a clip (c, t) → (..., lags, n); lag i is `min_lag + i` samples."""
        x = self.samples(x)
        half = self.frame // 2
        padded = functional.pad(widened(x).reshape(-1, x.shape[-1]), (half, self.frame - half))
        frames = padded.unfold(-1, self.frame, self.hop)[:, : 1 + x.shape[-1] // self.hop]
        step = max(1, CHUNK_SAMPLES // (4 * self.frame))
        out = torch.cat([self._difference(part) for part in frames.split(step, dim=1)], dim=1)
        out = out.transpose(-1, -2).reshape(*x.shape[:-1], -1, frames.shape[1])
        return narrowed(out, x)

    def _difference(self, frames: Tensor) -> Tensor:
        """Frames (b, n, frame) → d' (b, n, lags)."""
        frames = frames - frames.mean(dim=-1, keepdim=True)
        size, lags = self.frame, self.max_lag
        n_fft = 1 << (size + lags).bit_length()
        spec = torch.fft.rfft(frames, n_fft)
        products = torch.fft.irfft(spec.real**2 + spec.imag**2, n_fft)[..., 1 : lags + 1]
        # Energy of the samples that have a partner at this lag, before and after it.
        energy = functional.pad((frames * frames).cumsum(-1), (1, 0))
        kept = energy[..., size - lags : size].flip(-1) + energy[..., -1:]
        kept = kept - energy[..., 1 : lags + 1]
        lag = torch.arange(1, lags + 1, device=frames.device, dtype=frames.dtype)
        difference = (kept - 2 * products).clamp(min=0) * (size / (size - lag))
        mean = difference.cumsum(-1) / lag
        # Silence repeats nothing: 1.
        silent = mean <= 1e-12 * size
        ratio = torch.where(silent, 1.0, difference / torch.where(silent, 1.0, mean))
        return ratio[..., self.min_lag - 1 :]
