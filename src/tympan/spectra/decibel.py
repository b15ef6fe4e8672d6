"""Decibels of powers and amplitudes."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError
from tympan.spectra._constants import narrowed, widened


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
        # In half precision the floor would be zero.
        level = 10 * torch.log10(widened(power).clamp(min=self.floor)) - self._offset_db
        return narrowed(limit_range(level, self.top_db), power)

    def in_place(self, power: Tensor) -> Tensor:
        """The same, overwriting `power`; without gradient and without `top_db`."""
        power.clamp_(min=self.floor).log10_().mul_(10)
        return power.sub_(self._offset_db) if self._offset_db else power

    def inverse(self, level_db: Tensor) -> Tensor:
        """Power of a level in dB (what lay below the floor comes back as the floor)."""
        return narrowed(self.reference * torch.pow(10.0, widened(level_db) / 10), level_db)

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


def amplitude_to_db(
    amplitude: Tensor,
    floor_db: float = -100.0,
    reference: float | str = 1.0,
    top_db: float | None = None,
) -> Tensor:
    """Decibels of an amplitude: 20 log10(max(|amplitude|, floor) / reference), any shape.

    Equal to `librosa.amplitude_to_db(amplitude, ref=reference, amin=floor, top_db=top_db)`, where
    `"max"` is its `ref=np.max`.

    Args:
        amplitude: (...) real or complex.
        floor_db: the quietest level told apart, in dB below amplitude 1; -100 is a floor of 1e-5.
        reference: the amplitude that is 0 dB, or `"max"`: the largest of each item (its last two
            axes).
        top_db: raise everything to at least `top_db` below the loudest value of each item.

    Raises:
        ArgumentError: the reference is no amplitude above 0, or `top_db` is negative.

    >>> amplitude_to_db(torch.tensor([1.0, 0.1, 0.0]))
    tensor([   0.,  -20., -100.])
    >>> amplitude_to_db(torch.tensor([0.5, 0.05]), reference="max")
    tensor([  0., -20.])
    """
    if reference != "max" and (isinstance(reference, str) or not reference > 0):
        raise ArgumentError(f"reference is {reference!r}", fix='an amplitude above 0, or "max"')
    if top_db is not None and top_db < 0:
        raise ArgumentError(f"top_db is {top_db}", fix="0 or more, or None")
    floor = 10.0 ** (floor_db / 20)
    size = widened(amplitude.abs())
    level = 20 * torch.log10(size.clamp(min=floor))
    if reference == "max":
        axes = tuple(range(max(-2, -level.ndim), 0))
        level = level - level.amax(dim=axes, keepdim=True)
    elif reference != 1.0:
        level = level - 20 * math.log10(max(floor, float(reference)))
    return narrowed(limit_range(level, top_db), amplitude)


def db_to_amplitude(level_db: Tensor) -> Tensor:
    """Amplitude of a level in dB.

    >>> db_to_amplitude(torch.tensor([0.0, -20.0]))
    tensor([1.0000, 0.1000])
    """
    return narrowed(torch.pow(10.0, widened(level_db) / 20), level_db)
