"""Overdriven."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tympan.augment._draw import check_range, uniform
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._rows import each_item, fits_numpy


class Clipping(Transform):
    """Cut the waveform off at a drawn level below its peak, as an overdriven input does.

    Hazards: a threshold far below the peak makes distortion louder than the sound. A single
    click sets the peak: then little else is clipped. The level falls with the peaks.

    Args:
        min_threshold_db: lowest threshold relative to the item's peak.
        max_threshold_db: highest threshold; at most 0.
        p: probability of being applied to an item.

    >>> import torch
    >>> Clipping(-6.0206, -6.0206)(torch.tensor([[[0.2, -0.8, 0.8]]]), 0)
    tensor([[[ 0.2000, -0.4000,  0.4000]]])
    """

    def __init__(
        self, min_threshold_db: float = -20.0, max_threshold_db: float = -3.0, p: float = 1.0
    ) -> None:
        super().__init__(p)
        check_range("threshold_db", min_threshold_db, max_threshold_db, -100.0, 0.0)
        self.min_threshold_db, self.max_threshold_db = min_threshold_db, max_threshold_db

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        drawn = uniform(generator, x.shape[:1], self.min_threshold_db, self.max_threshold_db)
        return {"threshold_db": drawn}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        factor = torch.pow(10.0, params["threshold_db"] / 20.0)
        if not fits_numpy(x):
            peak = x.detach().abs().flatten(1).amax(1)
            limit = (peak * factor.to(x.dtype))[:, None, None]
            return torch.clamp(x, -limit, limit)
        y = torch.empty_like(x)
        items, clipped, factors = x.numpy(), y.numpy(), factor.tolist()

        def clip(number: int) -> None:
            item = items[number]
            limit = max(item.max(initial=0.0), -item.min(initial=0.0)) * factors[number]
            np.clip(item, -limit, limit, out=clipped[number])

        each_item(clip, len(x))
        return y
