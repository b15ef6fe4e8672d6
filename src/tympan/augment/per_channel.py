"""Other parameters for each channel."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from tympan.augment.base import Params, Transform, shaped
from tympan.augment.events import Event
from tympan.errors import ArgumentError


class PerChannel(Transform):
    """Draw the parameters of a transform for each channel, where others share them.

    As if each channel were an item of its own: it is active, or not, by itself.

    Hazards: a stereo image, or the delays in an array of microphones, is torn apart by anything
    but small changes. One label for a recording whose channels moved apart (`Shift`, `Speed`) has
    no one time any more: such a transform moves no events.

    Args:
        inner: a transform of waveforms or of spectrograms; neither one that mixes labels nor one
            that changes the shape.
        p: probability of being applied to an item at all.

    >>> import torch
    >>> from tympan.augment import Gain, PerChannel
    >>> y = PerChannel(Gain(-12.0, 0.0))(torch.ones(1, 2, 3), 0)
    >>> bool((y[0, 0] == y[0, 0, 0]).all()), bool(y[0, 0, 0] == y[0, 1, 0])
    (True, False)
    """

    def __init__(self, inner: Transform, p: float = 1.0) -> None:
        super().__init__(p)
        if inner.mixes or not inner.keeps_shape:
            what = f"{type(inner).__name__} for each channel: it mixes labels or changes shapes"
            raise ArgumentError(what, fix="use it on all channels alike")
        self.inner = inner
        self.domain = inner.domain
        self.rate_hz = inner.rate_hz

    def check(self, x: Tensor) -> None:
        """Let the transform check the axes."""
        self.inner.check(x)

    def move_events(
        self,
        events: Sequence[Sequence[Event]],
        params: Params,
        shape: tuple[int, ...],
        rate_hz: float,
    ) -> list[list[Event]]:
        """Return the events as they are; see `Transform.move_events`.

        Raises:
            ArgumentError: the transform moves times, which differ between the channels.
        """
        if _moves_times(self.inner):
            what = f"{type(self.inner).__name__} for each channel moves channels apart in time"
            raise ArgumentError(what, fix="without events, or for all channels alike")
        return [list(own) for own in events]

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        b, c, *rest = x.shape
        drawn = self.inner.draw(shaped((b * c, 1, *rest)), generator)
        return {f"each.{key}": value.unflatten(0, (b, c)) for key, value in drawn.items()}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        each = {
            key.removeprefix("each."): value.flatten(0, 1)
            for key, value in params.items()
            if key.startswith("each.")
        }
        return self.inner.apply(x.flatten(0, 1)[:, None], each).reshape(x.shape)


def _moves_times(transform: Transform) -> bool:
    """Say whether a transform, or one of a group, moves sounds in time."""
    parts = getattr(transform, "transforms", ())
    return type(transform).move_times is not Transform.move_times or any(map(_moves_times, parts))
