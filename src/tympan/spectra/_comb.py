"""How well the harmonics of each pitch stand out of the spectrum of each frame.

The spectrum is divided by its noise floor, compressed by a logarithm, and compared with combs:
teeth at the harmonics of a pitch, and gaps at the halves and thirds between them, which a comb of
twice or three times the true pitch would leave unexplained. Combs: A. Camacho, J. G. Harris, "A
sawtooth waveform inspired pitch estimator for speech and music", JASA 124 (2008); dividing by the
noise first: S. Gonzalez, M. Brookes, "PEFAC: a pitch estimation algorithm robust to high levels of
noise", IEEE/ACM TASLP 22 (2014).
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional

from tympan.spectra._decimate import PASSBAND, HalveRate
from tympan.spectra._noise import lasting_floor, noise_floor

# Steps of the pitches compared, in semitones.
STEP = 0.1
# Frames hold so many periods of the lowest pitch, and are at least so long.
_PERIODS, _SHORTEST_S = 4.8, 0.08
# Harmonics above this, and above so many times the highest pitch, are left out.
_BAND_HZ, _BAND_OF_HIGHEST = 3600.0, 2.5
_MOST_HARMONICS = 10
# Tooth h of a comb weighs h^-_DECAY; each of the three gaps after it, so much of the teeth beside.
_DECAY, _GAP = 0.75, 0.35
_CHUNK_FRAMES = 512
# The lasting noise is measured on this many frames at most.
_NOISE_FRAMES = 3000
# The pitch is refined with so many of its harmonics.
_REFINE_HARMONICS = 8


class Combs:
    """Combs of all pitches between two, and the frames they are compared with.

    Args:
        rate_hz: sample rate of the signal.
        hop: samples from one frame to the next; frame `i` is centred on sample `i * hop`.
        f_min_hz: lowest pitch.
        f_max_hz: highest pitch.

    >>> t = torch.arange(8000) / 8000
    >>> combs = Combs(8000, 80, 100.0, 500.0)
    >>> fit, level_db = combs.compare(combs.prepare(torch.sin(2 * torch.pi * 200 * t)), 101)
    >>> round(combs.pitches_hz[fit[50].argmax()])
    200
    """

    def __init__(self, rate_hz: int, hop: int, f_min_hz: float, f_max_hz: float) -> None:
        band_hz = min(max(_BAND_HZ, _BAND_OF_HIGHEST * f_max_hz), rate_hz / 2)
        self._halvings = 0
        while PASSBAND * rate_hz / 2 ** (self._halvings + 2) >= band_hz:
            self._halvings += 1
        self._rate_hz = rate_hz / 2**self._halvings
        self._hop = hop / 2**self._halvings
        self._size = round(max(_PERIODS / f_min_hz, _SHORTEST_S) * self._rate_hz)
        self._n_fft = next_fast_len(2 * self._size, real=True)
        self._bin_hz = self._rate_hz / self._n_fft
        self._bins = min(int(band_hz / self._bin_hz), self._n_fft // 2 + 1)
        window = torch.hann_window(self._size)
        self._window = window / window.norm()
        steps = int(np.ceil(12 / STEP * np.log2(f_max_hz / f_min_hz))) + 1
        self.pitches_hz = f_min_hz * 2 ** (STEP / 12 * np.arange(steps))
        lobe_hz = self._rate_hz / self._size
        self._lobe_hz = lobe_hz
        self._weights = _combs(f_min_hz, steps, self._bin_hz, self._bins, lobe_hz)

    def prepare(self, x: Tensor) -> Tensor:
        """The signal (t,) at the rate of the band that is looked at."""
        y, halve = x[None], HalveRate()
        for _ in range(self._halvings):
            y = halve(y)
        # Room for the frames of both ends.
        return functional.pad(y[0], (self._size // 2, self._size + int(self._hop)))

    def compare(self, y: Tensor, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Fit of each pitch to each of `count` frames, (n, k), and the frames' levels in dB, (n,).

        In noise the fit of a pitch is 0 ± 0.6, and the best of all pitches hardly ever above 2; a
        voice in silence reaches 5 to 30.
        """
        rows = np.unique(np.linspace(0, count - 1, min(count, _NOISE_FRAMES)).astype(int))
        lasting = lasting_floor(self._power(y, rows), self._bin_hz)
        # Half precision: an hour of frames takes 0.3 GB.
        fit = np.empty((count, len(self.pitches_hz)), np.float16)
        level_db = np.empty(count)
        for rows in _chunks(np.arange(count)):
            power = self._power(y, rows)
            ratio = power / noise_floor(power, lasting, self._bin_hz)
            fit[rows] = torch.log1p(ratio) @ self._weights.T
            level_db[rows] = 10 * torch.log10(power.sum(dim=1) + 1e-30)
        return fit, level_db

    def refine(self, y: Tensor, rows: np.ndarray, pitches_hz: np.ndarray) -> np.ndarray:
        """The pitches of some frames, from where the lines of their harmonics are: (m,) → (m,)."""
        refined = np.empty(len(rows))
        for part in _chunks(np.arange(len(rows))):
            power = self._power(y, rows[part])
            refined[part] = self._fitted(power, torch.from_numpy(pitches_hz[part]))
        return refined

    def _fitted(self, power: Tensor, pitch_hz: Tensor) -> Tensor:
        """Least squares over the lines near the multiples of a pitch, weighted by amplitude."""
        number = torch.arange(1, _REFINE_HARMONICS + 1)
        wanted = pitch_hz[:, None] * number / self._bin_hz  # in bins
        reach = min(self._lobe_hz, float(pitch_hz.min()) / 3) / self._bin_hz
        around = torch.arange(-int(reach) - 1, int(reach) + 2)
        last = self._bins - 2
        places = (wanted.round().long()[..., None] + around).clamp(1, last)
        rows = torch.arange(len(power))[:, None, None]
        best = power[rows, places].argmax(dim=-1, keepdim=True)
        top = places.gather(-1, best)[..., 0]
        rows = rows[..., 0]
        level = power.clamp(min=1e-30).log()
        left, middle, right = (level[rows, top + side] for side in (-1, 0, 1))
        bend = left - 2 * middle + right
        shift = (0.5 * (left - right) / bend.clamp(max=-1e-9)).clamp(-1, 1)
        line = top + shift
        # What is hardly above the noise, or the side lobe of another line, weighs little.
        floor = power[:, ::4].median(dim=1, keepdim=True).values
        clear = (power[rows, top] - floor).clamp(min=0).sqrt()
        # The edge of a neighbour's lobe is no line, and beyond the band there is none.
        valid = (bend < 0) & (shift.abs() < 1) & (wanted < last)
        valid &= (line - wanted).abs() <= reach + 0.5
        weight = torch.where(valid, clear, 0.0)
        off = (weight * number * (line - wanted)).sum(1) / (weight * number**2).sum(1).clamp(1e-9)
        return pitch_hz + off * self._bin_hz

    def _power(self, y: Tensor, rows: np.ndarray) -> Tensor:
        """Power spectra (n, f) of some frames."""
        starts = torch.from_numpy(np.round(rows * self._hop).astype(np.int64))
        frames = y.unfold(0, self._size, 1)[starts]
        spec = torch.fft.rfft(frames * self._window, self._n_fft)[:, : self._bins]
        return spec.real**2 + spec.imag**2


def _chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    for first in range(0, len(rows), _CHUNK_FRAMES):
        yield rows[first : first + _CHUNK_FRAMES]


@lru_cache(maxsize=8)
def _combs(f_min_hz: float, steps: int, bin_hz: float, bins: int, lobe_hz: float) -> Tensor:
    """Weights (k, f) of the bins for each pitch; see `_GAP`."""
    ratio = 2 ** (STEP / 12)
    pitch_hz = f_min_hz * ratio ** np.arange(steps)
    present = np.clip(((bins - 1) * bin_hz - lobe_hz) / pitch_hz - 0.5, 1, _MOST_HARMONICS)
    number = np.arange(1, _MOST_HARMONICS + 1)
    tooth = np.where(number <= present[:, None], number**-_DECAY, 0.0)  # (k, h)
    edges = np.pad(tooth, ((0, 0), (1, 1)))
    gap = -_GAP * (edges[:, 1:] + edges[:, :-1]) / 2
    comb = np.zeros((steps, bins))
    for h in number.tolist():
        _add_lobes(comb, h * pitch_hz, tooth[:, h - 1], pitch_hz, bin_hz, lobe_hz, ratio)
    for h in range(_MOST_HARMONICS + 1):
        for between in (h + 1 / 3, h + 1 / 2, h + 2 / 3):
            _add_lobes(comb, between * pitch_hz, gap[:, h], pitch_hz, bin_hz, lobe_hz, ratio)
    # Noise deviates by about 0.6 in the fit of a comb with all its teeth.
    comb *= 1.25 / np.sqrt((number ** (-2 * _DECAY)).sum())
    return torch.from_numpy(comb).float()


def _add_lobes(
    comb: np.ndarray,
    centre_hz: np.ndarray,
    weight: np.ndarray,
    pitch_hz: np.ndarray,
    bin_hz: float,
    lobe_hz: float,
    ratio: float,
) -> None:
    """Add to each row a lobe of unit sum times its weight, in place."""
    # As wide as a line, and at least as the step from pitch to pitch makes it move; but apart.
    half_hz = np.minimum(np.maximum(lobe_hz, (ratio - 1) * centre_hz), pitch_hz / 6)
    half = np.maximum(half_hz / bin_hz, 0.8)
    reach = int(np.ceil(half.max()))
    places = np.round(centre_hz / bin_hz).astype(int)[:, None] + np.arange(-reach, reach + 1)
    away = np.abs(places - (centre_hz / bin_hz)[:, None]) / half[:, None]
    lobe = np.where(away < 1, np.cos(np.pi / 2 * away) ** 2, 0.0)
    lobe *= (weight / np.maximum(lobe.sum(1), 1e-9))[:, None]
    inside = (places >= 0) & (places < comb.shape[1])
    rows = np.broadcast_to(np.arange(len(comb))[:, None], places.shape)
    np.add.at(comb, (rows[inside], places[inside]), lobe[inside])
