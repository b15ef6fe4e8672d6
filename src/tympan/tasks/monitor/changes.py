"""What may happen to a machine's sound, imitated on normal windows, to choose detectors by.

No real fault is known when a monitor is trained. So a few general things are done to normal
windows: a tone or a band of noise is added, a band is raised or taken away, the speed changes, the
level flutters, a short burst falls in. They are stand-ins for faults, and no proof that any real
one is found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    Wave = np.ndarray[Any, Any]
    Change = Callable[[Wave, int, np.random.Generator], Wave]


def rms(wave: Wave) -> float:
    """Root mean square, never 0."""
    return float(np.sqrt(np.mean(np.square(wave, dtype=np.float64)))) + 1e-9


def _frequency(rate_hz: int, rng: np.random.Generator) -> float:
    """One between an eightieth and nine twentieths of the rate, evenly on a logarithmic scale."""
    return float(rate_hz * 2 ** rng.uniform(np.log2(1 / 80), np.log2(0.45)))


def _band_gain(wave: Wave, rate_hz: int, center_hz: float, octaves: float, gain: float) -> Wave:
    spectrum = np.fft.rfft(wave)
    frequencies = np.fft.rfftfreq(len(wave), 1 / rate_hz)
    away = np.abs(np.log2(np.maximum(frequencies, 1e-3) / center_hz))
    inside = np.clip(1 - (away - octaves / 2) / 0.1, 0, 1)
    found = np.fft.irfft(spectrum * (1 + (gain - 1) * inside), len(wave))
    return np.asarray(found)


def tone(wave: Wave, rate_hz: int, rng: np.random.Generator) -> Wave:
    """A tone, 9 to 21 dB below the level of the window."""
    t = np.arange(len(wave)) / rate_hz
    level = rms(wave) * np.sqrt(2) * 10 ** (-rng.uniform(9, 21) / 20)
    phase = 2 * np.pi * _frequency(rate_hz, rng) * t + rng.uniform(0, 6.28)
    return np.asarray(wave + level * np.sin(phase))


def noise(wave: Wave, rate_hz: int, rng: np.random.Generator) -> Wave:
    """A third of an octave of noise, 6 to 15 dB below the level of the window."""
    white = rng.standard_normal(len(wave))
    center_hz = _frequency(rate_hz, rng)
    band = white - _band_gain(white, rate_hz, center_hz, 1 / 3, 0.0)
    found: Wave = wave + band * (rms(wave) / rms(band)) * 10 ** (-rng.uniform(6, 15) / 20)
    return found


def coloured(wave: Wave, rate_hz: int, rng: np.random.Generator) -> Wave:
    """An octave raised or lowered by 6 dB."""
    gain = 10 ** (rng.choice([-1, 1]) * 6 / 20)
    return _band_gain(wave, rate_hz, _frequency(rate_hz, rng), 1.0, gain)


def faster(wave: Wave, rate_hz: int, rng: np.random.Generator) -> Wave:
    """Three to six percent faster or slower; the end is repeated from the beginning."""
    factor = 1 + rng.choice([-1, 1]) * rng.uniform(0.03, 0.06)
    at = np.arange(len(wave)) * factor % (len(wave) - 1)
    return np.asarray(np.interp(at, np.arange(len(wave)), wave))


def fluttering(wave: Wave, rate_hz: int, rng: np.random.Generator) -> Wave:
    """The level moves up and down 3 to 20 times a second."""
    t = np.arange(len(wave)) / rate_hz
    return np.asarray(wave * (1 + 0.5 * np.sin(2 * np.pi * rng.uniform(3, 20) * t)))


def burst(wave: Wave, rate_hz: int, rng: np.random.Generator) -> Wave:
    """A fiftieth of a second of noise, as loud as the window to 9 dB louder."""
    size = max(8, rate_hz // 50)
    at = int(rng.integers(0, max(1, len(wave) - size)))
    found = wave.copy()
    level = rms(wave) * 10 ** (rng.uniform(0, 9) / 20)
    added = level * rng.standard_normal(size) * np.hanning(size)
    found[at : at + size] += added[: len(found) - at]
    return found


CHANGES: dict[str, Change] = {
    "tone": tone,
    "noise": noise,
    "coloured": coloured,
    "faster": faster,
    "fluttering": fluttering,
    "burst": burst,
}


def changed(wave: Wave, rate_hz: int, rng: np.random.Generator) -> list[Wave]:
    """A window `(t,)` after each of `CHANGES`.

    >>> found = changed(np.ones(800, np.float32), 8000, np.random.default_rng(0))
    >>> len(found), found[0].dtype
    (6, dtype('float32'))
    """
    return [np.asarray(make(wave, rate_hz, rng), np.float32) for make in CHANGES.values()]
