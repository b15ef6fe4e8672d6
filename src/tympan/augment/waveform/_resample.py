"""Resampling by any ratio, as one matrix product per item."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import pad

# Zero crossings of the sinc on each side, and the Kaiser window's shape: the stop band is at
# −90 dB, and the transition takes the upper 7 % of the band.
CROSSINGS = 32
ROLL_OFF = 0.93
KAISER_BETA = 9.0
# A ratio is met within a cent by the simplest fraction that does. Beside 1 and 2 (nearer than
# 7 cents) there may be none, and the error can be 3.4 cents.
NEAR = 5.7e-4
# Points of the windowed sinc's table for each crossing; straight lines between them are within
# 1e-6 of it.
POINTS = 1024
DENOMINATORS = (16, 32, 64, 128, 256)


def nearest_fraction(ratio: float) -> Fraction:
    """Return a ratio of small whole numbers near to `ratio`.

    >>> nearest_fraction(1.1), nearest_fraction(2 ** (3 / 12))
    (Fraction(11, 10), Fraction(44, 37))
    """
    for largest in DENOMINATORS:
        if ratio > 1:
            found = 1 / Fraction(1 / ratio).limit_denominator(largest)
        else:
            found = Fraction(ratio).limit_denominator(largest)
        if abs(found / Fraction(ratio) - 1) < NEAR:
            break
    return found


def resample(x: Tensor, factor: Fraction) -> Tensor:
    """Return `x` with `factor` times as many samples: longer and lower if above 1.

    Polyphase windowed-sinc interpolation (Smith, "Digital Audio Resampling"; Crochiere and
    Rabiner 1983): `factor.denominator` samples in give `factor.numerator` samples out, by the
    same small matrix everywhere.

    Args:
        x: (c, t).
        factor: number of samples out for one sample in.

    Returns:
        (c, ceil(t * factor)).

    >>> resample(torch.ones(1, 1000), Fraction(3, 2))[0, 750].round(decimals=3)
    tensor(1.)
    """
    c, t = x.shape
    up, down = factor.numerator, factor.denominator
    length = math.ceil(t * factor)
    if up == down:
        return x
    kernel = _kernel(up, down).to(device=x.device, dtype=x.dtype)
    reach = (len(kernel) - down) // 2
    groups = math.ceil(length / up)
    padded = pad(x, (reach, max(0, (groups - 1) * down + len(kernel) - reach - t)))
    frames = padded.unfold(1, len(kernel), down)[:, :groups]
    return (frames @ kernel).reshape(c, -1)[:, :length]


@lru_cache(maxsize=512)
def _kernel(up: int, down: int) -> Tensor:
    """Return the weights (taps, up) of input samples in each of `up` output samples."""
    cutoff = ROLL_OFF * min(1.0, up / down)
    reach = math.ceil(CROSSINGS / cutoff)
    inputs = torch.arange(-reach, down + reach, dtype=torch.float64)[:, None]
    outputs = torch.arange(up, dtype=torch.float64) * down / up
    place = ((inputs - outputs).abs_() * (cutoff * POINTS)).clamp_max_(CROSSINGS * POINTS)
    first = place.long()
    table = _windowed_sinc()
    kernel = torch.lerp(table[first], table[first + 1], place - first)
    # Unit gain at 0 Hz in every phase: no ripple on constant signals.
    return kernel / kernel.sum(0)


@lru_cache(maxsize=1)
def _windowed_sinc() -> Tensor:
    """Return the sinc under a Kaiser window, from its middle to its last crossing and on."""
    away = torch.arange(CROSSINGS * POINTS + 2, dtype=torch.float64) / POINTS
    inside = (1.0 - (away / CROSSINGS).square()).clamp_min(0.0).sqrt()
    window = torch.i0(KAISER_BETA * inside) / torch.i0(torch.tensor(KAISER_BETA))
    return torch.sinc(away) * window * (away < CROSSINGS)
