"""A piece of one item in another."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tympan.augment._draw import uniform
from tympan.augment.base import Params
from tympan.augment.events import Event, moved
from tympan.augment.spectrogram.mixing import LabelMixing
from tympan.errors import ArgumentError


class CutMix(LabelMixing):
    """Replace a drawn box of each item by the same box of its partner; targets by its area.

    On spectrograms (b, c, f, n) a box in time and frequency, or (`axes="time"`) a stretch of
    time; on waveforms (b, c, t) always a stretch of time.

    Hazards: the area says little where the sound is short: a box of silence changes the label
    all the same. A cut of a waveform clicks at both ends.

    Source: Yun et al., "CutMix", 2019 (arXiv:1905.04899).

    Args:
        alpha: of the Beta(alpha, alpha) distribution of the share that remains.
        axes: "both" or "time".
        labels: "mix" the targets by area, or "union".
        p: probability of being applied to an item.

    >>> import torch
    >>> x, targets = CutMix()(torch.eye(4)[:, None, None], torch.eye(4), 1)
    >>> targets.sum(1)
    tensor([1., 1., 1., 1.])
    """

    def __init__(
        self, alpha: float = 1.0, axes: str = "both", labels: str = "mix", p: float = 1.0
    ) -> None:
        super().__init__(alpha, labels, p)
        if axes not in ("both", "time"):
            raise ArgumentError(f"axes {axes!r}", fix="choose both or time")
        self.axes = axes

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        params = super()._draw(x, generator)
        places = uniform(generator, (x.shape[0], 2))
        cut = (1 - params.pop("share")).double().to(places.device)
        if x.ndim < 4 or self.axes == "time":
            sides = [(x.shape[-1], cut)]
        else:
            sides = [(x.shape[-1], cut.sqrt()), (x.shape[-2], cut.sqrt())]
        area = torch.ones_like(cut)
        # Nothing along frequency: the whole of it.
        box = [torch.zeros_like(cut).long(), torch.full_like(cut, 2**40).long()] * 2
        for axis, (size, part) in enumerate(sides):
            width = (part * size).round().long()
            start = (places[:, axis] * (size - width + 1)).long().minimum(size - width)
            box[2 * axis : 2 * axis + 2] = [start, start + width]
            area = area * width / size
        return params | {"box": torch.stack(box, 1), "share": (1 - area).float()}

    def _mixed_events(
        self,
        own: Sequence[Event],
        others: Sequence[Event],
        params: Params,
        shape: tuple[int, ...],
        rate_hz: float,
    ) -> list[Event]:
        """Return the partner's events inside the box, and the item's outside, or all if it is low.

        A box that leaves some frequencies leaves the item's events too.
        """
        start, end, low, high = params["box"].tolist()
        start_s, end_s, limit_s = start / rate_hz, end / rate_hz, shape[-1] / rate_hz
        inside = [
            (a + start_s, b + start_s, *rest)
            for a, b, *rest in moved(others, lambda s: s - start_s, end_s - start_s)
        ]
        if len(shape) > 3 and (low > 0 or high < shape[-2]):
            return [*own, *inside]
        after = [
            (a + end_s, b + end_s, *rest)
            for a, b, *rest in moved(own, lambda s: s - end_s, limit_s - end_s)
        ]
        return [*moved(own, lambda s: s, start_s), *after, *inside]

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        box = params["box"]
        inside = self._within(x.shape[-1], box[:, :2])
        if x.ndim >= 4:
            inside = inside[:, None] & self._within(x.shape[-2], box[:, 2:])[:, :, None]
        while inside.ndim < x.ndim:
            inside = inside.unsqueeze(1)
        return torch.where(inside, x[params["partner"]], x)

    @staticmethod
    def _within(size: int, bounds: Tensor) -> Tensor:
        places = torch.arange(size, device=bounds.device)
        return (places >= bounds[:, :1]) & (places < bounds[:, 1:])
