"""Higher or lower on the spectrogram."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import integers
from tympan.augment.base import Params, Transform
from tympan.errors import ArgumentError


class FrequencyShift(Transform):
    """Move each spectrogram up or down by a whole number of frequency bins.

    On a mel or log-frequency axis this is close to a change of pitch, at no cost.

    Hazards: on a linear axis harmonics stop being multiples of each other. Bins moved in at the
    edge repeat the outermost bin ("edge") or hold the item's minimum ("min"). Whatever is told
    apart by absolute pitch (instruments' notes, speakers) is blurred by large shifts.

    Args:
        max_bins: largest shift, up or down, in bins; drawn uniformly, 0 included.
        fill: "edge", "min" or a number.
        p: probability of being applied to an item.

    >>> import torch
    >>> x = torch.arange(4.0).reshape(1, 1, 4, 1)
    >>> shift = FrequencyShift(1)
    >>> shift.apply(x, {"active": torch.tensor([True]), "bins": torch.tensor([1])}).flatten()
    tensor([0., 0., 1., 2.])
    """

    domain = "spectrogram"

    def __init__(self, max_bins: int = 4, fill: float | str = "edge", p: float = 1.0) -> None:
        super().__init__(p)
        if max_bins < 0:
            raise ArgumentError(f"max_bins is {max_bins}", fix="give 0 or more")
        if isinstance(fill, str) and fill not in ("edge", "min"):
            raise ArgumentError(f"fill is {fill!r}", fix="give edge, min or a number")
        self.max_bins, self.fill = max_bins, fill

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        return {"bins": integers(generator, x.shape[:1], -self.max_bins, self.max_bins)}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        f = x.shape[2]
        source = torch.arange(f, device=x.device) - params["bins"][:, None]  # (b, f)
        items = torch.arange(x.shape[0], device=x.device)[:, None]
        # Advanced indexing of two axes copies whole rows of frames; a gather goes frame by frame.
        y = x.transpose(1, 2)[items, source.clamp(0, f - 1)].transpose(1, 2)
        if self.fill == "edge":
            return y
        outside = ((source < 0) | (source >= f))[:, None, :, None]
        if self.fill == "min":
            return torch.where(outside, x.amin((1, 2, 3), keepdim=True), y)
        return y.masked_fill(outside, float(self.fill))
