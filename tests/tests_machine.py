"""A small machine, made on the spot."""

from __future__ import annotations

import numpy as np

import tympan

RATE_HZ = 8000


def machine(duration_s: float, seed: int, whistle: float = 0.0, gain: float = 1.0) -> tympan.Clip:
    """A hum of four harmonics in noise; a whistle at 2.5 kHz is its fault."""
    rng, t = np.random.default_rng(seed), np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    hum = sum(0.1 / k * np.sin(2 * np.pi * 50.5 * k * t + rng.uniform(0, 6)) for k in (1, 2, 4, 6))
    noise = 0.02 * np.convolve(rng.standard_normal(len(t)), [0.5, 0.3, 0.2], "same")
    wave = gain * (hum + noise) + whistle * np.sin(2 * np.pi * 2500 * t)
    return tympan.Clip(wave[None].astype(np.float32), RATE_HZ)
