"""Test signals whose amplitude, period and frequency are what their arguments say.

All take keyword arguments (`frequency_hz` may come first) and give a mono `Clip`. `amplitude` is
the largest absolute value. Composites are sums: `sine(440) + 0.3 * sine(880)`.

>>> square(100, duration_s=0.01, rate_hz=800, amplitude=0.5).samples.tolist()
[[0.5, 0.5, 0.5, 0.5, -0.5, -0.5, -0.5, -0.5]]
>>> sine(440, duration_s=10, rate_hz=44100).num_samples
441000
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from tympan.audio import _limits
from tympan.audio._waves import (
    below_nyquist,
    coloured_noise,
    cycles_of,
    length,
    mono_clip,
    series,
)
from tympan.audio.clip import Clip
from tympan.errors import ArgumentError

RATE_HZ = 44_100  # that of a CD, where nothing else is asked for
_Signal = Callable[[np.ndarray], np.ndarray]


def sine(
    frequency_hz: float = 440.0,
    *,
    duration_s: float = 1.0,
    rate_hz: int = RATE_HZ,
    amplitude: float = 1.0,
    phase_rad: float = 0.0,
) -> Clip:
    """A pure tone: `amplitude · sin(2π f t + phase)`.

    Args:
        frequency_hz: periods per second, at most half the rate.
        duration_s: length; rounded to whole samples.
        rate_hz: samples per second.
        amplitude: largest absolute value.
        phase_rad: where in the period it begins.

    Raises:
        ArgumentError: a frequency that the rate cannot hold (above half of it).

    >>> tone = sine(1000, duration_s=1, rate_hz=8000, amplitude=0.5)
    >>> tone.num_samples, round(tone.rms, 4)
    (8000, 0.3536)
    """
    cycles = cycles_of(frequency_hz, duration_s, rate_hz, phase_rad)
    return mono_clip(np.sin(2 * np.pi * cycles), amplitude, rate_hz, f"sine {frequency_hz:g} Hz")


def square(
    frequency_hz: float = 440.0,
    *,
    duration_s: float = 1.0,
    rate_hz: int = RATE_HZ,
    amplitude: float = 1.0,
    phase_rad: float = 0.0,
    band_limited: bool = False,
) -> Clip:
    """A square wave: `amplitude` in the first half of a period, minus that in the second.

    Args:
        frequency_hz, duration_s, rate_hz, amplitude, phase_rad: as in `sine`.
        band_limited: sum its harmonics below half the rate instead of sampling the shape, so
            that nothing aliases; the peak then overshoots by 9 % (Gibbs).
    """
    cycles = cycles_of(frequency_hz, duration_s, rate_hz, phase_rad)
    if band_limited:
        wave = series(cycles, frequency_hz, rate_hz, lambda k: 4 / np.pi / k if k % 2 else 0.0)
    else:
        wave = np.where(cycles % 1.0 < 0.5, 1.0, -1.0)
    return mono_clip(wave, amplitude, rate_hz, f"square {frequency_hz:g} Hz")


def saw(
    frequency_hz: float = 440.0,
    *,
    duration_s: float = 1.0,
    rate_hz: int = RATE_HZ,
    amplitude: float = 1.0,
    phase_rad: float = 0.0,
    band_limited: bool = False,
) -> Clip:
    """A rising saw tooth: from 0 up to `amplitude`, down to minus that, and up again.

    Args: see `square`.

    >>> saw(100, duration_s=0.01, rate_hz=400).samples.tolist()
    [[0.0, 0.5, -1.0, -0.5]]
    """
    cycles = cycles_of(frequency_hz, duration_s, rate_hz, phase_rad)
    if band_limited:
        wave = series(cycles, frequency_hz, rate_hz, lambda k: -2 / np.pi * (-1) ** k / k)
    else:
        wave = 2 * ((cycles + 0.5) % 1.0) - 1
    return mono_clip(wave, amplitude, rate_hz, f"saw {frequency_hz:g} Hz")


def triangle(
    frequency_hz: float = 440.0,
    *,
    duration_s: float = 1.0,
    rate_hz: int = RATE_HZ,
    amplitude: float = 1.0,
    phase_rad: float = 0.0,
    band_limited: bool = False,
) -> Clip:
    """A triangle wave: straight lines through the zeros and peaks of the sine.

    Args: see `square`.

    >>> triangle(100, duration_s=0.01, rate_hz=400).samples.tolist()
    [[0.0, 1.0, 0.0, -1.0]]
    """
    cycles = cycles_of(frequency_hz, duration_s, rate_hz, phase_rad)
    if band_limited:
        wave = series(
            cycles,
            frequency_hz,
            rate_hz,
            lambda k: 8 / np.pi**2 * (-1) ** ((k - 1) // 2) / k**2 if k % 2 else 0.0,
        )
    else:
        wave = 1 - 4 * np.abs((cycles + 0.25) % 1.0 - 0.5)
    return mono_clip(wave, amplitude, rate_hz, f"triangle {frequency_hz:g} Hz")


def harmonics(
    frequency_hz: float = 220.0,
    amplitudes: Sequence[float] = (1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5),
    *,
    duration_s: float = 1.0,
    rate_hz: int = RATE_HZ,
) -> Clip:
    """A harmonic series: a sine at `k · frequency_hz` for each `amplitudes[k - 1]`.

    Args:
        frequency_hz: the fundamental.
        amplitudes: of the fundamental, the second harmonic and so on.
        duration_s, rate_hz: as in `sine`.

    Raises:
        ArgumentError: no amplitudes, or a harmonic above half the rate.

    >>> harmonics(100, (0.5, 0.0, 0.25), duration_s=0.1, rate_hz=8000).name
    'harmonics of 100 Hz'
    """
    if len(amplitudes) == 0:
        raise ArgumentError("no amplitudes", fix="give one for each harmonic")
    sizes = [_limits.check_number(a, "amplitudes") for a in amplitudes]
    below_nyquist(frequency_hz * len(sizes), rate_hz)
    cycles = cycles_of(frequency_hz, duration_s, rate_hz, 0.0)
    wave = np.zeros_like(cycles)
    for k, size in enumerate(sizes, start=1):
        wave += size * np.sin(2 * np.pi * k * cycles)
    return mono_clip(wave, 1.0, rate_hz, f"harmonics of {frequency_hz:g} Hz")


def chirp(
    start_hz: float = 100.0,
    end_hz: float = 8000.0,
    *,
    duration_s: float = 1.0,
    rate_hz: int = RATE_HZ,
    amplitude: float = 1.0,
    kind: Literal["linear", "log"] = "linear",
) -> Clip:
    """A tone that glides from `start_hz` to `end_hz`.

    Args:
        start_hz, end_hz: frequency of the first and behind the last sample; either may be higher.
        duration_s, rate_hz, amplitude: as in `sine`.
        kind: `"linear"` glides by equal hertz per second, `"log"` by equal octaves per second.

    Raises:
        ArgumentError: a frequency above half the rate, or octaves from 0 Hz.

    >>> chirp(100, 1000, duration_s=2, rate_hz=8000, kind="log").duration_s
    2.0
    """
    total, rate = length(duration_s, rate_hz)
    below_nyquist(start_hz, rate)
    below_nyquist(end_hz, rate)
    t = np.arange(total) / rate
    if kind == "linear":
        cycles = start_hz * t + (end_hz - start_hz) / (2 * duration_s) * t**2
    elif kind == "log":
        if start_hz == 0 or end_hz == 0:
            raise ArgumentError("octaves cannot be counted from 0 Hz", fix="use kind='linear'")
        octaves = math.log(end_hz / start_hz)
        # Near an equal start and end the formula below is 0/0: a steady tone.
        growth = np.expm1(octaves * t / duration_s)
        cycles = start_hz * (duration_s / octaves * growth if abs(octaves) > 1e-9 else t)
    else:
        raise ArgumentError(f"kind is {kind!r}", fix="use 'linear' or 'log'")
    name = f"chirp {start_hz:g} to {end_hz:g} Hz"
    return mono_clip(np.sin(2 * np.pi * cycles), amplitude, rate, name)


def silence(*, duration_s: float = 1.0, rate_hz: int = RATE_HZ) -> Clip:
    """Nothing, for a while.

    >>> silence(duration_s=0.5, rate_hz=8000).peak
    0.0
    """
    total, rate = length(duration_s, rate_hz)
    return mono_clip(np.zeros(total, np.float32), 0.0, rate, "silence")


def white_noise(
    *, duration_s: float = 1.0, rate_hz: int = RATE_HZ, amplitude: float = 1.0, seed: int = 0
) -> Clip:
    """Gaussian noise of equal power per hertz.

    Args:
        duration_s, rate_hz: length and samples per second.
        amplitude: the largest absolute sample (some 12 dB above the root mean square).
        seed: another seed, another noise; the same seed, the same samples.

    >>> white_noise(duration_s=0.1, seed=3).peak
    1.0
    """
    return coloured_noise(0.0, duration_s, rate_hz, amplitude, seed, "white noise")


def pink_noise(
    *, duration_s: float = 1.0, rate_hz: int = RATE_HZ, amplitude: float = 1.0, seed: int = 0
) -> Clip:
    """Noise of equal power per octave: -3 dB per octave above 10 Hz, level below.

    Args: see `white_noise`.

    >>> pink_noise(duration_s=0.1, amplitude=0.5).peak
    0.5
    """
    return coloured_noise(0.5, duration_s, rate_hz, amplitude, seed, "pink noise")


def brown_noise(
    *, duration_s: float = 1.0, rate_hz: int = RATE_HZ, amplitude: float = 1.0, seed: int = 0
) -> Clip:
    """Noise like a random walk: -6 dB per octave above 10 Hz, level below.

    Args: see `white_noise`.

    >>> brown_noise(duration_s=0.1, amplitude=0.5).peak
    0.5
    """
    return coloured_noise(1.0, duration_s, rate_hz, amplitude, seed, "brown noise")


def quantize(clip: Clip, bits: int) -> Clip:
    """Round to the `2**bits` levels of an n-bit converter, from -1 to just below 1.

    Args:
        clip: any clip; what lies beyond full scale is clipped.
        bits: 1 to 24.

    Raises:
        ArgumentError: another number of bits.

    >>> quantize(Clip([0.1, 0.3, 0.6, 1.0], 8000), 2).samples.tolist()
    [[0.0, 0.5, 0.5, 0.5]]
    """
    if isinstance(bits, bool) or not isinstance(bits, (int, np.integer)) or not 1 <= bits <= 24:
        raise ArgumentError(f"bits is {bits!r}", fix="give a whole number from 1 to 24")
    half = float(1 << (int(bits) - 1))
    return clip.map(lambda x: np.clip(np.rint(x * half), -half, half - 1) / np.float32(half))


def sample_at(signal: Clip | _Signal, rate_hz: int, *, duration_s: float | None = None) -> Clip:
    """Sample a signal at chosen instants without any filter, so that aliasing shows.

    Args:
        signal: a function of time in seconds (an array) to values, or a clip, which is read as
            the smooth curve through its samples.
        rate_hz: samples per second.
        duration_s: how long, for a function (1 s if not given).

    Returns:
        A clip in which everything above `rate_hz / 2` has folded down.

    >>> def tone(t):  # 900 Hz, at 1000 Hz the same samples as -100 Hz
    ...     return np.sin(2 * np.pi * 900 * t)
    >>> alias = sample_at(tone, 1000)
    >>> expected = -sine(100, duration_s=1, rate_hz=1000)
    >>> bool(np.allclose(alias.samples, expected.samples, atol=1e-5))
    True
    """
    rate = _limits.check_rate(rate_hz)
    if not isinstance(signal, Clip):
        total, rate = length(1.0 if duration_s is None else duration_s, rate)
        values = np.asarray(signal(np.arange(total) / rate), dtype=np.float64)
        return Clip(np.broadcast_to(values, (total,)), rate, f"sampled at {rate} Hz")
    if duration_s is not None:
        signal = signal.slice(0.0, duration_s)
    # The next multiple of the new rate holds all that the clip holds; then every n-th is taken.
    every = -(-signal.rate_hz // rate)
    samples = signal.resample(every * rate).samples[:, ::every]
    return Clip(samples, rate, signal.name, signal.tags)
