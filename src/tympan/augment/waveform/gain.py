"""Louder or softer."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import check_range, uniform
from tympan.augment.base import Params, Transform


class Gain(Transform):
    """Multiply each item by a gain drawn uniformly in decibels.

    Hazards: a gain above 0 dB can push samples beyond ±1; nothing is clipped here, but writing
    such a signal to a file clips it. Useless before a step that normalises the level.

    Args:
        min_gain_db: lowest gain.
        max_gain_db: highest gain.
        p: probability of being applied to an item.

    >>> import torch
    >>> Gain(-20.0, -20.0)(torch.ones(1, 1, 2), 0)
    tensor([[[0.1000, 0.1000]]])
    """

    def __init__(
        self, min_gain_db: float = -12.0, max_gain_db: float = 6.0, p: float = 1.0
    ) -> None:
        super().__init__(p)
        check_range("gain_db", min_gain_db, max_gain_db, -200.0, 100.0)
        self.min_gain_db, self.max_gain_db = min_gain_db, max_gain_db

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        return {"gain_db": uniform(generator, x.shape[:1], self.min_gain_db, self.max_gain_db)}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        gain = torch.pow(10.0, params["gain_db"] / 20.0).to(x.dtype)
        return x * gain[:, None, None]
