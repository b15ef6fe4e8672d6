"""Chains of transforms, and a choice of one among several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from tympan.augment._draw import uniform
from tympan.augment.base import Params, Transform, active_rates, shaped
from tympan.augment.events import Event
from tympan.errors import ArgumentError


class _Group(Transform):
    """Several transforms of one domain; their parameters are told apart by a prefix `0.`, `1.` …"""

    def __init__(self, transforms: Sequence[Transform], p: float = 1.0) -> None:
        super().__init__(p)
        if not transforms:
            raise ArgumentError("no transforms", fix="give at least one")
        domains = {t.domain for t in transforms} - {"any"}
        if len(domains) > 1:
            what = "waveform and spectrogram transforms in one chain"
            raise ArgumentError(what, fix="use one chain before the spectrogram and one after")
        self.transforms = tuple(transforms)
        self.rate_hz = active_rates(transforms)
        self.domain = domains.pop() if domains else "any"
        self.keeps_shape = all(t.keeps_shape for t in transforms)
        self.mixes = any(t.mixes for t in transforms)
        if p < 1.0 and not (self.keeps_shape and not self.mixes):
            what = "a chain that changes the shape or mixes items must apply to all of them"
            raise ArgumentError(what, fix="leave p=1, and give the other transforms their own p")

    def __iter__(self) -> Iterator[Transform]:
        return iter(self.transforms)

    def check(self, x: Tensor) -> None:
        """Let the first transform check the axes."""
        self.transforms[0].check(x)

    def output_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape that a batch of this shape has afterwards."""
        for transform in self:
            shape = transform.output_shape(shape)
        return shape

    def move_events(
        self,
        events: Sequence[Sequence[Event]],
        params: Params,
        shape: tuple[int, ...],
        rate_hz: float,
    ) -> list[list[Event]]:
        """Move the events by each transform in turn; see `Transform.move_events`."""
        for position, transform in enumerate(self):
            part = self._part(params, position)
            part["active"] = part["active"] & params["active"]
            events = transform.move_events(events, part, shape, rate_hz)
            shape = transform.output_shape(tuple(shape))
        return [list(own) for own in events]

    @staticmethod
    def _part(params: Params, position: int) -> Params:
        prefix = f"{position}."
        return {k.removeprefix(prefix): v for k, v in params.items() if k.startswith(prefix)}


class Compose(_Group):
    """Apply transforms one after the other.

    Args:
        transforms: of one domain, each with its own probability. Label-mixing ones (`Mixup`,
            `CutMix`) may be among them; then call the chain with targets.
        p: probability that the chain is applied to an item at all.

    >>> import torch
    >>> from tympan.augment import Compose, Gain, Polarity
    >>> chain = Compose([Gain(-6.0, 6.0), Polarity(p=0.5)])
    >>> chain(torch.ones(4, 1, 8), 0).shape
    torch.Size([4, 1, 8])
    """

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        params: Params = {}
        for position, transform in enumerate(self):
            shape = x.shape
            drawn = transform.draw(x, generator)
            params |= {f"{position}.{key}": value for key, value in drawn.items()}
            x = shaped(transform.output_shape(tuple(shape)))
        return params

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        for position, transform in enumerate(self):
            x = transform.apply(x, self._part(params, position))
        return x

    def apply_targets(self, targets: Tensor, params: Params) -> Tensor:
        """Mix the targets (b, k) as the label-mixing transforms of the chain mix the items."""
        for position, transform in enumerate(self):
            if transform.mixes:
                targets = transform.apply_targets(targets, self._part(params, position))
        return targets

    def __call__(self, x: Any, *rest: Any) -> Any:
        """Call with `(x, generator)`, or with `(x, targets, generator)` for both changed."""
        if len(rest) == 1:
            if self.mixes:
                what = "the chain mixes labels, but got no targets"
                raise ArgumentError(what, fix="call it with (x, targets, generator)")
            return super().__call__(x, rest[0])
        targets, generator = rest
        params = self.draw(x, generator)
        return self.apply(x, params), self.apply_targets(targets, params)


class OneOf(_Group):
    """Apply one of several transforms, chosen for each item.

    Args:
        transforms: to choose from; none may change the shape or mix labels.
        weights: how likely each is; equal if None.
        p: probability that any is applied.

    >>> import torch
    >>> from tympan.augment import Gain, OneOf, Polarity
    >>> either = OneOf([Gain(-6.0, -6.0), Polarity(p=1.0)])
    >>> params = either.draw(torch.ones(3, 1, 8), 0)
    >>> (params["0.active"] ^ params["1.active"]).all().item()
    True
    """

    def __init__(
        self,
        transforms: Sequence[Transform],
        weights: Sequence[float] | None = None,
        p: float = 1.0,
    ) -> None:
        super().__init__(transforms, p)
        if self.mixes or not self.keeps_shape:
            what = "a transform that mixes labels or changes the shape cannot be one of several"
            raise ArgumentError(what, fix="put it in a Compose")
        weights = [1.0] * len(transforms) if weights is None else list(weights)
        if len(weights) != len(transforms) or min(weights) < 0 or sum(weights) <= 0:
            raise ArgumentError(f"weights {weights}", fix="give one for each, none negative")
        self.weights = weights

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        edges = torch.tensor(self.weights, dtype=torch.float64).cumsum(0)
        drawn = uniform(generator, (x.shape[0],)).double().cpu() * edges[-1]
        choice = torch.bucketize(drawn, edges[:-1], right=True)
        params: Params = {"choice": choice}
        for position, transform in enumerate(self):
            part = transform.draw(x, generator)
            part["active"] &= (choice == position).to(part["active"].device)
            params |= {f"{position}.{key}": value for key, value in part.items()}
        return params

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        for position, transform in enumerate(self):
            x = transform.apply(x, self._part(params, position))
        return x
