"""Recordings with their scores as tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.data.examples import digest
from tympan.tasks.notes.truth import notes_of, rolls_of

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table
    from tympan.tasks.notes.config import NotesConfig


class NoteExamples:
    """Crops of recordings with the notes in them.

    A recording has a row for each `crop_s` of it. **Training**: `wave` `(t,)`, a random crop with
    what the net needs around it; **evaluation**: the crops one after another. Both: `onset`,
    `frame`, `offset` and `velocity` `(p, n)`, and `known` `(n,)`, 1 inside the recording.

    Args:
        table: the recordings.
        store: their decoded files.
        config: the task's configuration.
        around: samples that the net needs on each side.
    """

    padding: Mapping[str, float] = {}
    weights = None

    def __init__(self, table: Table, store: AudioStore, config: NotesConfig, around: int) -> None:
        self.table, self.store, self.config, self.around = table, store, config, around
        self.frames = config.frames
        self.core = self.frames * config.hop
        lengths = store.lengths(table.paths)
        # A rest that is shorter than half a crop makes no row of its own.
        counts = np.maximum(1, np.round(lengths / self.core).astype(int))
        self.owners = np.repeat(np.arange(len(table)), counts)
        self.starts = np.concatenate([np.arange(count) * self.core for count in counts])
        self.sizes = np.full(len(self.owners), self.core, np.int64)
        self.lengths = lengths
        self.notes: dict[int, npt.NDArray[np.float64]] = {}

    def notes_at(self, owner: int) -> npt.NDArray[np.float64]:
        """The notes of a recording, read once."""
        if owner not in self.notes:
            self.notes[owner] = notes_of(self.table[owner])
        return self.notes[owner]

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One crop, see the class."""
        owner, start = int(self.owners[row]), int(self.starts[row])
        length, config = int(self.lengths[owner]), self.config
        if rng is not None:
            start = round(rng.random() * max(0, length - self.core))
        first, last = start - self.around, start + self.core + self.around
        wave = np.zeros(last - first, np.float32)
        begin, end = max(0, first), min(length, last)
        if end > begin:
            path = self.table[owner].path
            wave[begin - first : end - first] = self.store.mono(path, begin, end - begin)
        rolls = rolls_of(self.notes_at(owner), config, start / config.rate_hz, self.frames)
        inside = np.arange(self.frames) * config.hop < length - start
        found = {name: torch.from_numpy(values) for name, values in rolls.items()}
        found["wave"] = torch.from_numpy(wave)
        found["known"] = torch.from_numpy(inside.astype(np.float32))
        return found

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {
            "content": digest(self.store.keys(self.table)),
            "scores": digest(one.files.get("midi", one.path).name for one in self.table),
            "crop_s": self.config.crop_s,
        }
