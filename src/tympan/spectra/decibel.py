"""Decibels of powers and amplitudes."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError


class PowerToDb(nn.Module):
    """Decibels of a power: 10 log10(max(power, floor) / reference), any shape.

    Equal to `librosa.power_to_db(power, ref=reference, amin=floor, top_db=top_db)`.

    Args:
        floor_db: the quietest level told apart, in dB below power 1; -100 is a floor of 1e-10.
        reference: the power that is 0 dB.
        top_db: raise everything to at least `top_db` below the loudest value of each item (its last
            two axes), or `None` (the default): then each value depends on itself alone, as a stream
            needs.

    >>> PowerToDb()(torch.tensor([1.0, 0.1, 0.0]))
    tensor([   0.,  -10., -100.])
    """

    def __init__(
        self, floor_db: float = -100.0, reference: float = 1.0, top_db: float | None = None
    ) -> None:
        super().__init__()
        if reference <= 0:
            raise ArgumentError(f"reference is {reference}", fix="a power above 0")
        if top_db is not None and top_db < 0:
            raise ArgumentError(f"top_db is {top_db}", fix="0 or more, or None")
        self.floor_db, self.reference, self.top_db = floor_db, reference, top_db
        self.floor = 10.0 ** (floor_db / 10)
        self._offset_db = 10 * math.log10(max(self.floor, reference))

    def forward(self, power: Tensor) -> Tensor:
        """Power (...) → dB (...)."""
        level = 10 * torch.log10(power.clamp(min=self.floor)) - self._offset_db
        return self._limit(level)

    def in_place(self, power: Tensor) -> Tensor:
        """The same, overwriting `power`; without gradient and without `top_db`."""
        power.clamp_(min=self.floor).log10_().mul_(10)
        return power.sub_(self._offset_db) if self._offset_db else power

    def _limit(self, level: Tensor) -> Tensor:
        if self.top_db is None:
            return level
        axes = tuple(range(max(-2, -level.ndim), 0))
        return torch.maximum(level, level.amax(dim=axes, keepdim=True) - self.top_db)

    def extra_repr(self) -> str:
        return f"floor_db={self.floor_db}, reference={self.reference}, top_db={self.top_db}"
