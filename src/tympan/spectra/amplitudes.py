"""The spectrum of a recording in true amplitudes: its peaks, fundamental and harmonics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tympan.errors import ArgumentError
from tympan.spectra._fundamental import find_fundamental
from tympan.spectra._mainlobe import MainLobe
from tympan.spectra.windows import WindowSpec
from tympan.spectra.windows import window as window_samples

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

# Longer clips are averaged over frames of _FRAME samples: seconds of resolution are enough.
_WHOLE, _FRAME = 1 << 20, 1 << 17
# Zero-padding, so that the curve between two bins is seen.
_PADDING = 4
# A peak of noise reaches about four times the median around it.
_OVER_NOISE = 5.0


@dataclass(frozen=True)
class Peak:
    """A sinusoid seen as a peak of a spectrum.

    Attributes:
        frequency_hz: its frequency, interpolated between the bins.
        amplitude: its amplitude: 0.5 for 0.5 sin(…).
    """

    frequency_hz: float
    amplitude: float

    @property
    def level_db(self) -> float:
        """Amplitude in dB; 0 dB is a sine of full scale."""
        return float(20 * np.log10(max(self.amplitude, 1e-10)))


@dataclass(frozen=True)
class Harmonic(Peak):
    """A harmonic: the peak at `number` times the fundamental."""

    number: int = 1


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Amplitude over frequency. Made by `spectrum`.

    Attributes:
        frequencies_hz: (f,) frequencies of the bins.
        amplitudes: (f,) amplitude of the sinusoid that would show this value at its peak.
        rate_hz: sample rate of the sound.
        window: the window used.
        num_samples: samples under one window.
        title: name of the sound.
    """

    frequencies_hz: np.ndarray
    amplitudes: np.ndarray
    rate_hz: int
    window: WindowSpec
    num_samples: int
    title: str = ""

    @property
    def levels_db(self) -> np.ndarray:
        """(f,) amplitudes in dB; 0 dB is a sine of full scale, silence is -200 dB."""
        return 20 * np.log10(np.maximum(self.amplitudes, 1e-10))

    @property
    def resolution_hz(self) -> float:
        """Frequencies nearer to each other than about this flow into one peak."""
        return self.rate_hz / self.num_samples

    @property
    def _lobe(self) -> MainLobe:
        step = self.num_samples / (2 * (len(self.amplitudes) - 1))
        key = self.window if isinstance(self.window, str | tuple) else tuple(self.window)
        return _lobe(key, self.num_samples, step)

    def peaks(
        self,
        max_peaks: int = 20,
        range_db: float = 60.0,
        f_min_hz: float = 0.0,
        f_max_hz: float | None = None,
        separation: float = 0.0,
    ) -> list[Peak]:
        """The strongest peaks, loudest first, each interpolated with the window's main lobe.

        The side lobes of a strong peak are not taken for peaks.

        Args:
            max_peaks: how many at most.
            range_db: how far below the strongest a peak may be.
            f_min_hz: leave out what is below.
            f_max_hz: leave out what is above.
            separation: leave out what is nearer to a stronger peak than this share of its
                frequency.
        """
        amp, lobe = self.amplitudes, self._lobe
        rises = np.flatnonzero((amp[1:-1] > amp[:-2]) & (amp[1:-1] >= amp[2:])) + 1
        top_hz = self.rate_hz / 2 if f_max_hz is None else f_max_hz
        inside = (self.frequencies_hz[rises] >= f_min_hz) & (self.frequencies_hz[rises] <= top_hz)
        rises = rises[inside]
        if len(rises) == 0 or amp[rises].max() <= 1e-10:
            return []
        rises = rises[amp[rises] >= amp[rises].max() * 10 ** (-range_db / 20)]
        chosen = _strongest(rises, amp, lobe, max_peaks, separation)
        bin_hz = self.frequencies_hz[1]
        found = []
        for k in chosen:
            low, high = max(k - lobe.reach, 0), min(k + lobe.reach, len(amp) - 1)
            shift, amplitude = lobe.interpolate(amp[low], amp[k], amp[high])
            found.append(Peak(float((k + shift) * bin_hz), float(amplitude)))
        return sorted(found, key=lambda peak: -peak.amplitude)

    def fundamental_hz(self, f_min_hz: float = 20.0, f_max_hz: float = 5000.0) -> float | None:
        """Frequency of which the peaks are multiples, even where it is missing itself.

        Returns:
            The fundamental, or `None` where no peak stands out (silence, noise).
        """
        peaks = self.peaks(40, range_db=50, f_min_hz=f_min_hz, separation=0.025)
        peaks = [peak for peak in peaks if peak.amplitude > _OVER_NOISE * self._around(peak)]
        if not peaks:
            return None
        return find_fundamental(
            np.array([peak.frequency_hz for peak in peaks]),
            np.array([peak.amplitude for peak in peaks]),
            f_min_hz,
            f_max_hz,
            self.resolution_hz,
        )

    def _around(self, peak: Peak) -> float:
        """The median amplitude near a peak: that of the noise, where there is any."""
        k = round(peak.frequency_hz / float(self.frequencies_hz[1]))
        return float(np.median(self.amplitudes[max(0, k - 400) : k + 400]))

    def harmonics(self, count: int = 10, fundamental_hz: float | None = None) -> list[Harmonic]:
        """The harmonics below half the rate, each with its own frequency and amplitude.

        A harmonic without a peak within a twentieth of the fundamental is reported at its multiple
        with what amplitude the spectrum has there.

        Args:
            count: how many at most.
            fundamental_hz: by default the one found.
        """
        base_hz = self.fundamental_hz() if fundamental_hz is None else fundamental_hz
        if base_hz is None:
            return []
        if base_hz <= 0:
            raise ArgumentError(f"a fundamental of {base_hz} Hz", fix="a frequency above 0")
        found = []
        for number in range(1, count + 1):
            wanted_hz = number * base_hz
            if wanted_hz >= self.rate_hz / 2 - self.resolution_hz:
                break
            reach_hz = max(base_hz / 20, 1.5 * self.resolution_hz)
            near = self.peaks(1, 300.0, wanted_hz - reach_hz, wanted_hz + reach_hz)
            if near:
                found.append(Harmonic(near[0].frequency_hz, near[0].amplitude, number))
            else:
                level = np.interp(wanted_hz, self.frequencies_hz, self.amplitudes)
                found.append(Harmonic(float(wanted_hz), float(level), number))
        return found

    def __repr__(self) -> str:
        top = ", ".join(f"{p.frequency_hz:.1f} Hz at {p.level_db:.1f} dB" for p in self.peaks(3))
        band = f"0–{self.rate_hz / 2:g} Hz, {len(self.amplitudes)} bins"
        return f"Spectrum({band}; {top or 'silence'})"


def spectrum(clip: Clip, window: WindowSpec = "hann", frame_s: float | None = None) -> Spectrum:
    """Amplitude spectrum of a clip (its channels mixed to one), in the units of its samples.

        A(f) = 2 |sum_i window[i] x[i] exp(-2 pi j f i / rate)| / sum(window)

    A sine of amplitude 0.5 peaks at 0.5 under every window, on or between the bins of the
    transform. Noise has no amplitude: its height depends on the length of the window.

    Args:
        clip: the sound.
        window: see `tympan.spectra.windows.window`. Windows whose samples sum to 0 cannot be used.
        frame_s: average (root mean square) over frames of this length that overlap by half; by
            default the whole clip is one frame up to about a million samples.

    >>> from tympan.audio import synth
    >>> s = spectrum(synth.sine(440.3, duration_s=1, rate_hz=16000, amplitude=0.5))
    >>> peak = s.peaks()[0]
    >>> round(peak.frequency_hz, 2), round(peak.amplitude, 3)
    (440.3, 0.5)
    """
    samples = clip.mono().samples[0].astype(np.float64)
    if len(samples) < 8:
        raise ArgumentError(f"a clip of {len(samples)} samples", fix="give at least 8 samples")
    size = _frame_size(len(samples), clip.rate_hz, frame_s)
    shape = window_samples(window, size)
    if abs(shape.sum()) < 1e-9 * size:
        raise ArgumentError("the window's samples sum to 0: it shows no amplitudes")
    n_fft = _fast_length(_PADDING * size)
    starts = range(0, len(samples) - size + 1, max(1, size // 2))
    power = np.zeros(n_fft // 2 + 1)
    for start in starts:
        transform = np.fft.rfft(samples[start : start + size] * shape, n_fft)
        power += transform.real**2 + transform.imag**2
    amplitudes = np.sqrt(power / len(starts)) * (2 / abs(shape.sum()))
    # A constant, and half the rate, are their own mirror images.
    amplitudes[[0, -1]] /= 2
    frequencies_hz = np.arange(n_fft // 2 + 1) * (clip.rate_hz / n_fft)
    return Spectrum(frequencies_hz, amplitudes, clip.rate_hz, window, size, clip.name)


@lru_cache(maxsize=16)
def _lobe(window: WindowSpec, size: int, step: float) -> MainLobe:
    return MainLobe.of(window_samples(window, size), step)


def _frame_size(num_samples: int, rate_hz: int, frame_s: float | None) -> int:
    if frame_s is None:
        return num_samples if num_samples <= _WHOLE else _FRAME
    if frame_s * rate_hz < 8:
        raise ArgumentError(f"frame_s is {frame_s}", fix="give at least 8 samples")
    return min(num_samples, round(frame_s * rate_hz))


def _fast_length(minimum: int) -> int:
    """The smallest even 2^a 3^b 5^c that is not below `minimum`."""
    best = 1 << max(1, (minimum - 1).bit_length())
    for five in (1, 5, 25, 125):
        for three in (1, 3, 9, 27):
            need = -(-minimum // (five * three))
            best = min(best, five * three << max(1, (need - 1).bit_length()))
    return best


def _strongest(
    rises: np.ndarray, amp: np.ndarray, lobe: MainLobe, max_peaks: int, separation: float
) -> list[int]:
    """Indices of the strongest maxima that are no side lobes of stronger ones."""
    chosen: list[int] = []
    open_, mask, height = np.ones(len(rises), dtype=bool), np.zeros(len(rises)), amp[rises]
    while len(chosen) < max_peaks and open_.any():
        best = int(np.argmax(np.where(open_, height, -1.0)))
        open_[best], k = False, rises[best]
        chosen.append(int(k))
        # What this peak throws elsewhere, and its mirror image at the negative frequency.
        mask += height[best] * (lobe.side(np.abs(rises - k)) + lobe.side(rises + k))
        open_ &= height > 1.5 * mask
        if separation > 0:
            open_ &= np.abs(rises - k) > separation * k
    return chosen
