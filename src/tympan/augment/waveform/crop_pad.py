"""One length for all."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

from tympan.augment._draw import uniform
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._windows import windows
from tympan.errors import ArgumentError


class CropPad(Transform):
    """Cut a stretch of `length` samples at a drawn place; put shorter items at a drawn place.

    Always applied: there is no `p`, because all items must have the new length. Items without any
    sample become silence.

    Hazards: a crop may miss the labelled event; silence around a short item may itself tell the
    class (use `fill="repeat"` where the classes differ in length).

    Args:
        length: samples of the result.
        place: "random", "start" or "centre".
        fill: of items that are too short: "zeros" or "repeat".

    >>> import torch
    >>> CropPad(2, place="centre")(torch.arange(4.0)[None, None], 0)
    tensor([[[1., 2.]]])
    >>> CropPad(5, place="start", fill="repeat")(torch.arange(2.0)[None, None], 0)
    tensor([[[0., 1., 0., 1., 0.]]])
    """

    keeps_shape = False

    def __init__(self, length: int, place: str = "random", fill: str = "zeros") -> None:
        super().__init__(1.0)
        if length < 1:
            raise ArgumentError(f"length is {length}", fix="give at least 1 sample")
        if place not in ("random", "start", "centre"):
            raise ArgumentError(f"place {place!r}", fix="choose random, start or centre")
        if fill not in ("zeros", "repeat"):
            raise ArgumentError(f"fill {fill!r}", fix="choose zeros or repeat")
        self.length, self.place, self.fill = int(length), place, fill
        self.repeats_time = fill == "repeat"

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape with `length` as last axis."""
        return (*shape[:-1], self.length)

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        room = abs(x.shape[-1] - self.length)
        drawn = uniform(generator, x.shape[:1])
        if self.place != "random":
            drawn = torch.full_like(drawn, 0.0 if self.place == "start" else 0.5)
        # Of the item where it is cut, of the result where it is filled.
        return {"start": (drawn.double() * (room + 1)).long().clamp_max(room)}

    def move_times(self, times_s: Tensor, params: Params, length: int, rate_hz: float) -> Tensor:
        """Return the moments, from the place of the crop, or of the item in the silence, on."""
        start = params["start"] if length < self.length else -params["start"]
        return times_s + start / rate_hz

    def apply(self, x: Tensor, params: Params) -> Tensor:
        """Cut or fill every item; see `Transform.apply`."""
        if not bool(params["active"].all()):
            what = "CropPad with items that are not active: their length would differ"
            raise ArgumentError(what, fix="put it in a chain with p=1")
        return super().apply(x, params)

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        b, c, t = x.shape
        start, room = params["start"], self.length - t
        if room == 0:
            return x
        if room > 0 and self.fill == "repeat":
            x = x.repeat(1, 1, math.ceil(self.length / t) + 1)
            # The item is whole at `start`; before it is its end.
            start = -start % t
        elif room > 0:
            x = pad(x, (room, room))
            start = room - start
        starts = start.repeat_interleave(c)[None]
        return windows(x.flatten(0, 1), starts, self.length).reshape(b, c, self.length)
