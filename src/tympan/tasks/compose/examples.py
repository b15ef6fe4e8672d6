"""Pieces of music as the tensors of `ComposeNet`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.data.examples import digest
from tympan.tasks.compose.config import FILL, KEYS, ComposeConfig
from tympan.tasks.compose.grid import Steps, home_shift, transposed

OUTSIDE = -1


class ComposeExamples:
    """Pieces, in training each at another pitch, or all of them in C major and A minor.

    Args:
        pieces: `(n, v)` each.
        config: the configuration.
        keys: number of the key of each, 0 … 23; 24, or none: it is not known, and stays.
    """

    padding: Mapping[str, float] = {"steps": OUTSIDE, "remaining": 0, "phase": 0, "hidden": 0}
    weights = None

    def __init__(
        self, pieces: Sequence[Steps], config: ComposeConfig, keys: Sequence[int] | None = None
    ) -> None:
        self.pieces, self.config = list(pieces), config
        self.keys = [KEYS] * len(self.pieces) if keys is None else list(keys)
        if config.home:
            shifts = [home_shift(key) for key in self.keys]
            self.pieces = [
                transposed(one, by, config) for one, by in zip(self.pieces, shifts, strict=True)
            ]
            self.keys = [moved_key(key, by) for key, by in zip(self.keys, shifts, strict=True)]
        self.sizes = np.array([len(one) for one in self.pieces], np.int64)
        self.longest = min(config.window, int(self.sizes.max(initial=1)))

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """`steps` `(n, v)`, with −1 behind its end; `key`, `remaining` `(n,)`, `phase` `(n,)`."""
        steps, key, config = self.pieces[row], self.keys[row], self.config
        # What is evaluated is music of which nothing is known beforehand.
        first, told = 0, False
        if rng is not None:
            steps, key = self.moved(steps, key, rng)
            # Either end of a piece as often as any of its middle.
            spare = len(steps) - self.longest
            if spare > 0:
                first = int(np.clip(rng.integers(-spare // 2, spare + spare // 2 + 1), 0, spare))
            told = rng.random() >= config.unknown
            key = key if rng.random() >= config.unknown else KEYS
        else:
            key = KEYS
        count = len(steps)
        last = min(count, first + self.longest) if rng is not None else count
        found = steps[first:last]
        places = np.arange(first, last)
        remaining = count - 1 - places if told else np.full(last - first, -1)
        item = {
            "steps": torch.from_numpy(found),
            "key": torch.tensor(key),
            "remaining": torch.from_numpy(remaining),
            "phase": torch.from_numpy(places),
        }
        if config.kind == FILL:
            item["hidden"] = torch.from_numpy(hidden_places(found, rng))
        return item

    def moved(self, steps: Steps, key: int, rng: np.random.Generator) -> tuple[Steps, int]:
        """A piece at another pitch, as far as it stays in the range; and its key."""
        config = self.config
        pitch = (steps[steps > 0] - 1) % config.pitches
        if not len(pitch) or not config.transpose or config.home:
            return steps, key
        low = max(-config.transpose, -int(pitch.min()))
        high = min(config.transpose, config.pitches - 1 - int(pitch.max()))
        by = int(rng.integers(low, high + 1)) if high >= low else 0
        return transposed(steps, by, config), moved_key(key, by)

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {"pieces": digest(one.tobytes() for one in self.pieces)}


def moved_key(key: int, by: int) -> int:
    """The number of a key moved by semitones: 11 (B major) by 2 is 1 (C♯ major).

    >>> moved_key(11, 2), moved_key(12, -1), moved_key(24, 3)
    (1, 23, 24)
    """
    return key if key >= KEYS else key // 12 * 12 + (key % 12 + by) % 12


def hidden_places(steps: Steps, rng: np.random.Generator | None) -> npt.NDArray[np.bool_]:
    """Which places are to be filled in, `(n, v)`: all kinds of questions in turn.

    Some voices wholly; all of some steps; each place by chance, seldom to nearly always, as in
    Huang et al., *Counterpoint by Convolution* (Coconet), 2017. Without `rng` all voices but the
    first.
    """
    count, voices = steps.shape
    hidden = np.zeros((count, voices), bool)
    if rng is None:
        hidden[:, 1:] = True
        return hidden
    kind = rng.random()
    if kind < 0.35:
        hidden[:, rng.random(voices) < rng.uniform(0.2, 1.0)] = True
        hidden &= rng.random((count, 1 if rng.random() < 0.5 else voices)) < rng.uniform(0.3, 1.2)
    elif kind < 0.5:
        first = int(rng.integers(0, count))
        hidden[first : first + int(rng.integers(1, max(2, count // 2)))] = True
        hidden &= rng.random((count, voices)) < rng.uniform(0.5, 1.2)
    else:
        hidden = rng.random((count, voices)) < rng.uniform(0.05, 1.0)
    return hidden
