"""The middle earlier or later."""

from __future__ import annotations

import torch
from torch import Tensor

from tympan.augment._draw import uniform
from tympan.augment.base import Params, Transform
from tympan.errors import ArgumentError


class TimeWarp(Transform):
    """Move a drawn frame by a drawn number of frames; what lies around is stretched to fit.

    The first and last frames stay where they are; between frames values are interpolated.

    Hazards: time labels must be moved too (`move_events`). Rhythm changes; a steady sound does not
    change at all. Park et al. found it the least useful of their three.

    Source: Park et al., "SpecAugment", 2019 (arXiv:1904.08779), in one dimension.

    Args:
        max_shift: largest move in frames; below 1 it is a fraction of all of them.
        p: probability of being applied to an item.

    >>> import torch
    >>> x = torch.arange(5.0).expand(1, 1, 2, 5)
    >>> params = {"active": torch.tensor([True]), "frame": torch.tensor([2.0]),
    ...           "shift": torch.tensor([-1.0])}
    >>> TimeWarp().apply(x, params)[0, 0, 0]
    tensor([0.0000, 2.0000, 2.6667, 3.3333, 4.0000])
    """

    domain = "spectrogram"

    def __init__(self, max_shift: float = 0.1, p: float = 1.0) -> None:
        super().__init__(p)
        if max_shift <= 0:
            raise ArgumentError(f"max_shift is {max_shift}", fix="give frames, or below 1 a share")
        self.max_shift = max_shift

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        n, items = x.shape[3], x.shape[:1]
        most = self.max_shift * n if self.max_shift < 1 else self.max_shift
        # The frame and the place that it goes to both lie inside.
        most = max(0.0, min(most, (n - 3) / 2))
        return {
            "frame": uniform(generator, items, most + 1, max(most + 1, n - 2 - most)),
            "shift": uniform(generator, items, -most, most),
        }

    def move_times(self, times_s: Tensor, params: Params, length: int, rate_hz: float) -> Tensor:
        """Return the moments, stretched on both sides of the frame that moves."""
        if length < 3:
            return times_s
        old = params["frame"].double()
        new = old + params["shift"].double()
        frames = times_s * rate_hz
        after = new + (frames - old) * (length - 1 - new) / (length - 1 - old)
        return torch.where(frames < old, frames * new / old, after) / rate_hz

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        n = x.shape[3]
        if n < 3:
            return x
        source = self.source_frames(n, params).to(x.dtype)
        first = source.floor().clamp(0, n - 2)
        way, index = (source - first)[:, None, None], first.long()[:, None, None].expand_as(x)
        return torch.lerp(x.gather(3, index), x.gather(3, index + 1), way)

    @staticmethod
    def source_frames(n: int, params: Params) -> Tensor:
        """Return the frame (b, n) of the input that each frame of the result shows."""
        old = params["frame"].double()[:, None]
        new = old + params["shift"].double()[:, None]
        frames = torch.arange(n, dtype=torch.float64, device=old.device)
        before = frames * old / new
        after = old + (frames - new) * (n - 1 - old) / (n - 1 - new)
        return torch.where(frames < new, before, after).clamp(0, n - 1)
