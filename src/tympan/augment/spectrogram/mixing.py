"""Transforms that mix items of a batch, and their labels with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tympan.augment._draw import Generator, seeds, uniform
from tympan.augment.base import Params, Transform
from tympan.augment.events import Event
from tympan.errors import ArgumentError, ShapeError


class LabelMixing(Transform):
    """Base of `Mixup` and `CutMix`: call with `(x, targets, generator)`.

    The parameters hold `partner` (b,), the item that each is mixed with, and `share` (b,), how
    much of the item itself remains. A partner is never the item itself (but in a batch of one).
    """

    domain = "any"
    mixes = True

    def __init__(self, alpha: float, labels: str = "mix", p: float = 1.0) -> None:
        super().__init__(p)
        if alpha <= 0:
            raise ArgumentError(f"alpha is {alpha}", fix="give a number above 0")
        if labels not in ("mix", "union"):
            raise ArgumentError(f"labels {labels!r}", fix="choose mix or union")
        self.alpha, self.labels = alpha, labels

    def __call__(self, x: Any, *rest: Any) -> Any:
        """Mix `x` (b, …) and `targets` (b, k): return both."""
        if len(rest) != 2:
            what = f"{type(self).__name__} takes (x, targets, generator)"
            raise ArgumentError(what, fix="give targets (b, k) as floats")
        targets, generator = rest
        params = self.draw(x, generator)
        return self.apply(x, params), self.apply_targets(targets, params)

    def draw(self, x: Tensor, generator: Generator) -> Params:
        """Draw partners and shares: see `Transform.draw`."""
        params = super().draw(x, generator)
        # Which items there are is known only here, not to an item that draws alone.
        b = x.shape[0]
        steps = 1 + (params.pop("partner_place") * (b - 1)).long().clamp_max(max(0, b - 2))
        params["partner"] = (torch.arange(b, device=steps.device) + steps) % b
        return params

    def apply(self, x: Tensor, params: Params) -> Tensor:
        """Mix the items of `x`; see `Transform.apply`."""
        self.check(x)
        if params["partner"].shape[0] != x.shape[0]:
            what = f"parameters for {len(params['partner'])} items, batch of {x.shape[0]}"
            raise ShapeError(what, fix="draw the parameters for this batch")
        # Not the base's: a partner may be outside the active items.
        active = params["active"].to(x.device)
        if x.numel() == 0 or not bool(params["active"].any()):
            return x
        mixed = self._computed(x, {key: value.to(x.device) for key, value in params.items()})
        return torch.where(active.reshape(-1, *[1] * (x.ndim - 1)), mixed, x)

    def apply_targets(self, targets: Tensor, params: Params) -> Tensor:
        """Return the targets (b, k) of the mixed items.

        Raises:
            ShapeError: targets are class numbers and not shares of classes.
        """
        if not isinstance(targets, Tensor):
            what = f"targets are a tensor (b, k), got {type(targets).__name__}"
            raise ArgumentError(what, fix="torch.from_numpy(targets), with the axes (b, k)")
        if targets.ndim != 2 or not targets.is_floating_point():
            what = f"targets are (b, k) floats, got {tuple(targets.shape)} {targets.dtype}"
            raise ShapeError(what, fix="use torch.nn.functional.one_hot(labels, k).float()")
        params = {key: value.to(targets.device) for key, value in params.items()}
        other = targets[params["partner"]]
        if self.labels == "union":
            mixed = torch.maximum(targets, other)
        else:
            share = params["share"].to(targets.dtype)[:, None]
            mixed = share * targets + (1 - share) * other
        return torch.where(params["active"][:, None], mixed, targets)

    def move_events(
        self,
        events: Sequence[Sequence[Event]],
        params: Params,
        shape: tuple[int, ...],
        rate_hz: float,
    ) -> list[list[Event]]:
        """Return the events of each item and of its partner, as far as they sound in the mixture.

        See `Transform.move_events`.
        """
        partners = params["partner"].tolist()
        if len(events) != len(partners):
            what = f"events of {len(events)} items, parameters for {len(partners)}"
            raise ShapeError(what, fix="give a list of events, if need be empty, for each item")
        result = []
        for number, (own, active) in enumerate(zip(events, params["active"].tolist(), strict=True)):
            one = {key: value[number] for key, value in params.items()}
            if not active or partners[number] == number:  # alone in its batch
                result.append(list(own))
                continue
            others = events[partners[number]]
            result.append(self._mixed_events(own, others, one, shape, rate_hz))
        return result

    def _mixed_events(
        self,
        own: Sequence[Event],
        others: Sequence[Event],
        params: Params,
        shape: tuple[int, ...],
        rate_hz: float,
    ) -> list[Event]:
        """Return the events of one item with its partner: all of both."""
        return [*own, *others]

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        items = x.shape[:1]
        drawn = seeds(generator, items).tolist()
        shares = [np.random.default_rng(seed).beta(self.alpha, self.alpha) for seed in drawn]
        return {
            "share": torch.tensor(shares, dtype=torch.float32),
            "partner_place": uniform(generator, items),
        }
