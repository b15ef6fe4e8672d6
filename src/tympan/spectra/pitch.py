"""The pitch of a voice or an instrument over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from tympan.errors import ArgumentError
from tympan.spectra._frames import CHUNK_SAMPLES
from tympan.spectra._pitchpath import OCTAVE_BONUS, best_path

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

# Periods shorter than half of this many samples are measured over several of them.
_SHORT = 80.0
# The minima at lags under `_FINE` samples are looked for between the samples, by `_OVERSAMPLE`.
_FINE, _OVERSAMPLE, _TAPS = 48, 8, 16


class Yin(nn.Module):
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

        weights, self.fine_lags = _between(min(self.min_lag, _FINE), min(self.max_lag, _FINE))
        self.register_buffer("weights", weights, persistent=False)

    weights: Tensor

    def forward(self, x: Tensor) -> Tensor:
        """Samples (..., t) → (..., lags, n); lag i is `min_lag + i` samples."""
        return self.both(x)[0]

    def both(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """That, and the same at `fine_lags`, which lie between the samples: (..., lags, n)."""
        x = x if x.dtype in (torch.float32, torch.float64) else x.float()
        half = self.frame // 2
        padded = functional.pad(x.reshape(-1, x.shape[-1]), (half, self.frame - half))
        frames = padded.unfold(-1, self.frame, self.hop)[:, : 1 + x.shape[-1] // self.hop]
        step = max(1, CHUNK_SAMPLES // (4 * self.frame))
        parts = [self._difference(part) for part in frames.split(step, dim=1)]
        whole, fine = (
            torch.cat(part, dim=1).transpose(-1, -2) for part in zip(*parts, strict=True)
        )
        shape = (*x.shape[:-1], -1, frames.shape[1])
        return whole.reshape(shape), fine.reshape(shape)

    def _difference(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Frames (b, n, frame) → d' (b, n, lags) at whole lags, and at the fine ones."""
        frames = frames - frames.mean(dim=-1, keepdim=True)
        size, lags = self.frame, self.max_lag
        n_fft = 1 << (size + lags).bit_length()
        spec = torch.fft.rfft(frames, n_fft)
        both_sides = torch.fft.irfft(spec.real**2 + spec.imag**2, n_fft)
        products = both_sides[..., 1 : lags + 1]
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
        # Between the samples the product is that of the band-limited signal; what changes slowly
        # is taken from a straight line.
        taps = self.weights.to(frames.dtype)
        near = torch.cat([both_sides[..., -_TAPS:], both_sides[..., : taps.shape[1] - _TAPS]], -1)
        at = self.fine_lags.to(frames.device, frames.dtype)
        sides = [_linear(part, at) for part in (kept, mean, (size / (size - lag)).expand_as(mean))]
        kept, mean, scale = sides
        fine = (kept - 2 * near @ taps.T).clamp(min=0) * scale
        silent = mean <= 1e-12 * size
        fine = torch.where(silent, 1.0, fine / torch.where(silent, 1.0, mean))
        return ratio[..., self.min_lag - 1 :], fine


def _between(low: int, high: int) -> tuple[Tensor, Tensor]:
    """Weights (lags, taps) that interpolate lags `low` … `high`, and these lags (in samples).

    A sinc under a Hann window, on products at lags from `-_TAPS` to `high + _TAPS`.
    """
    lags = torch.arange(low * _OVERSAMPLE, high * _OVERSAMPLE + 1) / _OVERSAMPLE
    away = lags[:, None] - torch.arange(-_TAPS, high + _TAPS + 1)
    window = torch.where(away.abs() < _TAPS, 0.5 + 0.5 * torch.cos(torch.pi * away / _TAPS), 0.0)
    return torch.sinc(away) * window, lags


def _linear(values: Tensor, lags: Tensor) -> Tensor:
    """Values (..., lags) at lags 1, 2 … → those at `lags`, on straight lines between them."""
    below = (lags.floor().long() - 1).clamp(0, values.shape[-1] - 2)
    share = lags - 1 - below
    return values[..., below] * (1 - share) + values[..., below + 1] * share


@dataclass(frozen=True, eq=False)
class PitchTrack:
    """Pitch over time. Made by `pitch_track`.

    Attributes:
        times_s: (n,) times of the frames' centres.
        frequencies_hz: (n,) the pitch; NaN where there is none.
        confidence: (n,) 1 for a signal that repeats itself exactly, 0 for noise.
        title: name of the sound.
    """

    times_s: np.ndarray
    frequencies_hz: np.ndarray
    confidence: np.ndarray
    title: str = ""

    @property
    def voiced(self) -> np.ndarray:
        """(n,) whether there is a pitch."""
        return np.isfinite(self.frequencies_hz)

    @property
    def median_hz(self) -> float | None:
        """The pitch in the middle of all those found, or `None`."""
        return float(np.median(self.frequencies_hz[self.voiced])) if self.voiced.any() else None

    @property
    def midi(self) -> np.ndarray:
        """(n,) the pitch in semitones, A4 = 440 Hz being 69; NaN where there is none."""
        return 69 + 12 * np.log2(self.frequencies_hz / 440)

    def __repr__(self) -> str:
        middle = f"median {self.median_hz:.1f} Hz" if self.median_hz else "no pitch"
        return f"PitchTrack({len(self.times_s)} frames, {self.voiced.mean():.0%} voiced, {middle})"


def pitch_track(
    clip: Clip,
    f_min_hz: float = 60.0,
    f_max_hz: float = 1000.0,
    hop_s: float = 0.01,
    voicing: float = 0.5,
) -> PitchTrack:
    """Pitch of one voice (its channels mixed to one), frame by frame.

    Minima of YIN's difference function are candidates of each frame; the path through them that
    leaps and stops least is the answer (the path finder of P. Boersma, "Accurate short-term
    analysis of the fundamental frequency and the harmonics-to-noise ratio of a sampled sound", IFA
    Proceedings 17, 1993).

    Args:
        clip: the sound: one voice or instrument at a time.
        f_min_hz: lowest pitch.
        f_max_hz: highest pitch, at most a quarter of the rate.
        hop_s: time from one frame to the next.
        voicing: how well a frame must repeat itself to have a pitch, 0 … 1.

    >>> from tympan.audio import synth
    >>> track = pitch_track(synth.saw(220, duration_s=0.5, rate_hz=16000))
    >>> round(track.median_hz)
    220
    """
    yin = Yin(clip.rate_hz, max(1, round(hop_s * clip.rate_hz)), f_min_hz, f_max_hz)
    x = torch.from_numpy(clip.mono().samples[0].copy())
    with torch.no_grad():
        periods, strengths = _candidates(*yin.both(x), yin)
    loudness = _loudness(x, yin, periods.shape[0])
    costs = {"per_octave": 0.35, "start_or_stop": 0.14, "step_s": yin.hop / clip.rate_hz}
    chosen = best_path(periods, strengths, loudness, voicing, **costs)
    rows = np.arange(len(chosen))
    voiced = chosen >= 0
    picked = periods[rows, np.maximum(chosen, 0)]
    frequencies = np.where(voiced, clip.rate_hz / np.where(voiced, picked, 1.0), np.nan)
    # A path may begin one lag outside the range asked for.
    frequencies = np.clip(frequencies, f_min_hz, f_max_hz)
    times_s = rows * yin.hop / clip.rate_hz
    confidence = np.where(voiced, strengths[rows, np.maximum(chosen, 0)], strengths.max(1))
    return PitchTrack(times_s, frequencies, np.clip(confidence, 0, 1), clip.name)


def _candidates(
    difference: Tensor, fine: Tensor, yin: Yin, count: int = 16
) -> tuple[np.ndarray, np.ndarray]:
    """Periods (in samples) and strengths of the deepest minima: (n, count); -1 where none."""
    lags = torch.arange(difference.shape[0]) + yin.min_lag
    short, short_depth = _minima(fine, yin.fine_lags)
    long, depth = _minima(difference, lags)
    # A short period lies between samples; whole lags would make its multiples look deeper.
    depth = torch.where(long < _FINE - 1, 2.0, depth)
    periods, depth = torch.cat([short, long], dim=1), torch.cat([short_depth, depth], dim=1)
    # Of many multiples, all as deep, the shortest stay.
    order = depth + OCTAVE_BONUS * periods.clamp(min=1).log2()
    index = order.topk(min(count, order.shape[1]), dim=1, largest=False).indices
    periods, depth = periods.gather(1, index), depth.gather(1, index)
    periods = _sharpen(periods, depth, difference, yin)
    return periods.numpy(), torch.where(depth < 2, 1 - depth, -1.0).numpy()


def _minima(difference: Tensor, lags: Tensor) -> tuple[Tensor, Tensor]:
    """Where (lags, n) has minima, on parabolas, and their values: (n, lags - 2); 2 elsewhere."""
    if len(lags) < 3:
        return torch.zeros(difference.shape[1], 0), torch.zeros(difference.shape[1], 0)
    left, middle, right = (d.T for d in (difference[:-2], difference[1:-1], difference[2:]))
    minimum = (middle < left) & (middle <= right)
    bend = (left - 2 * middle + right).clamp(min=1e-9)
    shift = (0.5 * (left - right) / bend).clamp(-0.5, 0.5)
    depth = (middle - 0.125 * (left - right) ** 2 / bend).clamp(min=0)
    return lags[1:-1] + shift * (lags[1] - lags[0]), torch.where(minimum, depth, 2.0)


def _sharpen(periods: Tensor, depth: Tensor, difference: Tensor, yin: Yin) -> Tensor:
    """Measure short periods again at a multiple, where a fraction of a sample weighs less."""
    times = (_SHORT / periods).floor().clamp(1, 4)
    times = torch.where(times * periods < yin.max_lag - 1, times, 1.0)
    index = (times * periods).round().long() - yin.min_lag
    columns = torch.arange(difference.shape[1])[:, None]
    last = difference.shape[0] - 1
    near = torch.stack([difference[(index + side).clamp(0, last), columns] for side in (-1, 0, 1)])
    rows = (index + near.argmin(0) - 1).clamp(1, last - 1)
    left, middle, right = (difference[rows + side, columns] for side in (-1, 0, 1))
    bend = left - 2 * middle + right
    shift = 0.5 * (left - right) / bend.clamp(min=1e-9)
    good = (times > 1) & (bend > 1e-9) & (shift.abs() <= 1) & (middle < depth + 0.1)
    return torch.where(good, (rows + yin.min_lag + shift) / times, periods)


def _loudness(x: Tensor, yin: Yin, count: int) -> np.ndarray:
    """Peak of each frame over that of the whole: (n,)."""
    half = yin.frame // 2
    padded = functional.pad(x.abs(), (half, yin.frame - half))
    peaks = padded.unfold(0, yin.frame, yin.hop)[:count].amax(1)
    return (peaks / peaks.max().clamp(min=1e-9)).numpy()
