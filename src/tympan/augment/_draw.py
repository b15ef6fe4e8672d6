"""Drawing random numbers from an explicit generator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import index
from typing import SupportsIndex, TypeAlias, cast

import torch
from torch import Tensor

from tympan.errors import ArgumentError

Generator: TypeAlias = torch.Generator | int | Sequence[torch.Generator]


def as_generator(generator: Generator) -> torch.Generator | list[torch.Generator]:
    """Return a generator (an int is its seed) or a list of one generator for each item."""
    if isinstance(generator, torch.Generator):
        return generator
    if isinstance(generator, SupportsIndex):
        return torch.Generator().manual_seed(index(generator))
    given = list(generator) if isinstance(generator, Iterable) else [generator]
    if not all(isinstance(each, torch.Generator) for each in given):
        what = f"no random generator: {type(generator).__name__}"
        raise ArgumentError(
            what, fix="give a torch.Generator, an int seed, or a list of generators"
        )
    return cast("list[torch.Generator]", given)


def item_generators(seed: int, indices: Sequence[int] | Tensor) -> list[torch.Generator]:
    """Return one generator for each item, made of the seed and the item's index in the data set.

    What an item then draws depends on nothing else: not on its batch, nor on the worker.

    Args:
        seed: of the run, or of the epoch.
        indices: of the items in the data set.

    >>> a, = item_generators(7, [41])
    >>> b, c = item_generators(7, [40, 41])
    >>> torch.equal(torch.rand(3, generator=a), torch.rand(3, generator=c))
    True
    """
    return [torch.Generator().manual_seed(_hash64(_hash64(seed) + int(each))) for each in indices]


def _hash64(value: int) -> int:
    """Mix the bits (SplitMix64, Steele et al. 2014), so that near seeds give far streams."""
    mask = (1 << 64) - 1
    value = (value + 0x9E3779B97F4A7C15) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return value ^ (value >> 31)


def uniform(
    generator: torch.Generator, shape: tuple[int, ...], low: float = 0.0, high: float = 1.0
) -> Tensor:
    """Draw from `[low, high)`."""
    drawn = torch.rand(shape, generator=generator, device=generator.device)
    return drawn * (high - low) + low


def log_uniform(
    generator: torch.Generator, shape: tuple[int, ...], low: float, high: float
) -> Tensor:
    """Draw so that every octave between `low` and `high` is equally likely."""
    bounds = torch.log(torch.tensor([low, high], dtype=torch.float64)).tolist()
    return uniform(generator, shape, *bounds).exp().clamp(low, high)


def integers(generator: torch.Generator, shape: tuple[int, ...], low: int, high: int) -> Tensor:
    """Draw integers from `low` to `high`, both included."""
    return torch.randint(low, high + 1, shape, generator=generator, device=generator.device)


def seeds(generator: torch.Generator, shape: tuple[int, ...]) -> Tensor:
    """Draw seeds for what is made later, in `apply`."""
    return integers(generator, shape, 0, 2**62)


def check_range(name: str, low: float, high: float, least: float, most: float) -> None:
    """Raise `ArgumentError` unless `least <= low <= high <= most`."""
    if not least <= low <= high <= most:
        what = f"{name} from {low} to {high}"
        raise ArgumentError(what, fix=f"give two rising numbers between {least:g} and {most:g}")
