"""Normal recordings as windows: to train the autoencoder on, and to measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tympan.data.examples import digest
from tympan.tasks.inputs import SHORTEST_S
from tympan.tasks.windows import CenteredWindows, Window, cut

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table
    from tympan.tasks.monitor.config import MonitorConfig

# Of longer data so many windows are taken, evenly.
MOST_WINDOWS = 20_000
CHUNK_S = 30.0


def geometry_of(config: MonitorConfig) -> CenteredWindows:
    """The windows in which a recording is scored."""
    return CenteredWindows(config.rate_hz, config.window_s, config.step_s, shortest_s=SHORTEST_S)


class MonitorExamples:
    """Windows of recordings: `wave` `(t,)`, in training moved at random by up to half a step.

    Args:
        table: the recordings.
        store: their decoded files.
        config: the configuration.
    """

    weights = None
    padding: Mapping[str, float] = {}

    def __init__(self, table: Table, store: AudioStore, config: MonitorConfig) -> None:
        self.table, self.store, self.config = table, store, config
        self.size = round(config.window_s * config.rate_hz)
        lengths = store.lengths(table.paths)
        step = max(1, round(config.step_s * config.rate_hz))
        counts = np.maximum(1, (lengths - self.size) // step + 1)
        owners = np.repeat(np.arange(len(table)), counts)
        starts = np.concatenate([np.arange(n) for n in counts]) * step
        if len(owners) > MOST_WINDOWS:
            taken = np.linspace(0, len(owners) - 1, MOST_WINDOWS).round().astype(int)
            owners, starts = owners[taken], starts[taken]
        self.owners, self.starts, self.step = owners, starts, step
        self.lengths = lengths
        self.sizes = np.full(len(owners), self.size, np.int64)

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One window, see the class."""
        start, owner = int(self.starts[row]), int(self.owners[row])
        if rng is not None:
            start += int((rng.random() - 0.5) * self.step)
        return {"wave": torch.from_numpy(self.window(owner, start))}

    def window(self, owner: int, start: int) -> np.ndarray:
        """The window of a recording that begins there, or as near to it as it fits in."""
        start = max(0, min(start, int(self.lengths[owner]) - self.size))
        wave = self.store.mono(self.table[owner].path, start, self.size)
        return filled(wave, self.size)

    def steps(self, owner: int) -> Iterator[Window]:
        """The windows of a recording in which it is scored."""
        path, length = self.table[owner].path, int(self.lengths[owner])
        size = round(CHUNK_S * self.config.rate_hz)
        chunks = (self.store.mono(path, at, size) for at in range(0, max(1, length), size))
        return cut(geometry_of(self.config).cutter(), chunks)

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {"content": digest(self.store.keys(self.table)), "windows": len(self.owners)}


def filled(wave: np.ndarray, size: int) -> np.ndarray:
    """A wave `(t,)` of so many samples: repeated where it is shorter, as silence is no machine.

    >>> filled(np.array([1, 2], np.float32), 5)
    array([1., 2., 1., 2., 1.], dtype=float32)
    """
    if len(wave) >= size or not len(wave):
        return np.pad(wave, (0, max(0, size - len(wave))))
    return np.resize(wave, size)
