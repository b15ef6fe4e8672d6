"""The phases, series and spectra that `synth` makes its signals of."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from tympan.audio import _limits
from tympan.audio._samples import read_only
from tympan.audio.clip import Clip
from tympan.errors import ArgumentError


def length(duration_s: float, rate_hz: int) -> tuple[int, int]:
    """The number of samples and the checked rate."""
    rate = _limits.check_rate(rate_hz)
    seconds = _limits.check_number(duration_s, "duration_s", low=0.0)
    total = _limits.to_samples(seconds, rate)
    if total < 1:
        raise ArgumentError(f"{seconds:g} s at {rate} Hz hold no sample", fix="make it longer")
    if total * 4 > _limits.MAX_CLIP_BYTES:
        raise ArgumentError(
            f"{seconds:g} s at {rate} Hz do not fit in memory", fix="make it shorter"
        )
    return total, rate


def below_nyquist(frequency_hz: float, rate_hz: int) -> None:
    """Raise ArgumentError for a frequency that the rate cannot hold."""
    frequency = _limits.check_number(frequency_hz, "frequency_hz", low=0.0)
    if 2 * frequency > rate_hz:
        raise ArgumentError(
            f"{frequency:g} Hz cannot be held at {rate_hz} Hz, which ends at {rate_hz / 2:g} Hz",
            fix="raise rate_hz, or show the aliasing with synth.sample_at",
        )


def cycles_of(frequency_hz: float, duration_s: float, rate_hz: int, phase_rad: float) -> np.ndarray:
    """The phase at each sample, counted in periods; exact where a period is whole samples."""
    total, rate = length(duration_s, rate_hz)
    below_nyquist(frequency_hz, rate)
    phase = _limits.check_number(phase_rad, "phase_rad")
    cycles: np.ndarray = np.arange(total) * float(frequency_hz) / rate
    # To a billionth of a period: else the last bit would decide on which side of a square's edge
    # a sample falls, differently in each period.
    return np.round(cycles % 1.0 + phase / (2 * np.pi), 9)


def series(
    cycles: np.ndarray, frequency_hz: float, rate_hz: int, size: Callable[[int], float]
) -> np.ndarray:
    """Sum `size(k) · sin(2π k cycles)` over the harmonics below half the rate.

    By sin(kx) = 2 cos(x) sin((k-1)x) - sin((k-2)x), which spares a sine per harmonic.
    """
    if frequency_hz <= 0:
        return np.zeros_like(cycles)
    x = 2 * np.pi * cycles
    before, now, twice = np.zeros_like(x), np.sin(x), 2 * np.cos(x)
    total = np.zeros_like(x)
    for k in range(1, math.ceil(rate_hz / 2 / frequency_hz)):
        if size(k):
            total += size(k) * now
        before, now = now, twice * now - before
    return total


def coloured_noise(
    slope: float, duration_s: float, rate_hz: int, amplitude: float, seed: int, name: str
) -> Clip:
    """Gaussian noise whose spectrum falls as `frequency ** -slope`."""
    total, rate = length(duration_s, rate_hz)
    wave = np.random.default_rng(seed).standard_normal(total)
    if slope and total > 1:
        spectrum = np.fft.rfft(wave)
        frequencies = np.fft.rfftfreq(total, 1 / rate)
        # Below 10 Hz the noise stays level: else slow drift would be all that is left of it.
        spectrum *= np.maximum(frequencies, min(10.0, rate / 8)) ** -slope
        spectrum[0] = 0.0
        wave = np.fft.irfft(spectrum, total)
    peak = np.abs(wave).max()
    return mono_clip(wave / peak if peak > 0 else wave, amplitude, rate, name)


def mono_clip(wave: np.ndarray, amplitude: float, rate_hz: int, name: str) -> Clip:
    """A wave of full scale 1 as a clip of the amplitude asked for."""
    size = _limits.check_number(amplitude, "amplitude", low=0.0)
    return Clip(read_only((wave * size).astype(np.float32)[np.newaxis].copy()), rate_hz, name)
