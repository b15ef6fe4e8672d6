"""Music drawn from a net: step by step, or what is missing of a piece again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.tasks.compose.config import FILL, KEYS
from tympan.tasks.compose.grid import Steps

if TYPE_CHECKING:
    from tympan.tasks.compose.net import ComposeNet

UNKNOWN = -1
"""Stands in a piece where nothing is given."""
# Passes over a stretch that is filled in; from which share that is drawn anew to which.
PASSES, MOST, LEAST = 48, 1.0, 0.04


@dataclass(frozen=True)
class Wish:
    """What is asked of a net.

    Attributes:
        given: what is known, `(n, v)`, `UNKNOWN` where nothing is: its length is the piece's.
        key: number of the key; 24: any.
        temperature: 1 draws as the net says, less more surely, 0 always the likeliest.
        top: what is less likely than the likeliest times this is never drawn.
        phase: place of the first step in its bar.
    """

    given: Steps
    key: int = KEYS
    temperature: float = 1.0
    top: float = 0.02
    phase: int = 0


def draw(net: ComposeNet, wish: Wish, rng: np.random.Generator) -> Iterator[Steps]:
    """Draw a piece, a stretch at a time; the first comes soon.

    Args:
        net: in evaluation mode.
        wish: what is asked.
        rng: what the choices depend on.

    Yields:
        The next steps, `(m, v)`.
    """
    if net.config.kind == FILL:
        yield from filled(net, wish, rng)
    else:
        yield from continued(net, wish, rng)


@torch.inference_mode()
def continued(net: ComposeNet, wish: Wish, rng: np.random.Generator) -> Iterator[Steps]:
    """Each step given those before, voice by voice; a beat at a time."""
    config, steps = net.config, wish.given.copy()
    known = wish.given != UNKNOWN
    for at in range(len(steps)):
        first = max(0, at + 1 - config.window)
        for place in range(config.voices):
            if known[at, place]:
                continue
            steps[at, place:] = 0
            here = np.maximum(steps[first : at + 1], 0)
            logits = net(torch.from_numpy(here)[None], **told(wish, first, at + 1, len(steps)))
            steps[at, place] = drawn(logits[0, -1, place], wish, rng)
            # What ends an ordered step leaves nothing for its other places.
            if config.ordered and steps[at, place] == 0:
                break
        if (at + 1) % config.steps_per_beat == 0 or at + 1 == len(steps):
            done = at - at % config.steps_per_beat
            yield steps[done : at + 1].copy()


@torch.inference_mode()
def filled(net: ComposeNet, wish: Wish, rng: np.random.Generator) -> Iterator[Steps]:
    """What is missing, by blocked Gibbs sampling with a falling share of what is drawn anew.

    Huang et al., *Counterpoint by Convolution*, 2017, after Yao et al., *On the equivalence between
    deep NADE and generative stochastic networks*, 2014. Half a window is drawn at a time, with what
    is before it, and with what is given behind it.
    """
    config, steps = net.config, wish.given.copy()
    half = max(1, config.window // 2)
    for start in range(0, len(steps), half):
        stop = min(len(steps), start + half)
        first, last = max(0, start - half // 2), min(len(steps), stop + half // 2)
        part = steps[first:last]
        free = np.zeros(part.shape, bool)
        free[start - first : stop - first] = part[start - first : stop - first] == UNKNOWN
        fill_part(net, wish, part, free, (first, last, len(steps)), rng)
        yield steps[start:stop].copy()


def fill_part(
    net: ComposeNet,
    wish: Wish,
    part: Steps,
    free: npt.NDArray[np.bool_],
    where: tuple[int, int, int],
    rng: np.random.Generator,
) -> None:
    """Draw the free places of a part in place.

    Args:
        net: the net.
        wish: what is asked.
        part: `(n, v)`, a view; places that are unknown and not free stay so.
        free: which are drawn, `(n, v)`.
        where: first step, the one behind the last, and how many the piece has.
        rng: what the choices depend on.
    """
    if not free.any():
        return
    mask, context = net.config.mask, told(wish, *where)
    for number in range(PASSES):
        share = max(LEAST, MOST - (MOST - LEAST) * number / (0.75 * PASSES))
        anew = free & ((rng.random(part.shape) < share) | (part == UNKNOWN))
        given = np.where(anew | (part == UNKNOWN), mask, part)
        logits = net(torch.from_numpy(given)[None], **context)[0]
        # The last passes mend what does not fit: they take what is likelier.
        cooler = 1.0 if number < 0.75 * PASSES else 0.6
        part[anew] = drawn_many(logits[torch.from_numpy(anew)], wish, rng, cooler)


def told(wish: Wish, first: int, last: int, count: int) -> dict[str, Tensor]:
    """What the net is told of the steps `first` … `last` of `count`."""
    places = torch.arange(first, last)
    return {
        "key": torch.tensor([wish.key]),
        "remaining": (count - 1 - places)[None],
        "phase": (places + wish.phase)[None],
    }


def drawn(logits: Tensor, wish: Wish, rng: np.random.Generator) -> int:
    """One choice from logits `(k,)`."""
    return int(drawn_many(logits[None], wish, rng, 1.0)[0])


def drawn_many(logits: Tensor, wish: Wish, rng: np.random.Generator, cooler: float) -> Steps:
    """A choice from each row of logits `(m, k)`."""
    values = logits.float().numpy().astype(np.float64)
    values -= values.max(1, keepdims=True)
    values[values < np.log(wish.top)] = -np.inf
    temperature = max(1e-3, wish.temperature * cooler)
    weights = np.cumsum(np.exp(values / temperature), 1)
    points = rng.random(len(weights)) * weights[:, -1]
    return (weights <= points[:, None]).sum(1).astype(np.int64)
