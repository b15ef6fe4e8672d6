"""Rooms for single waves, quickly: a direct sound, and noise that dies away."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RT60_S = (0.1, 0.6)
DIRECT_DB = (-2.0, 15.0)
# What comes so soon after the direct sound makes speech louder, not worse.
EARLY_S = 0.03


def response(rate_hz: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """An impulse response that begins with the direct sound, of size 1.

    Exponentially decaying noise (Polack, 1988) that rises in its first milliseconds, each fourth
    darker than the last; its power beside the direct sound is drawn.

    >>> found = response(16000, np.random.default_rng(0))
    >>> float(found[0]), bool(abs(found[-200:]).max() < 0.01)
    (1.0, True)
    """
    rt60_s = rng.uniform(*RT60_S)
    length = max(16, round(rt60_s * rate_hz))
    time_s = np.arange(length) / rate_hz
    noise = rng.standard_normal(length) * 10 ** (-3 * time_s / rt60_s)
    # Walls take the high frequencies first.
    dark = np.cumsum(noise) * 0.05
    share = np.clip(time_s / rt60_s, 0, 1)
    tail = (1 - share) * noise + share * np.diff(dark, prepend=0.0) * 4
    tail[: max(1, round(0.002 * rate_hz))] = 0
    direct_db = rng.uniform(*DIRECT_DB)
    tail *= 10 ** (-direct_db / 20) / max(float(np.sqrt(np.square(tail).sum())), 1e-9)
    tail[0] = 1.0
    return tail.astype(np.float32)


def convolved(
    wave: npt.NDArray[np.float32], kernel: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """A wave `(…, t)` filtered, as long as it is."""
    size = 1 << (wave.shape[-1] + len(kernel) - 2).bit_length()
    spectrum = np.fft.rfft(wave, size) * np.fft.rfft(kernel, size)
    return np.fft.irfft(spectrum, size)[..., : wave.shape[-1]].astype(np.float32)


def in_room(
    wave: npt.NDArray[np.float32], rate_hz: int, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """A wave `(c, t)` as it sounds in a drawn room."""
    return convolved(wave, response(rate_hz, rng))


def in_room_and_dry(
    wave: npt.NDArray[np.float32], rate_hz: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """A wave as it sounds in a room, and with no more than its first reflections."""
    whole = response(rate_hz, rng)
    early = whole[: max(1, round(EARLY_S * rate_hz))]
    return convolved(wave, whole), convolved(wave, early)
