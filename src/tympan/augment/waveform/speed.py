"""Faster and higher, or slower and lower, as a tape is."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import pad

from tympan.augment._draw import check_range, log_uniform
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._resample import nearest_fraction, resample


class Speed(Transform):
    """Play each item at a drawn speed by resampling; its number of samples is kept.

    A faster item ends in silence, a slower one is cut off.

    Hazards: pitch and formants move with the speed (10 % is 1.7 semitones): a voice becomes
    another person's. Time labels must be divided by the factor (`move_events`). A faster item
    loses what comes to lie above half the sample rate.

    Source: Ko et al., "Audio augmentation for speech recognition", 2015 (0.9, 1.0 and 1.1).

    Args:
        min_factor: slowest.
        max_factor: fastest.
        p: probability of being applied to an item.

    >>> import torch
    >>> y = Speed(2.0, 2.0)(torch.ones(1, 1, 1000), 0)[0, 0]
    >>> bool(torch.allclose(y[50:450], torch.ones(400), atol=1e-3)), y[600:].abs().max().item()
    (True, 0.0)
    """

    def __init__(self, min_factor: float = 0.9, max_factor: float = 1.1, p: float = 1.0) -> None:
        super().__init__(p)
        check_range("factor", min_factor, max_factor, 0.1, 10.0)
        self.min_factor, self.max_factor = min_factor, max_factor

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        return {"factor": log_uniform(generator, x.shape[:1], self.min_factor, self.max_factor)}

    def move_times(self, times_s: Tensor, params: Params, length: int, rate_hz: float) -> Tensor:
        """Return the moments, divided by the factor."""
        return times_s * float(nearest_fraction(1 / float(params["factor"])))

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        factors = params["factor"].tolist()
        return torch.stack([_played(item, f) for item, f in zip(x, factors, strict=True)])


def _played(item: Tensor, factor: float) -> Tensor:
    """Return `item` (c, t) at `factor` times the speed, with t samples."""
    t = item.shape[-1]
    # Only what will be kept is resampled, plus what the interpolation reaches beyond it.
    needed = min(t, int(t * factor) + 256)
    y = resample(item[:, :needed], nearest_fraction(1 / factor))
    return pad(y, (0, max(0, t - y.shape[-1])))[:, :t]
