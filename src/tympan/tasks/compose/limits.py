"""What a voice may do: rules put on top of what the net says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from torch import Tensor

from tympan.tasks.compose.grid import Steps

if TYPE_CHECKING:
    from tympan.tasks.compose.config import ComposeConfig
    from tympan.tasks.compose.sampling import Wish

Ranges: TypeAlias = tuple[tuple[int, ...], tuple[int, ...]]
# A rule is broken rather than that something so much less likely is drawn, in nats.
RELUCTANCE = 6.0
# So large a share of a voice's steps at either end is not usual.
UNUSUAL = 0.002


def usual_ranges(pieces: Sequence[Steps], config: ComposeConfig) -> Ranges:
    """Lowest and highest pitch of each voice, between which it nearly always is.

    Args:
        pieces: those of the training set, `(n, v)` each.
        config: their grid.

    >>> from tympan.tasks.compose.config import ComposeConfig
    >>> config = ComposeConfig(voices=2, ordered=False, low=40, high=80)
    >>> usual_ranges([np.array([[30, 8], [28, 0]])], config)
    ((67, 47), (69, 47))
    """
    steps = np.concatenate(pieces)
    ends = []
    for place in range(config.voices):
        here = steps[:, place]
        pitches = (here[here > 0] - 1) % config.pitches + config.low
        if not len(pitches):
            pitches = np.array([config.low, config.high])
        found = np.quantile(pitches, (UNUSUAL, 1 - UNUSUAL), method="closest_observation")
        ends.append((int(found[0]), int(found[1])))
    return tuple(a for a, _ in ends), tuple(b for _, b in ends)


def allowed(
    logits: Tensor, steps: Steps, at: int, place: int, wish: Wish, config: ComposeConfig
) -> Tensor:
    """Logits `(k,)` of a voice without what it may not do; arguments as in `without_parallels`."""
    logits = within_range(logits, place, wish, config)
    return without_parallels(logits, steps, at, place, wish, config)


def within_range(logits: Tensor, place: int, wish: Wish, config: ComposeConfig) -> Tensor:
    """Logits `(k,)` of a voice without notes beyond its range.

    The voice is silent as often as before: what notes beyond the range had goes to those in it.

    Args:
        logits: of what the voice may do.
        place: the voice.
        wish: the ranges, if any.
        config: of the net; where places are no voices, nothing is taken away.
    """
    if not wish.lowest or config.ordered:
        return logits
    pitches = torch.arange(config.classes - 1) % config.pitches + config.low
    inside = (pitches >= wish.lowest[place]) & (pitches <= wish.highest[place])
    if not inside.any():  # another range than the net's: there is nothing to choose from
        return logits
    notes = logits[1:].float()
    lost = notes.logsumexp(0) - notes[inside].logsumexp(0)
    return torch.cat([logits[:1], torch.where(inside, notes + lost, -torch.inf)])


def without_parallels(
    logits: Tensor, steps: Steps, at: int, place: int, wish: Wish, config: ComposeConfig
) -> Tensor:
    """Logits `(k,)` of a voice without what moves in fifths or octaves with another voice.

    Args:
        logits: of what the voice may do.
        steps: the piece; `UNKNOWN` where nothing is known yet.
        at, place: the step, and the voice.
        wish: whether this is wanted.
        config: of the net; where places are no voices, nothing is taken away.
    """
    if wish.parallels or config.ordered or at == 0 or steps[at - 1, place] <= 0:
        return logits
    pitches = np.arange(config.pitches)
    mine = int(steps[at - 1, place] - 1) % config.pitches
    bad = np.zeros(config.pitches, bool)
    for other in range(config.voices):
        before, now = int(steps[at - 1, other]) - 1, int(steps[at, other]) - 1
        if other == place or before < 0 or now < 0 or before == now:
            continue
        same_way = np.sign(pitches - mine) == np.sign(now - before)
        apart = (mine - before) % 12
        # Seen from below a fifth is one, seen from above it is a fourth.
        fifth = 7 if mine > before else 5
        bad |= same_way & (apart in (0, fifth)) & ((pitches - now) % 12 == apart)
    found = logits.clone()
    found[1 : 1 + config.pitches][torch.from_numpy(bad)] = -torch.inf
    # Nothing unlikely is taken for the sake of the rule.
    return found if float(found.max()) > float(logits.max()) - RELUCTANCE else logits
