"""The mel scale, its filter bank, and mel spectrograms.

Two scales: `"slaney"` (M. Slaney, "Auditory Toolbox", Interval Research TR 1998-010: linear below
1 kHz, logarithmic above) and `"htk"` (S. Young et al., "The HTK Book", section 5.4:
mel = 2595 log10(1 + f / 700)).
"""

from __future__ import annotations

import warnings

import numpy as np
from torch import Tensor

from tympan.errors import ArgumentError, ShapeError
from tympan.spectra._bands import BandedFilters, filter_frames
from tympan.spectra._constants import WithConstants, narrowed, widened
from tympan.spectra._frames import Framing
from tympan.spectra._module import FrameModule, project
from tympan.spectra.decibel import PowerToDb
from tympan.spectra.stft import STFT, _raise_power
from tympan.spectra.windows import WindowSpec

# Slaney's scale: 200/3 Hz per mel up to 1 kHz, then 27 mels for a factor of 6.4.
_LINEAR_HZ, _KNEE_HZ = 200.0 / 3, 1000.0
_KNEE_MEL = _KNEE_HZ / _LINEAR_HZ
_LOG_STEP = np.log(6.4) / 27.0


def hz_to_mel(frequency_hz: np.ndarray | float, scale: str = "slaney") -> np.ndarray:
    """Mel of a frequency in Hz.

    >>> round(float(hz_to_mel(1000.0)), 2), round(float(hz_to_mel(1000.0, "htk")), 2)
    (15.0, 999.99)
    """
    hz = np.asarray(frequency_hz, dtype=np.float64)
    if _check_scale(scale) == "htk":
        return 2595.0 * np.log10(1.0 + hz / 700.0)
    return np.where(
        hz < _KNEE_HZ,
        hz / _LINEAR_HZ,
        _KNEE_MEL + np.log(np.maximum(hz, _KNEE_HZ) / _KNEE_HZ) / _LOG_STEP,
    )


def mel_to_hz(mel: np.ndarray | float, scale: str = "slaney") -> np.ndarray:
    """Frequency in Hz of a mel.

    >>> round(float(mel_to_hz(15.0)), 2)
    1000.0
    """
    m = np.asarray(mel, dtype=np.float64)
    if _check_scale(scale) == "htk":
        return 700.0 * (10.0 ** (m / 2595.0) - 1.0)
    return np.where(
        m < _KNEE_MEL,
        m * _LINEAR_HZ,
        _KNEE_HZ * np.exp(_LOG_STEP * (np.maximum(m, _KNEE_MEL) - _KNEE_MEL)),
    )


def _check_scale(scale: str) -> str:
    if scale not in ("slaney", "htk"):
        raise ArgumentError(f"mel scale {scale!r} is unknown", fix='"slaney" or "htk"')
    return scale


def mel_filters(
    rate_hz: int,
    n_fft: int,
    n_mels: int,
    f_min_hz: float = 0.0,
    f_max_hz: float | None = None,
    scale: str = "slaney",
    norm: str | None = "slaney",
) -> np.ndarray:
    """Triangular mel filters, float64 (n_mels, f); see `Mel` for the arguments.

    >>> mel_filters(16000, 512, 40).shape
    (40, 257)
    """
    top_hz = rate_hz / 2 if f_max_hz is None else f_max_hz
    if not 0 <= f_min_hz < top_hz:
        raise ArgumentError(f"the band from {f_min_hz} to {top_hz} Hz is empty")
    if n_mels < 1:
        raise ArgumentError(f"n_mels is {n_mels}", fix="1 or more")
    if norm not in ("slaney", None):
        raise ArgumentError(f"norm {norm!r} is unknown", fix='"slaney" or None')
    bins_hz = np.arange(n_fft // 2 + 1) * (rate_hz / n_fft)
    ends = hz_to_mel(np.array([f_min_hz, top_hz]), scale)
    edges_hz = mel_to_hz(np.linspace(ends[0], ends[1], n_mels + 2), scale)
    width_hz = np.diff(edges_hz)
    ramps = edges_hz[:, None] - bins_hz
    rising, falling = -ramps[:-2] / width_hz[:-1, None], ramps[2:] / width_hz[1:, None]
    filters = np.clip(np.minimum(rising, falling), 0, None)
    _warn_of_empty(filters, edges_hz, rate_hz)
    if norm == "slaney":
        filters *= 2.0 / (edges_hz[2:] - edges_hz[:-2])[:, None]
    return filters


def _warn_of_empty(filters: np.ndarray, edges_hz: np.ndarray, rate_hz: int) -> None:
    """Say that bands have no bin, whose values would be 0 whatever the sound."""
    empty = np.flatnonzero(~filters.any(axis=1))
    if len(empty) == 0:
        return
    too_high = int((edges_hz[empty] >= rate_hz / 2).sum())
    why = "lie above half the rate" if too_high == len(empty) else "have no bin"
    warnings.warn(
        f"{len(empty)} of {len(filters)} mel bands {why} and are always 0 "
        "(lower n_mels or f_max_hz, or raise n_fft)",
        stacklevel=4,
    )


class Mel(WithConstants):
    """Mel filter bank: power spectra (..., f, n) → (..., n_mels, n).

    Equal to `librosa.filters.mel` (`scale="htk"` is its `htk=True`).

    Args:
        rate_hz: sample rate of the signal.
        n_fft: frame size of the spectra.
        n_mels: number of bands.
        f_min_hz: lower edge of the lowest band.
        f_max_hz: upper edge of the highest band; half the rate by default.
        scale: `"slaney"` or `"htk"`.
        norm: `"slaney"` divides each filter by its width (bands of white noise are then equal),
            `None` leaves peaks of 1.

    >>> import torch
    >>> Mel(16000, 512, n_mels=40)(torch.ones(257, 3)).shape
    torch.Size([40, 3])
    """

    filters: Tensor

    def __init__(
        self,
        rate_hz: int = 16000,
        n_fft: int = 512,
        n_mels: int = 64,
        f_min_hz: float = 0.0,
        f_max_hz: float | None = None,
        scale: str = "slaney",
        norm: str | None = "slaney",
    ) -> None:
        super().__init__()
        self.rate_hz, self.n_fft, self.n_mels = rate_hz, n_fft, n_mels
        filters = mel_filters(rate_hz, n_fft, n_mels, f_min_hz, f_max_hz, scale, norm)
        self.add_constant("filters", filters)
        self.banded = BandedFilters(filters)

    def forward(self, power: Tensor) -> Tensor:
        """Power (..., f, n) → (..., n_mels, n)."""
        if power.ndim < 2 or power.shape[-2] != self.n_fft // 2 + 1:
            raise ShapeError(
                f"expected power spectra (..., {self.n_fft // 2 + 1}, n), got {tuple(power.shape)}"
            )
        wide = widened(power)
        return narrowed(project(self.constant("filters", wide.dtype), wide), power)

    def extra_repr(self) -> str:
        return f"rate_hz={self.rate_hz}, n_fft={self.n_fft}, n_mels={self.n_mels}"


class MelSpectrogram(FrameModule):
    """Mel spectrogram: samples (..., t) → power (..., n_mels, n).

    Equal to `librosa.feature.melspectrogram`.

    Args:
        rate_hz: sample rate of the signal.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        n_mels: number of bands.
        f_min_hz: lower edge of the lowest band.
        f_max_hz: upper edge of the highest band; half the rate by default.
        win: samples of the window; `n_fft` by default.
        window: see `tympan.spectra.windows.window`.
        center: frame `i` is centred on sample `i * hop`.
        pad_mode: see `STFT`.
        power: 2: bands of power; 1: bands of magnitude.
        scale: `"slaney"` or `"htk"`.
        norm: `"slaney"` or `None`, see `Mel`.

    >>> import torch
    >>> MelSpectrogram(16000, n_fft=512, hop=160, n_mels=40)(torch.zeros(16000)).shape
    torch.Size([40, 101])
    """

    def __init__(
        self,
        rate_hz: int = 16000,
        n_fft: int = 512,
        hop: int = 160,
        n_mels: int = 64,
        f_min_hz: float = 0.0,
        f_max_hz: float | None = None,
        *,
        win: int | None = None,
        window: WindowSpec = "hann",
        center: bool = True,
        pad_mode: str = "constant",
        power: float = 2.0,
        scale: str = "slaney",
        norm: str | None = "slaney",
    ) -> None:
        super().__init__()
        if power <= 0:
            raise ArgumentError(f"power is {power}", fix="2 for power, 1 for magnitude")
        self.stft = STFT(n_fft, hop, win, window, center, pad_mode)
        self.mel = Mel(rate_hz, n_fft, n_mels, f_min_hz, f_max_hz, scale, norm)
        self.framing, self.power, self.rate_hz = self.stft.framing, power, rate_hz

    def compute(self, x: Tensor, framing: Framing) -> Tensor:
        if self.power == 2 and self.stft.is_fast(x):
            return filter_frames(x, framing, self.stft.window, self.mel.banded)
        return self.mel(_raise_power(self.stft.power(x, framing), self.power))


class LogMel(FrameModule):
    """Log-mel spectrogram in decibels: samples (..., t) → dB (..., n_mels, n).

        10 log10(max(mel power, 10^(floor_db / 10)))

    0 dB is a mel power of 1 in the units of `MelSpectrogram`; each value depends on its own frame
    alone (no `top_db`), so a stream gives the same numbers. Equal to
    `librosa.power_to_db(librosa.feature.melspectrogram(...), top_db=None)`.

    Args:
        rate_hz: sample rate of the signal.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        n_mels: number of bands.
        f_min_hz: lower edge of the lowest band.
        f_max_hz: upper edge of the highest band; half the rate by default.
        floor_db: level of silence.
        win, window, center, pad_mode, scale, norm: see `MelSpectrogram`.

    >>> import torch
    >>> LogMel(rate_hz=16000, n_mels=64)(torch.zeros(2, 1, 16000)).unique()
    tensor([-100.])
    """

    def __init__(
        self,
        rate_hz: int = 16000,
        n_fft: int = 512,
        hop: int = 160,
        n_mels: int = 64,
        f_min_hz: float = 0.0,
        f_max_hz: float | None = None,
        floor_db: float = -100.0,
        *,
        win: int | None = None,
        window: WindowSpec = "hann",
        center: bool = True,
        pad_mode: str = "constant",
        scale: str = "slaney",
        norm: str | None = "slaney",
    ) -> None:
        super().__init__()
        self.melspectrogram = MelSpectrogram(
            rate_hz, n_fft, hop, n_mels, f_min_hz, f_max_hz,
            win=win, window=window, center=center, pad_mode=pad_mode, scale=scale, norm=norm,
        )  # fmt: skip
        self.to_db = PowerToDb(floor_db)
        self.framing, self.rate_hz = self.melspectrogram.framing, rate_hz

    def compute(self, x: Tensor, framing: Framing) -> Tensor:
        mel = self.melspectrogram
        if mel.stft.is_fast(x):
            after = self.to_db.in_place
            return filter_frames(x, framing, mel.stft.window, mel.mel.banded, after)
        return self.to_db(mel.compute(x, framing))
