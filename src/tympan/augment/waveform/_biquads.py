"""Second-order sections from frequencies, gains and Q, for whole batches.

Formulae: Robert Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients"
(published by the W3C). All angles are in float64: at low frequencies single precision would do
away with the filter.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor


def low_pass(cutoff_hz: Tensor, order: int, rate_hz: float) -> Tensor:
    """Return Butterworth low-passes, −3 dB at the cut-off: (…,) → (…, sections, 6)."""
    cos, half_tan = _angle(cutoff_hz, rate_hz)
    sections = []
    for q in _butterworth_q(order):
        alpha = torch.sqrt(1 - cos**2) / (2 * q)
        b0 = (1 - cos) / 2
        sections.append(_stack(b0, 1 - cos, b0, 1 + alpha, -2 * cos, 1 - alpha))
    if order % 2:
        zero = torch.zeros_like(cos)
        sections.append(_stack(half_tan, half_tan, zero, 1 + half_tan, half_tan - 1, zero))
    return torch.stack(sections, -2)


def high_pass(cutoff_hz: Tensor, order: int, rate_hz: float) -> Tensor:
    """Return Butterworth high-passes, −3 dB at the cut-off: (…,) → (…, sections, 6)."""
    cos, half_tan = _angle(cutoff_hz, rate_hz)
    sections = []
    for q in _butterworth_q(order):
        alpha = torch.sqrt(1 - cos**2) / (2 * q)
        b0 = (1 + cos) / 2
        sections.append(_stack(b0, -1 - cos, b0, 1 + alpha, -2 * cos, 1 - alpha))
    if order % 2:
        zero, one = torch.zeros_like(cos), torch.ones_like(cos)
        sections.append(_stack(one, -one, zero, 1 + half_tan, half_tan - 1, zero))
    return torch.stack(sections, -2)


def band_pass(low_hz: Tensor, high_hz: Tensor, order: int, rate_hz: float) -> Tensor:
    """Return Butterworth band-passes, 0 dB in the middle and −3 dB at the edges.

    As `scipy.signal.butter`; the order is that of each slope. (…,) → (…, order, 6).
    """
    centre, width, poles = _band(low_hz, high_hz, order, rate_hz)
    zero = torch.zeros_like(width)
    return torch.stack([_bilinear((zero, width, zero), p, centre) for p in poles], -2)


def band_stop(low_hz: Tensor, high_hz: Tensor, order: int, rate_hz: float) -> Tensor:
    """Return Butterworth band-stops, nothing in the middle and −3 dB at the edges.

    As `scipy.signal.butter`; the order is that of each slope. (…,) → (…, order, 6).
    """
    centre, width, poles = _band(low_hz, high_hz, order, rate_hz)
    one, zero = torch.ones_like(width), torch.zeros_like(width)
    return torch.stack([_bilinear((one, zero, centre), p, centre) for p in poles], -2)


def _band(
    low_hz: Tensor, high_hz: Tensor, order: int, rate_hz: float
) -> tuple[Tensor, Tensor, list[tuple[Tensor, Tensor]]]:
    """Return the analogue band: square of its centre, its width, and its denominators.

    A low-pass pole p becomes the two roots q of `s² − p·width·s + centre`; with that of the
    conjugate of p, each is a section `s² − 2 Re(q) s + |q|²`: returned as (2 Re(q), |q|²).
    """
    low, high = (torch.tan(math.pi * f.double() / rate_hz) for f in (low_hz, high_hz))
    centre, width = low * high, high - low
    poles = []
    for k in range(order // 2):
        angle = math.pi * (2 * k + 1 + order) / (2 * order)
        half = width * complex(math.cos(angle), math.sin(angle)) / 2
        root = torch.sqrt(half * half - centre)
        poles += [(2 * q.real, q.real**2 + q.imag**2) for q in (half + root, half - root)]
    if order % 2:
        poles.append((-width, centre))  # of p = −1: one section, whether its roots are real or not
    return centre, width, poles


def _bilinear(
    above: tuple[Tensor, Tensor, Tensor], pole: tuple[Tensor, Tensor], centre: Tensor
) -> Tensor:
    """Return the digital section of `(a s² + b s + c) / (s² − 2 Re(q) s + |q|²)`: (…, 6)."""
    a, b, c = above
    twice, square = pole
    below = (1 - twice + square, 2 * (square - 1), 1 + twice + square)
    return _stack(a + b + c, 2 * (c - a), a - b + c, *below)


def peaking(centre_hz: Tensor, gain_db: Tensor, q: Tensor, rate_hz: float) -> Tensor:
    """Return bells of `gain_db` at the centre, 0 dB far from it: (…,) → (…, 6)."""
    cos, amplitude, alpha = _shape(centre_hz, gain_db, q, rate_hz)
    up, down = alpha * amplitude, alpha / amplitude
    return _stack(1 + up, -2 * cos, 1 - up, 1 + down, -2 * cos, 1 - down)


def low_shelf(corner_hz: Tensor, gain_db: Tensor, q: Tensor, rate_hz: float) -> Tensor:
    """Return shelves of `gain_db` below the corner, 0 dB above: (…,) → (…, 6)."""
    cos, a, alpha = _shape(corner_hz, gain_db, q, rate_hz)
    root = 2 * torch.sqrt(a) * alpha
    return _stack(
        a * ((a + 1) - (a - 1) * cos + root),
        2 * a * ((a - 1) - (a + 1) * cos),
        a * ((a + 1) - (a - 1) * cos - root),
        (a + 1) + (a - 1) * cos + root,
        -2 * ((a - 1) + (a + 1) * cos),
        (a + 1) + (a - 1) * cos - root,
    )


def high_shelf(corner_hz: Tensor, gain_db: Tensor, q: Tensor, rate_hz: float) -> Tensor:
    """Return shelves of `gain_db` above the corner, 0 dB below: (…,) → (…, 6)."""
    cos, a, alpha = _shape(corner_hz, gain_db, q, rate_hz)
    root = 2 * torch.sqrt(a) * alpha
    return _stack(
        a * ((a + 1) + (a - 1) * cos + root),
        -2 * a * ((a - 1) + (a + 1) * cos),
        a * ((a + 1) + (a - 1) * cos - root),
        (a + 1) - (a - 1) * cos + root,
        2 * ((a - 1) - (a + 1) * cos),
        (a + 1) - (a - 1) * cos - root,
    )


def _angle(frequency_hz: Tensor, rate_hz: float) -> tuple[Tensor, Tensor]:
    """Return the cosine of the digital frequency and the tangent of its half."""
    angle = 2 * math.pi * frequency_hz.double() / rate_hz
    return torch.cos(angle), torch.tan(angle / 2)


def _shape(
    frequency_hz: Tensor, gain_db: Tensor, q: Tensor, rate_hz: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return cosine, square root of the gain, and the cookbook's alpha."""
    angle = 2 * math.pi * frequency_hz.double() / rate_hz
    amplitude = torch.pow(10.0, gain_db.double() / 40)
    return torch.cos(angle), amplitude, torch.sin(angle) / (2 * q.double())


def _butterworth_q(order: int) -> list[float]:
    """Return the Q of each conjugate pair of poles of a Butterworth filter.

    >>> [round(q, 4) for q in _butterworth_q(4)]
    [0.5412, 1.3066]
    """
    return [
        1 / (2 * math.sin(math.pi * (2 * k + 1) / (2 * order))) for k in reversed(range(order // 2))
    ]


def _stack(*coefficients: Tensor) -> Tensor:
    return torch.stack(torch.broadcast_tensors(*coefficients), -1)
