"""Faster or slower at the same pitch."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import check_range, log_uniform
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._vocoder import stretch_time


class TimeStretch(Transform):
    """Play each item faster or slower and keep its pitch and its number of samples.

    A faster item ends in silence, a slower one is cut off.

    Hazards: time labels must be divided by the rate (`move_events`). Beats and attacks are smeared
    over the 48 ms window; far from 1 (below 0.7, above 1.4) voices sound hollow. Channels are
    worked on each for itself, which blurs a stereo image. Nets learn the silence at the end if only
    one class is often stretched: use it on all.

    Source: Puckette, "Phase-locked vocoder", 1995.

    Args:
        min_rate: slowest; 0.8 is 25 % longer.
        max_rate: fastest.
        rate_hz: sample rate of the audio.
        p: probability of being applied to an item.

    >>> import torch
    >>> TimeStretch(2.0, 2.0, rate_hz=8000)(torch.randn(1, 1, 8000), 0)[0, 0, 6000:].abs().max()
    tensor(0.)
    """

    def __init__(
        self, min_rate: float = 0.8, max_rate: float = 1.25, *, rate_hz: int, p: float = 1.0
    ) -> None:
        super().__init__(p)
        check_range("rate", min_rate, max_rate, 0.1, 10.0)
        self.min_rate, self.max_rate = min_rate, max_rate
        self.rate_hz: int = rate_hz

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        return {"rate": log_uniform(generator, x.shape[:1], self.min_rate, self.max_rate)}

    def move_times(self, times_s: Tensor, params: Params, length: int, rate_hz: float) -> Tensor:
        """Return the moments, divided by the rate."""
        return times_s / params["rate"].double()

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        return stretch_time(x, params["rate"], self.rate_hz, x.shape[-1])
