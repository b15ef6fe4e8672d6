"""Music drawn from a net: step by step, or what is missing of a piece again and again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.tasks.compose.config import FILL, KEYS
from tympan.tasks.compose.grid import Steps
from tympan.tasks.compose.limits import allowed

if TYPE_CHECKING:
    from tympan.tasks.compose.net import ComposeNet

UNKNOWN = -1
"""Stands in a piece where nothing is given."""


@dataclass(frozen=True)
class Wish:
    """What is asked of a net.

    Attributes:
        given: what is known, `(n, v)`, `UNKNOWN` where nothing is: its length is the piece's.
        key: number of the key; 24: any.
        temperature: 1 draws as the net says, less more surely, 0 always the likeliest.
        top: what is less likely than the likeliest times this is never drawn.
        phase: place of the first step in its bar.
        parallels: voices may move in parallel fifths and octaves; else what makes one is not drawn,
            unless all does.
        lowest, highest: of each voice, as the net sees pitches: no note beyond is drawn. None: any
            note may be.
    """

    given: Steps
    key: int = KEYS
    temperature: float = 1.0
    top: float = 0.02
    phase: int = 0
    parallels: bool = False
    lowest: tuple[int, ...] = ()
    highest: tuple[int, ...] = ()


def draw(
    net: ComposeNet, wish: Wish, rng: np.random.Generator, guide: ComposeNet | None = None
) -> Iterator[Steps]:
    """Draw a piece, a beat at a time.

    Place after place of step after step is drawn, given all that is known: by a net that composes
    onwards what is before it, by one that fills in also what is given behind it.

    Args:
        net: in evaluation mode.
        wish: what is asked.
        rng: what the choices depend on.
        guide: a net that composes onwards and helps one that fills in: their probabilities are
            multiplied (Hinton, *Products of experts*, 1999).

    Yields:
        The next steps, `(m, v)`.
    """
    config, steps = net.config, wish.given.copy()
    open_ = wish.given == UNKNOWN
    done = 0
    for at in range(len(steps)):
        if open_[at].any():
            _draw_step(net, wish, steps, at, open_[at], rng, guide)
        if (at + 1) % config.steps_per_beat == 0 or at + 1 == len(steps):
            yield steps[done : at + 1].copy()
            done = at + 1


@torch.inference_mode()
def _draw_step(
    net: ComposeNet,
    wish: Wish,
    steps: Steps,
    at: int,
    open_: npt.NDArray[np.bool_],
    rng: np.random.Generator,
    guide: ComposeNet | None,
) -> None:
    """Draw the open places of a step in place."""
    onwards = net if net.config.kind != FILL else guide
    before = None if onwards is None else _Onwards(onwards, wish, steps, at)
    for place in np.flatnonzero(open_):
        logits: Tensor | None = None
        if before is not None:
            logits = before.logits(steps, int(place))
        if net.config.kind == FILL:
            filled = _filled_logits(net, wish, steps, at, int(place))
            logits = filled if logits is None else 0.5 * (logits + filled)
        assert logits is not None
        logits = allowed(logits, steps, at, int(place), wish, net.config)
        steps[at, place] = drawn(logits, wish, rng)
        # What ends an ordered step leaves nothing for its other places.
        if net.config.ordered and steps[at, place] == 0:
            steps[at, place:] = 0
            break


class _Onwards:
    """What a net that composes onwards says of one step: what is before it is seen once.

    Args:
        net: the net.
        wish: what is asked.
        steps: the piece up to this step.
        at: the step.
    """

    def __init__(self, net: ComposeNet, wish: Wish, steps: Steps, at: int) -> None:
        self.net, self.at = net, at
        first = max(0, at + 1 - net.config.window)
        seen = torch.from_numpy(np.maximum(steps[first : at + 1], 0))[None]
        self.around = net.around(seen, **told(wish, first, at + 1, len(steps)))[:, -2:]

    def logits(self, steps: Steps, place: int) -> Tensor:
        """Of a place, `(k,)`, given the places before it."""
        last = np.maximum(steps[max(0, self.at - 1) : self.at + 1], 0)
        found: Tensor = self.net.heads(self.around[:, -len(last) :], torch.from_numpy(last)[None])
        return found[0, -1, place].float().log_softmax(-1)


@torch.inference_mode()
def draw_batch(
    net: ComposeNet, wishes: Sequence[Wish], rngs: Sequence[np.random.Generator]
) -> Steps:
    """Draw several pieces of one length from nothing, together: `(m, n, v)`.

    Each depends on its own `rng` alone, up to the rounding of a batch.

    Args:
        net: one that composes onwards.
        wishes: of each piece; what they give is not looked at.
        rngs: what the choices of each depend on.
    """
    config, count = net.config, len(wishes[0].given)
    steps = np.zeros((len(wishes), count, config.voices), np.int64)
    keys = torch.tensor([one.key for one in wishes])
    for at in range(count):
        first = max(0, at + 1 - config.window)
        context = {**told(wishes[0], first, at + 1, count), "key": keys}
        around = net.around(torch.from_numpy(steps[:, first : at + 1]), **context)[:, -2:]
        for place in range(config.voices):
            last = torch.from_numpy(steps[:, max(0, at - 1) : at + 1])
            logits = net.heads(around[:, -last.shape[1] :], last)[:, -1, place]
            for row, (wish, rng) in enumerate(zip(wishes, rngs, strict=True)):
                known = steps[row].copy()
                known[at, place:] = UNKNOWN
                own = allowed(logits[row], known, at, place, wish, config)
                steps[row, at, place] = drawn(own, wish, rng)
    return steps


def _filled_logits(net: ComposeNet, wish: Wish, steps: Steps, at: int, place: int) -> Tensor:
    """What a net that fills in says of a place, `(k,)`, given all that is known around it."""
    half = max(1, net.config.window // 2)
    first, last = max(0, at - half), min(len(steps), at + half)
    part = steps[first:last]
    given = np.where(part == UNKNOWN, net.config.mask, part)
    logits: Tensor = net(torch.from_numpy(given)[None], **told(wish, first, last, len(steps)))
    return logits[0, at - first, place].float().log_softmax(-1)


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
    return int(drawn_many(logits[None], wish, rng)[0])


def drawn_many(logits: Tensor, wish: Wish, rng: np.random.Generator) -> Steps:
    """A choice from each row of logits `(m, k)`."""
    values = logits.float().numpy().astype(np.float64)
    values -= values.max(1, keepdims=True)
    values[values < np.log(wish.top)] = -np.inf
    temperature = max(1e-3, wish.temperature)
    weights = np.cumsum(np.exp(values / temperature), 1)
    points = rng.random(len(weights)) * weights[:, -1]
    found: Steps = (weights <= points[:, None]).sum(1).astype(np.int64)
    return found
