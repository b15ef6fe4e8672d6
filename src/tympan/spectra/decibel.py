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

    @property
    def framewise(self) -> bool:
        """Whether each value depends on itself alone: not with `top_db`."""
        return self.top_db is None

    def forward(self, power: Tensor) -> Tensor:
        """Power (...) → dB (...)."""
        level = 10 * torch.log10(power.clamp(min=self.floor)) - self._offset_db
        return limit_range(level, self.top_db)

    def in_place(self, power: Tensor) -> Tensor:
        """The same, overwriting `power`; without gradient and without `top_db`."""
        power.clamp_(min=self.floor).log10_().mul_(10)
        return power.sub_(self._offset_db) if self._offset_db else power

    def inverse(self, level_db: Tensor) -> Tensor:
        """Power of a level in dB (what lay below the floor comes back as the floor)."""
        return self.reference * torch.pow(10.0, level_db / 10)

    def extra_repr(self) -> str:
        return f"floor_db={self.floor_db}, reference={self.reference}, top_db={self.top_db}"


def limit_range(level: Tensor, top_db: float | None) -> Tensor:
    """Raise levels to at least `top_db` below the loudest of each item (its last two axes).

    >>> limit_range(torch.tensor([0.0, -100.0]), 80.0)
    tensor([  0., -80.])
    """
    if top_db is None:
        return level
    axes = tuple(range(max(-2, -level.ndim), 0))
    return torch.maximum(level, level.amax(dim=axes, keepdim=True) - top_db)


def amplitude_to_db(amplitude: Tensor, floor_db: float = -100.0) -> Tensor:
    """Decibels of an amplitude: 20 log10(max(amplitude, 10^(floor_db / 20))); 0 dB is 1.

    >>> amplitude_to_db(torch.tensor([1.0, 0.1, 0.0]))
    tensor([   0.,  -20., -100.])
    """
    return 20 * torch.log10(amplitude.abs().clamp(min=10.0 ** (floor_db / 20)))


def db_to_amplitude(level_db: Tensor) -> Tensor:
    """Amplitude of a level in dB.

    >>> db_to_amplitude(torch.tensor([0.0, -20.0]))
    tensor([1.0000, 0.1000])
    """
    return torch.pow(10.0, level_db / 20)
