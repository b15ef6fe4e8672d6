"""Fading in and out."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from tympan.augment._draw import check_range, integers, uniform
from tympan.augment.base import Params, Transform
from tympan.errors import ArgumentError

# Gain at a share of the way from silence (0) to full level (1). The first is of constant amplitude
# where one sound fades into another, the second of constant power; the last two are straight or
# steep in decibels: from −60 dB, and by the logarithm of the way.
SHAPES = ("linear", "quarter_sine", "half_sine", "exponential", "logarithmic")
EXPONENTIAL_DB = 60.0
LOGARITHMIC = 99.0


class Fade(Transform):
    """Let each item begin from silence and end in silence, over drawn times and a drawn shape.

    Shapes, by the way w from silence (0) to full level (1): "linear" w; "quarter_sine"
    sin(πw/2), of constant power in a cross-fade; "half_sine" (1 − cos πw)/2, smooth at both ends;
    "exponential", straight in decibels from −60 dB, and 0 at the end; "logarithmic"
    log(1 + 99 w)/log 100, loud at once. Where the two fades of a short item overlap, both apply.

    Hazards: an event at the very start or end of the item gets softer, or is lost with its label.
    Where only some classes were recorded with fades, these alone tell the class: use it on all.

    Args:
        min_in_s: shortest fade-in, in seconds; 0 is none.
        max_in_s: longest fade-in.
        min_out_s: shortest fade-out.
        max_out_s: longest fade-out.
        shapes: to choose from, each equally likely; the same for both ends.
        rate_hz: sample rate of the audio.
        p: probability of being applied to an item.

    >>> import torch
    >>> Fade(4.0, 4.0, 2.0, 2.0, ("linear",), rate_hz=1)(torch.ones(1, 1, 8), 0)
    tensor([[[0.0000, 0.2500, 0.5000, 0.7500, 1.0000, 1.0000, 0.5000, 0.0000]]])
    """

    def __init__(
        self,
        min_in_s: float = 0.0,
        max_in_s: float = 0.5,
        min_out_s: float = 0.0,
        max_out_s: float = 0.5,
        shapes: tuple[str, ...] = SHAPES,
        *,
        rate_hz: int,
        p: float = 1.0,
    ) -> None:
        super().__init__(p)
        check_range("in_s", min_in_s, max_in_s, 0.0, 3600.0)
        check_range("out_s", min_out_s, max_out_s, 0.0, 3600.0)
        check_range("rate_hz", rate_hz, rate_hz, 1, 10_000_000)
        unknown = sorted(set(shapes) - set(SHAPES))
        if unknown or not shapes:
            what = f"shapes {unknown or 'none'}"
            raise ArgumentError(what, fix=f"choose of {', '.join(SHAPES)}")
        self.min_in_s, self.max_in_s = min_in_s, max_in_s
        self.min_out_s, self.max_out_s = min_out_s, max_out_s
        self.shapes = tuple(shapes)
        self.rate_hz: int = rate_hz

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        items = x.shape[:1]
        return {
            "in_s": uniform(generator, items, self.min_in_s, self.max_in_s),
            "out_s": uniform(generator, items, self.min_out_s, self.max_out_s),
            "shape": integers(generator, items, 0, len(self.shapes) - 1),
        }

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        t, y = x.shape[-1], x.clone()
        samples = [(params[name] * self.rate_hz).round().long() for name in ("in_s", "out_s")]
        lengths, shapes = torch.stack(samples, 1).tolist(), params["shape"].tolist()
        for number, ((fade_in, fade_out), shape) in enumerate(zip(lengths, shapes, strict=True)):
            head, tail = min(t, fade_in), min(t, fade_out)
            if head:
                y[number, :, :head] *= self._curve(shape, fade_in, x)[:head]
            if tail:
                y[number, :, t - tail :] *= self._curve(shape, fade_out, x)[:tail].flip(0)
        return y

    def _curve(self, shape: int, length: int, like: Tensor) -> Tensor:
        """Return the rising half of a fade, from 0 on, on the device of `like`."""
        way = torch.arange(length, device=like.device, dtype=like.dtype) / length
        return fade_curve(self.shapes[shape], way)


def fade_curve(shape: str, way: Tensor) -> Tensor:
    """Return the gain at a share of the way from silence (0) to full level (1).

    >>> fade_curve("half_sine", torch.tensor([0.0, 0.5, 1.0]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    if shape == "quarter_sine":
        return torch.sin(way * (math.pi / 2))
    if shape == "half_sine":
        return (1 - torch.cos(way * math.pi)) / 2
    if shape == "exponential":
        return torch.where(way > 0, torch.pow(10.0, (way - 1) * EXPONENTIAL_DB / 20), 0.0)
    if shape == "logarithmic":
        return torch.log1p(LOGARITHMIC * way) / math.log1p(LOGARITHMIC)
    return way
