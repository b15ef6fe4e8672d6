"""Earlier or later."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import check_range, uniform
from tympan.augment.base import Params, Transform
from tympan.errors import ArgumentError


class Shift(Transform):
    """Move each item along time by a whole number of samples.

    Hazards: with `mode="roll"` what leaves at one end comes back at the other, which puts a click
    in the middle and the end of a sound before its beginning; with `mode="zeros"` it is lost, and
    with large shifts the labelled event may be lost with it. Time labels must be moved too: the
    shift is in the parameters.

    Args:
        min_shift: lowest shift as a fraction of the length; negative is earlier.
        max_shift: highest shift as a fraction of the length.
        mode: "roll" or "zeros".
        p: probability of being applied to an item.

    >>> import torch
    >>> Shift(0.25, 0.25)(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]]), 0)
    tensor([[[4., 1., 2., 3.]]])
    """

    def __init__(
        self, min_shift: float = -0.5, max_shift: float = 0.5, mode: str = "roll", p: float = 1.0
    ) -> None:
        super().__init__(p)
        check_range("shift", min_shift, max_shift, -1.0, 1.0)
        if mode not in ("roll", "zeros"):
            raise ArgumentError(f"mode {mode!r}", fix="choose roll or zeros")
        self.min_shift, self.max_shift, self.mode = min_shift, max_shift, mode

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        fraction = uniform(generator, x.shape[:1], self.min_shift, self.max_shift)
        return {"shift_samples": (fraction.double() * x.shape[-1]).round().long()}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        # Two copies of contiguous pieces per item are several times faster than one gather.
        shifts = params["shift_samples"].tolist()
        return torch.stack([self._moved(item, n) for item, n in zip(x, shifts, strict=True)])

    def _moved(self, item: Tensor, shift: int) -> Tensor:
        if self.mode == "roll":
            return torch.roll(item, shift, dims=-1)
        t = item.shape[-1]
        shift = max(-t, min(t, shift))
        kept = item[..., max(0, -shift) : t - max(0, shift)]
        return torch.nn.functional.pad(kept, (max(0, shift), max(0, -shift)))
