"""The band of frames or frequency bins that a mask removes."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import uniform
from tympan.augment.base import Params, Transform
from tympan.errors import ArgumentError


class BandMask(Transform):
    """Base of `TimeMask` and `FrequencyMask`: cover bands along one axis of the spectrogram."""

    domain = "spectrogram"
    axis: int

    def __init__(
        self, max_width: float, count: int, fill: float | str = "mean", p: float = 1.0
    ) -> None:
        super().__init__(p)
        if max_width <= 0:
            raise ArgumentError(f"max_width is {max_width}", fix="give bins, or a fraction below 1")
        if count < 1:
            raise ArgumentError(f"count is {count}", fix="give at least 1")
        if isinstance(fill, str) and fill not in ("mean", "min"):
            raise ArgumentError(f"fill is {fill!r}", fix="give mean, min or a number")
        self.max_width, self.count, self.fill = max_width, count, fill

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        size = x.shape[self.axis]
        most = self.max_width * size if self.max_width < 1 else min(self.max_width, size)
        drawn = uniform(generator, (x.shape[0], 2, self.count))
        width = (drawn[:, 0] * (int(most) + 1)).long().clamp_max(int(most))
        start = (drawn[:, 1] * (size - width + 1)).long().clamp_max(size).minimum(size - width)
        return {"start": start, "width": width}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        size = x.shape[self.axis]
        places = torch.arange(size, device=x.device)
        start, width = params["start"][..., None], params["width"][..., None]
        covered = ((places >= start) & (places < start + width)).any(1)  # (b, size)
        covered = covered[:, None, :, None] if self.axis == 2 else covered[:, None, None, :]
        return torch.where(covered, self._filling(x), x)

    def _filling(self, x: Tensor) -> Tensor:
        if self.fill == "mean":
            return x.mean((1, 2, 3), keepdim=True)
        if self.fill == "min":
            return x.amin((1, 2, 3), keepdim=True)
        return torch.as_tensor(self.fill, dtype=x.dtype, device=x.device)
