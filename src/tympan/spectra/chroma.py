"""Chroma: the energy of the twelve pitch classes, whatever the octave."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tympan.errors import ArgumentError, ShapeError
from tympan.spectra._bands import BandedFilters, filter_frames
from tympan.spectra._constants import narrowed, widened
from tympan.spectra._frames import Framing
from tympan.spectra._module import FrameModule, project
from tympan.spectra.stft import STFT
from tympan.spectra.windows import WindowSpec


def chroma_filters(
    rate_hz: int,
    n_fft: int,
    n_chroma: int = 12,
    tuning: float = 0.0,
    centre_octave: float = 5.0,
    octave_width: float | None = 2.0,
) -> np.ndarray:
    """Weights of the bins of a spectrum in each pitch class from C on, float64 (n_chroma, f).

    Each bin feeds the classes near it through a Gaussian as wide as the bin; bins far from the
    centre octave count less. D. P. W. Ellis, "Chroma feature analysis and synthesis", 2007. Equal
    to `librosa.filters.chroma`; see `Chroma` for the arguments.

    >>> chroma_filters(22050, 2048).shape
    (12, 1025)
    """
    if n_chroma < 1:
        raise ArgumentError(f"n_chroma is {n_chroma}", fix="1 or more")
    bins_hz = np.arange(1, n_fft) * (rate_hz / n_fft)
    # Octaves above A0 = 27.5 Hz; the bin at 0 Hz is put 1.5 octaves below the first.
    octaves = np.log2(bins_hz / (27.5 * 2.0 ** (tuning / n_chroma)))
    place = n_chroma * np.concatenate([[octaves[0] - 1.5], octaves])
    width = np.concatenate([np.maximum(np.diff(place), 1.0), [1.0]])
    half = np.round(n_chroma / 2)
    distance = np.mod(place - np.arange(n_chroma)[:, None] + half, n_chroma) - half
    weights = np.exp(-0.5 * (2 * distance / width) ** 2)
    weights /= np.linalg.norm(weights, axis=0)
    if octave_width is not None:
        weights *= np.exp(-0.5 * ((place / n_chroma - centre_octave) / octave_width) ** 2)
    # Rows begin at A: turn them to begin at C.
    return np.roll(weights, -3 * (n_chroma // 12), axis=0)[:, : n_fft // 2 + 1]


class Chroma(FrameModule):
    """Chromagram of a power spectrogram: samples (..., t) → (..., n_chroma, n).

    Rows are pitch classes from C upwards. Equal to `librosa.feature.chroma_stft(tuning=tuning)`.

    Args:
        rate_hz: sample rate of the signal.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        n_chroma: classes of an octave.
        tuning: how far the music is off A = 440 Hz, in fractions of a class: `estimate_tuning`.
        normalize: divide each column by its largest value (1 is then the strongest class);
            otherwise the unit is that of power.
        win, window, center, pad_mode: see `Spectrogram`.

    >>> t = torch.arange(22050) / 22050
    >>> int(Chroma(22050)(torch.sin(2 * torch.pi * 440 * t))[:, 20].argmax())  # A
    9
    """

    filters: Tensor

    def __init__(
        self,
        rate_hz: int = 22050,
        n_fft: int = 2048,
        hop: int = 512,
        n_chroma: int = 12,
        tuning: float = 0.0,
        normalize: bool = True,
        *,
        win: int | None = None,
        window: WindowSpec = "hann",
        center: bool = True,
        pad_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.stft = STFT(n_fft, hop, win, window, center, pad_mode)
        self.framing, self.normalize = self.stft.framing, normalize
        self.rate_hz = rate_hz
        filters = chroma_filters(rate_hz, n_fft, n_chroma, tuning)
        self.add_constant("filters", filters)
        self._banded = BandedFilters(filters)

    def compute(self, x: Tensor, framing: Framing) -> Tensor:
        if self.stft.is_fast(x):
            chroma = filter_frames(x, framing, self.stft.window, self._banded)
        else:
            chroma = project(self.constant("filters", x.dtype), self.stft.power(x, framing))
        return self._normalized(chroma)

    def of_power(self, power: Tensor) -> Tensor:
        """Chromagram of a power spectrogram that is there: (..., f, n) → (..., n_chroma, n).

        Equal to `librosa.feature.chroma_stft(S=power, tuning=tuning)`.

        Raises:
            ShapeError: another number of bins.

        >>> from tympan.spectra import Spectrogram
        >>> x, chroma = torch.randn(22050), Chroma(22050)
        >>> torch.allclose(chroma.of_power(Spectrogram(2048, 512)(x)), chroma(x), atol=1e-4)
        True
        """
        bins = self.stft.num_bins
        if power.ndim < 2 or power.shape[-2] != bins:
            raise ShapeError(f"expected power spectra (..., {bins}, n), got {tuple(power.shape)}")
        wide = widened(power)
        chroma = project(self.constant("filters", wide.dtype), wide)
        return narrowed(self._normalized(chroma), power)

    def _normalized(self, chroma: Tensor) -> Tensor:
        if not self.normalize:
            return chroma
        largest = chroma.amax(dim=-2, keepdim=True)
        silent = largest <= torch.finfo(chroma.dtype).tiny
        return chroma / largest.masked_fill(silent, 1.0)
