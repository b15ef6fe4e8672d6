"""What frequencies and orders a filter takes."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import check_range
from tympan.errors import ArgumentError

# Highest frequency of a filter, as a share of the sample rate: at one half its poles leave.
HIGHEST = 0.49


def check_order(order: int) -> int:
    """Return the order of a filter, or raise `ArgumentError`."""
    if not 1 <= order <= 16 or int(order) != order:
        raise ArgumentError(f"order is {order}", fix="give a whole number from 1 to 16")
    return int(order)


def check_cutoffs(
    low_hz: float, high_hz: float | None, usual_hz: float, rate_hz: int
) -> tuple[float, float]:
    """Return a range of frequencies inside the band of audio at `rate_hz`.

    Args:
        low_hz: lower end.
        high_hz: upper end; if None, `usual_hz` or 45 % of the rate, whichever is lower.
        usual_hz: see there.
        rate_hz: sample rate.

    Raises:
        ArgumentError: the range falls, or leaves the band.
    """
    if not rate_hz > 0:
        raise ArgumentError(f"rate_hz is {rate_hz}", fix="give the sample rate of the audio")
    high = max(low_hz, min(usual_hz, 0.45 * rate_hz)) if high_hz is None else high_hz
    check_range("cut-off in Hz", low_hz, high, 1.0, HIGHEST * rate_hz)
    return float(low_hz), float(high)


def band_edges(centre_hz: Tensor, octaves: Tensor, rate_hz: int) -> tuple[Tensor, Tensor]:
    """Return the edges of bands, cut off at 1 Hz and at the highest frequency of a filter.

    >>> band_edges(torch.tensor([1000.0]), torch.tensor([2.0]), 8000)[0]
    tensor([500.], dtype=torch.float64)
    """
    centre, half = centre_hz.double(), octaves.double() / 2
    low = (centre * torch.exp2(-half)).clamp_min(1.0)
    return low, (centre * torch.exp2(half)).clamp_max(HIGHEST * rate_hz)
