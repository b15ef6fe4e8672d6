"""The log-mel spectrogram that a vocoder turns back into a wave, and its shape."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError
from tympan.spectra.mel import hz_to_mel, mel_filters, mel_to_hz
from tympan.spectra.stft import STFT

# Frames of 43 ms every 12.5 ms, at any rate.
_FRAME_S, _FRAME_RATE_HZ, _TOP_HZ = 1024 / 24000, 80.0, 12000.0


@dataclass(frozen=True)
class VocoderConfig:
    """The mels of a vocoder.

    Attributes:
        rate_hz: sample rate.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        n_mels: number of mel bands (Slaney's scale).
        f_min_hz: lower edge of the lowest band.
        f_max_hz: upper edge of the highest band; above it a vocoder gives nothing.
        floor: added to each band before the logarithm.

    >>> VocoderConfig().frame_rate_hz
    80.0
    """

    rate_hz: int = 24000
    n_fft: int = 1024
    hop: int = 300
    n_mels: int = 80
    f_min_hz: float = 0.0
    f_max_hz: float = 12000.0
    floor: float = 1e-5

    def __post_init__(self) -> None:
        if self.n_fft % 2 or not 0 < 2 * self.hop <= self.n_fft:
            raise ArgumentError(
                f"n_fft is {self.n_fft} and hop is {self.hop}",
                fix="an even n_fft and a hop of at most half of it",
            )
        if not 0 <= self.f_min_hz < self.f_max_hz <= self.rate_hz / 2:
            raise ArgumentError(
                f"mels from {self.f_min_hz:g} to {self.f_max_hz:g} Hz at a rate of {self.rate_hz} "
                "Hz",
                fix="0 <= f_min_hz < f_max_hz <= half the rate",
            )

    @classmethod
    def at(cls, rate_hz: int) -> VocoderConfig:
        """The same frames in seconds, at another rate; `n_fft` a power of two.

        >>> VocoderConfig.at(24000) == VocoderConfig()
        True
        >>> VocoderConfig.at(44100).n_fft, VocoderConfig.at(16000).f_max_hz
        (2048, 8000.0)
        """
        n_fft = 2 ** round(math.log2(_FRAME_S * rate_hz))
        hop = round(rate_hz / _FRAME_RATE_HZ)
        return cls(rate_hz, n_fft, hop, f_max_hz=min(_TOP_HZ, rate_hz / 2))

    @property
    def num_bins(self) -> int:
        """Bins `f` of a frame's transform."""
        return self.n_fft // 2 + 1

    @property
    def frame_rate_hz(self) -> float:
        """Frames in a second."""
        return self.rate_hz / self.hop

    @property
    def reach(self) -> int:
        """Frames on each side that a frame of `n_fft` samples overlaps with."""
        return -(-self.n_fft // (2 * self.hop))

    def bins_hz(self) -> np.ndarray:
        """Frequencies of the bins, float64 (f,)."""
        return np.arange(self.num_bins) * (self.rate_hz / self.n_fft)

    def centres_hz(self) -> np.ndarray:
        """Frequencies of the bands' peaks, float64 (n_mels,)."""
        ends = hz_to_mel(np.array([self.f_min_hz, self.f_max_hz]))
        return mel_to_hz(np.linspace(ends[0], ends[1], self.n_mels + 2))[1:-1]

    def to_bins(self) -> np.ndarray:
        """What interpolates values of bands to bins, linearly in Hz: float64 (f, n_mels)."""
        bins_hz, centres_hz = self.bins_hz(), self.centres_hz()
        rows = [np.interp(bins_hz, centres_hz, one) for one in np.eye(self.n_mels)]
        return np.stack(rows, 1)


class VocoderMel(nn.Module):
    """Log-mel spectrogram of magnitudes: samples (..., t) → (..., n_mels, n), natural logarithm.

        log(filters |X| / sum(filters) + floor)

    so that a band is the log of a weighted mean of magnitudes. Frame `i` is centred on sample
    `i * hop`; of a wave of `hop * n` samples there are `n + 1` frames, the last of which
    vocoders do not take.

    Args:
        config: its shape.

    >>> VocoderMel()(torch.zeros(2, 24000)).shape
    torch.Size([2, 80, 81])
    """

    filters: Tensor

    def __init__(self, config: VocoderConfig | None = None) -> None:
        super().__init__()
        self.config = config or VocoderConfig()
        c = self.config
        self.stft = STFT(c.n_fft, c.hop)
        filters = mel_filters(c.rate_hz, c.n_fft, c.n_mels, c.f_min_hz, c.f_max_hz)
        filters /= np.maximum(filters.sum(1, keepdims=True), 1e-12)
        self.register_buffer("filters", torch.tensor(filters, dtype=torch.float32), False)

    def forward(self, wave: Tensor) -> Tensor:
        """Samples (..., t) → (..., n_mels, n)."""
        return self.of_magnitude(self.stft(wave).abs())

    def of_magnitude(self, magnitude: Tensor) -> Tensor:
        """Magnitudes (..., f, n) → (..., n_mels, n)."""
        return torch.log(self.filters.to(magnitude.dtype) @ magnitude + self.config.floor)
