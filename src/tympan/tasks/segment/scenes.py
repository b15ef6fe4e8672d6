"""Scenes of known truth, mixed of recordings of one event each and of backgrounds.

After Salamon et al., *Scaper: A Library for Soundscape Synthesis and Augmentation*, 2017: events at
drawn places, at drawn levels above the background, which may overlap, sometimes in a room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.data.examples import digest
from tympan.data.table import Supervision
from tympan.errors import DataError
from tympan.tasks.segment.examples import roll_of
from tympan.tasks.segment.recipe import SCENE_ROWS

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table
    from tympan.tasks.segment.config import SegmentConfig
    from tympan.tasks.segment.net import Geometry

    Wave = npt.NDArray[np.float32]

SNR_DB = (-6.0, 18.0)
# An event lasts from the first to the last 20 ms that are so near to its loudest.
BELOW_PEAK_DB, LEVEL_S = 30.0, 0.02
# So much of a scene events fill, on average, and no more of them than so.
FILLED, MOST_EVENTS = 0.45, 12
ROOM_SHARE = 0.3
FLOOR_RMS = 1e-3


def extent_of(wave: Wave, rate_hz: int) -> tuple[int, int]:
    """From which to which sample a recording of one event holds it.

    >>> wave = np.zeros(8000, np.float32)
    >>> wave[2000:4000] = 0.5
    >>> extent_of(wave, 8000)
    (1920, 4000)
    """
    size = max(1, round(LEVEL_S * rate_hz))
    count = -(-len(wave) // size)
    padded = np.pad(wave, (0, count * size - len(wave))).reshape(count, size)
    level_db = 10 * np.log10(np.square(padded, dtype=np.float64).mean(1) + 1e-12)
    loud = np.flatnonzero(level_db >= level_db.max(initial=-120.0) - BELOW_PEAK_DB)
    if not len(loud):
        return 0, len(wave)
    return int(loud[0]) * size, min(len(wave), (int(loud[-1]) + 1) * size)


class SceneExamples:
    """Scenes as rows, like those of `tympan.tasks.segment.examples.SegmentExamples`.

    Args:
        table: recordings of one label each, some of them called `config.background`.
        store: their decoded files.
        config: the task's configuration.
        labels: the vocabulary.
        geometry: of the net's windows.
        rows: scenes in an epoch; by default three for each event, 320 at least.

    Raises:
        DataError: there is no event among the recordings, or one of another label.
    """

    padding: Mapping[str, float] = {}
    weights = None

    def __init__(
        self,
        table: Table,
        store: AudioStore,
        config: SegmentConfig,
        labels: Sequence[str],
        geometry: Geometry,
        rows: int | None = None,
    ) -> None:
        self.table, self.store, self.config, self.geometry = table, store, config, geometry
        self.number = {label: i for i, label in enumerate(labels)}
        self.by_label: dict[str, list[int]] = {}
        self.backgrounds: list[int] = []
        for i, example in enumerate(table):
            if example.label == config.background:
                self.backgrounds.append(i)
            elif example.label in self.number:
                self.by_label.setdefault(example.label, []).append(i)
            else:
                what = f"has the label {example.label!r}, which is not in the training set"
                raise DataError(what, file=example.path, fix="leave it out")
        if not self.by_label:
            fix = "give recordings of one event each"
            raise DataError("has no events to mix", file=table.root, fix=fix)
        count = len(table) - len(self.backgrounds)
        self.frames = max(1, round(config.crop_s / config.frame_s))
        self.core = self.frames * config.frame
        self.sizes = np.full(rows or max(SCENE_ROWS, 3 * count), self.core, np.int64)
        lengths = store.lengths(table.paths)[[i for own in self.by_label.values() for i in own]]
        per_scene = FILLED * self.core / max(1.0, float(np.median(lengths)))
        self.mean_events = float(np.clip(per_scene, 1.0, MOST_EVENTS))
        self._room: Any = None

    def scene(self, rng: np.random.Generator) -> tuple[Wave, list[Supervision]]:
        """A scene `(t,)` of `crop_s` with what the net needs around it, and its events.

        Times count from where the part begins that is answered for.
        """
        left, right = self.geometry.left, self.geometry.right
        wave = self._background(left + self.core + right, rng)
        level = float(np.sqrt(np.square(wave).mean()))
        events: list[Supervision] = []
        for _ in range(min(MOST_EVENTS, int(rng.poisson(self.mean_events)))):
            label = list(self.by_label)[rng.integers(len(self.by_label))]
            own = self.by_label[label]
            sound, length = self._event(own[rng.integers(len(own))], rng)
            at = left + int(rng.integers(-length // 2, self.core))
            gain = level * 10 ** (rng.uniform(*SNR_DB) / 20)
            first, last = max(0, at), min(len(wave), at + len(sound))
            if last > first:
                wave[first:last] += gain * sound[first - at : last - at]
                start_s = (at - left) / self.config.rate_hz
                events.append(Supervision(start_s, start_s + length / self.config.rate_hz, label))
        peak = float(np.abs(wave).max(initial=1e-9))
        return wave * np.float32(min(1.0, 0.99 / peak)), events

    def _background(self, size: int, rng: np.random.Generator) -> Wave:
        if not self.backgrounds:
            return (FLOOR_RMS * rng.standard_normal(size)).astype(np.float32)
        path = self.table[self.backgrounds[rng.integers(len(self.backgrounds))]].path
        length = self.store.length(path)
        start = int(rng.integers(max(1, length - size + 1)))
        wave = self.store.mono(path, start, min(size, length - start))
        wave = np.resize(wave, size) if len(wave) < size else wave.copy()
        rms = float(np.sqrt(np.square(wave).mean()))
        if rms < 1e-6:
            return (FLOOR_RMS * rng.standard_normal(size)).astype(np.float32)
        level = 10 ** (rng.uniform(-45, -20) / 20)
        return (wave * (level / rms)).astype(np.float32)

    def _event(self, row: int, rng: np.random.Generator) -> tuple[Wave, int]:
        """A recording from where its event begins, at a level of 1, and the event's length."""
        wave = self.store.mono(self.table[row].path)
        first, last = extent_of(wave, self.config.rate_hz)
        rms = float(np.sqrt(np.square(wave[first:last]).mean())) if last > first else 0.0
        sound = wave[first:] / max(rms, 1e-6)
        if rng.random() < ROOM_SHARE:
            sound = self._in_room(sound, rng)
        # An event that lasts longer than a scene is a part of it.
        return sound[: self.core], min(last - first, self.core)

    def _in_room(self, sound: Wave, rng: np.random.Generator) -> Wave:
        if self._room is None:
            from tympan.augment import Reverb

            self._room = Reverb(rate_hz=self.config.rate_hz)
        found = self._room(torch.from_numpy(sound.copy())[None, None], int(rng.integers(2**31)))
        wave: Wave = found[0, 0].numpy()
        return wave

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One scene; without a generator that of its number."""
        wave, events = self.scene(np.random.default_rng([1, row]) if rng is None else rng)
        roll = roll_of(events, self.number, self.frames, self.config.frame_s)
        return {
            "wave": torch.from_numpy(wave.astype(np.float32)),
            "roll": torch.from_numpy(roll),
            "known": torch.ones(self.frames),
            "clip": torch.from_numpy(roll.max(1)),
            "strong": torch.tensor(1.0),
        }

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {
            "content": digest(self.store.keys(self.table)),
            "labels": digest(example.label for example in self.table),
            "crop_s": self.config.crop_s,
            "rows": len(self.sizes),
        }

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_room": None}
