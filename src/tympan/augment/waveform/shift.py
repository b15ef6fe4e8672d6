"""Earlier or later."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import check_range, uniform
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._rows import each_item, fits_numpy
from tympan.augment.waveform._windows import windows
from tympan.errors import ArgumentError


class Shift(Transform):
    """Move each item along time by a whole number of samples.

    Hazards: with `mode="roll"` what leaves at one end comes back at the other, which puts a click
    in the middle and the end of a sound before its beginning; with `mode="zeros"` it is lost, and
    with large shifts the labelled event may be lost with it. Time labels must be moved too
    (`move_events`): an event that is rolled over the end comes back in two pieces.

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
        self.repeats_time = mode == "roll"

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        fraction = uniform(generator, x.shape[:1], self.min_shift, self.max_shift)
        return {"shift_samples": (fraction.double() * x.shape[-1]).round().long()}

    def move_times(self, times_s: Tensor, params: Params, length: int, rate_hz: float) -> Tensor:
        """Return the moments, earlier or later by the shift."""
        return times_s + params["shift_samples"] / rate_hz

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        t = x.shape[-1]
        if fits_numpy(x):
            return self._copied(x, params["shift_samples"].tolist())
        # Of twice the signal, or of silence, the signal and silence, a window is the moved signal.
        if self.mode == "roll":
            start, longer = (-params["shift_samples"]) % t, torch.cat([x, x], -1)
        else:
            start = t - params["shift_samples"].clamp(-t, t)
            longer = torch.nn.functional.pad(x, (t, t))
        starts = start.repeat_interleave(x.shape[1])[None]
        return windows(longer.flatten(0, 1), starts, t).reshape(x.shape)

    def _copied(self, x: Tensor, shifts: list[int]) -> Tensor:
        """Copy two pieces of each item."""
        t, y = x.shape[-1], torch.empty_like(x)
        before, after = x.numpy(), y.numpy()

        def move(number: int) -> None:
            item, moved, shift = before[number], after[number], shifts[number]
            if self.mode == "roll":
                cut = shift % t
                moved[:, cut:], moved[:, :cut] = item[:, : t - cut], item[:, t - cut :]
            else:
                low, high = max(0, min(t, shift)), min(t, max(0, t + shift))
                moved[:, :low], moved[:, high:] = 0.0, 0.0
                moved[:, low:high] = item[:, low - shift : high - shift]

        each_item(move, len(x))
        return y
