"""How likely music is to a composer, in nats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from tympan.data.batches import collate
from tympan.errors import DataError
from tympan.models.scores import Score
from tympan.tasks.compose.config import FILL
from tympan.tasks.compose.examples import ComposeExamples
from tympan.tasks.compose.grid import home_shift, key_number, transposed
from tympan.tasks.compose.learner import place_nats
from tympan.tasks.contract import Evaluation
from tympan.tasks.metrics import middle_95

if TYPE_CHECKING:
    from torch import nn

    from tympan.tasks.compose.config import ComposeConfig
    from tympan.tasks.compose.grid import Steps

DRAWS = 2000
LIMITS = {
    FILL: "Nats of the other voices where the first is given, each place by itself: no likelihood "
    "of a whole piece, and not to be compared with nats per step of a model that composes onwards.",
}
NEXT_LIMIT = (
    "Nats per step: the negative log likelihood of a step given all before it, on average over all "
    "steps; it depends on the grid."
)


def piece_nats(
    net: nn.Module, pieces: Sequence[Steps], config: ComposeConfig
) -> npt.NDArray[np.float64]:
    """All nats of each piece, and its steps: `(m, 2)`.

    The net is told neither key nor length. One that knows pieces in C major and A minor only is
    asked about the piece in all twelve places: the mean of the twelve probabilities is that of a
    distribution over pieces again.
    """
    mixed = config.home and config.kind != FILL
    if config.home and not mixed:
        shifts = [home_shift(key_number(one, config)) for one in pieces]
        pieces = [transposed(one, by, config) for one, by in zip(pieces, shifts, strict=True)]
    found = []
    for one in pieces:
        moved = [shifted_within(one, by, config) for by in (range(-6, 6) if mixed else (0,))]
        nats, steps = _nats(net, [row for row in moved if row is not None], config)
        found.append((float(np.log(len(moved)) - np.logaddexp.reduce(-nats)), steps))
    return np.array(found)


def shifted_within(steps: Steps, by: int, config: ComposeConfig) -> Steps | None:
    """A piece moved by semitones; None where that leaves the range."""
    pitch = (steps[steps > 0] - 1) % config.pitches + by
    if len(pitch) and (pitch.min() < 0 or pitch.max() >= config.pitches):
        return None
    return transposed(steps, by, config)


@torch.inference_mode()
def _nats(
    net: nn.Module, pieces: Sequence[Steps], config: ComposeConfig
) -> tuple[npt.NDArray[np.float64], float]:
    """The nats of each of several pieces of one length, and how many steps of it are asked."""
    rows = ComposeExamples(pieces, replace(config, home=False))
    batch = collate([rows.item(row, None) for row in range(len(pieces))], {})
    nats, asked = place_nats(net, batch, config)
    return nats.double().sum((1, 2)).numpy(), float(asked[0].any(1).sum())


def evaluated(found: npt.NDArray[np.float64], config: ComposeConfig) -> Evaluation:
    """The score of pieces: their nats and steps, `(m, 2)`; a 95 % interval over pieces if
    there are several.

    Raises:
        DataError: no pieces.
    """
    if not len(found):
        raise DataError("no piece is left to score")
    rows = np.random.default_rng(0).integers(len(found), size=(DRAWS, len(found)))
    drawn = found[rows].sum(1)
    interval = middle_95(drawn[:, 0] / drawn[:, 1], len(found))
    value = float(found[:, 0].sum() / found[:, 1].sum())
    name = "filled_nats_per_step" if config.kind == FILL else "nats_per_step"
    score = Score(name, value, interval, "nats", higher_is_better=False)
    limits = (LIMITS.get(config.kind, NEXT_LIMIT),)
    return Evaluation((score,), len(found), limits=limits, counted="pieces")
