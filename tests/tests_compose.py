"""Small composers that need no training."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from tympan.tasks.compose.config import FILL, ComposeConfig
from tympan.tasks.compose.copying import Known
from tympan.tasks.compose.model import Composer
from tympan.tasks.compose.net import ComposeNet

VOICES = ComposeConfig(
    low=30, high=87, ordered=False, steps_per_beat=2, phases=2, remaining=64, keyed=True, size=32,
    layers=1, reach=8, window=32, parts=("soprano", "bass", "alto", "tenor"),
)  # fmt: skip
TUNES = ComposeConfig(
    low=48, high=84, voices=2, articulated=True, steps_per_beat=4, phases=16, remaining=64,
    keyed=True, size=32, layers=1, reach=8, window=48,
)  # fmt: skip


def net_of(config: ComposeConfig, seed: int = 0) -> ComposeNet:
    """A net of random weights, whose intervals say something too."""
    torch.manual_seed(seed)
    net = ComposeNet(config)
    torch.nn.init.normal_(net.interval.weight, std=0.1)
    return net.eval()


def tiny_composer(kind: str) -> Composer:
    """One that fills in, one that goes on voice by voice, or one with sets of notes."""
    config = {"fill": replace(VOICES, kind=FILL), "voices": VOICES, "tunes": TUNES}[kind]
    return Composer(net_of(config), "tiny", Known([], config))


def some_steps(config: ComposeConfig, count: int, seed: int = 0) -> np.ndarray:
    """Steps `(n, v)` that the net can be asked about."""
    rng = np.random.default_rng(seed)
    if not config.ordered:
        return rng.integers(1, config.classes, (count, config.voices))
    rows = np.zeros((count, config.voices), np.int64)
    for row in rows:
        size = int(rng.integers(0, config.voices + 1))
        pitches = np.sort(rng.choice(config.pitches, size, replace=False))
        row[:size] = 1 + pitches + config.pitches * config.articulated * (rng.random(size) < 0.5)
    return rows
