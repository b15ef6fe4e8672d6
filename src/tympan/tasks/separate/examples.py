"""Mixes of known sources: stems of recordings, or isolated sources that are mixed on the fly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.data.examples import digest
from tympan.errors import DataError
from tympan.tasks.separate.rooms import in_room

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table
    from tympan.tasks.separate.config import SeparateConfig

    Wave = npt.NDArray[np.float32]

# A mix has this level before it is raised or lowered, in dB of full scale, and at random so much.
LEVEL_DB, LEVEL_SPREAD_DB = -28.0, 12.0
# A crop is drawn again where its source is quieter than that beside the whole recording.
QUIET_DB, TRIES = -30.0, 4
FLOOR = 1e-9


def power_of(wave: Wave) -> float:
    """Mean square."""
    return float(np.square(wave, dtype=np.float64).mean()) if wave.size else 0.0


class Crops:
    """Draws crops of recordings.

    Args:
        store: the decoded files.
        channels: of a crop; a mono file fills two alike, of more the mean is taken.
        length: samples of a crop.
    """

    def __init__(self, store: AudioStore, channels: int, length: int) -> None:
        self.store, self.channels, self.length = store, channels, length

    def at(self, path: Any, start: int) -> Wave:
        """Samples `(c, length)` from `start`; silence behind the end."""
        if self.channels == 1:
            wave = self.store.mono(path, start, self.length)[None]
        else:
            wave = self.store.wave(path, start, self.length)
            if len(wave) != self.channels:
                mean = wave.mean(0, keepdims=True, dtype=np.float32)
                wave = np.repeat(mean, self.channels, axis=0)
        found = np.zeros((self.channels, self.length), np.float32)
        found[:, : wave.shape[1]] = wave
        return found

    def drawn(self, path: Any, rng: np.random.Generator, *, filled: bool = True) -> Wave:
        """A random crop in which something sounds; a short recording lies anywhere in it.

        Args:
            path: of a decoded file.
            rng: draws.
            filled: a recording that is shorter is repeated.
        """
        size = self.store.length(path)
        if size < self.length:
            wave = self.at(path, 0)
            if filled and size:
                wave = np.tile(wave[:, :size], -(-2 * self.length // size))
                first = int(rng.integers(0, self.length))
                return np.ascontiguousarray(wave[:, first : first + self.length])
            return np.roll(wave, int(rng.integers(0, self.length - size + 1)), axis=1)
        for _ in range(TRIES):
            wave = self.at(path, int(rng.integers(0, size - self.length + 1)))
            if power_of(wave) > 10 ** (QUIET_DB / 10) * 1e-3:
                break
        return wave


class SeparateExamples:
    """Rows of `mix` `(c, t)` and `sources` `(k, c, t)`, which are drawn anew in each epoch.

    - *Stems*: rows of a `mixture` and its sources. In training, crops are drawn, each source is
      raised or lowered, and in a share of them each comes from another recording; what of a mixture
      is none of the sources stays in the mix.
    - *Isolated*: recordings with a `label`, or, where sources have no names, with a `speaker`. One
      of each label is drawn, some are put in a room, and they are added at a drawn ratio. A label
      that is no source of the model, such as `noise`, is only mixed in.

    Validation draws the same in each epoch.

    Args:
        table: the recordings.
        store: their decoded files.
        config: the task's configuration.
        labels: the sources, in the order of the net's outputs.

    Raises:
        DataError: a source that no recording has.
    """

    padding: Mapping[str, float] = {}
    weights = None

    def __init__(
        self, table: Table, store: AudioStore, config: SeparateConfig, labels: Sequence[str]
    ) -> None:
        self.table, self.store, self.config, self.labels = table, store, config, tuple(labels)
        self.crops = Crops(store, config.channels, config.crop)
        self.lengths = store.lengths(table.paths)
        self.groups = grouped(table, config, self.labels)
        if config.learn_from == "stems":
            counts = np.maximum(1, -(-self.lengths // config.crop))
            self.owners = np.repeat(np.arange(len(table)), counts)
            self.starts = np.concatenate([np.arange(n) * config.crop for n in counts])
        else:
            # As many mixes as the first source has crops.
            first = next(iter(self.groups.values()))
            seconds = float(self.lengths[list(first)].sum()) / config.crop
            self.owners = np.zeros(max(config.mixes, round(seconds)), np.int64)
            self.starts = self.owners
        self.sizes = np.full(len(self.owners), config.crop, np.int64)

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One mix and its sources."""
        drawing = np.random.default_rng((7, row)) if rng is None else rng
        if self.config.learn_from == "stems":
            mix, sources = self._stems(row, None if rng is None else drawing)
        else:
            mix, sources = self._mixed(row, drawing)
        return {"mix": torch.from_numpy(mix), "sources": torch.from_numpy(sources)}

    def _stems(self, row: int, rng: np.random.Generator | None) -> tuple[Wave, Wave]:
        owner, start = int(self.owners[row]), int(self.starts[row])
        if rng is None:
            return self._stems_at(owner, start)
        start = int(rng.integers(0, max(1, self.lengths[owner] - self.config.crop + 1)))
        mix, sources = self._stems_at(owner, start)
        rest = mix - sources.sum(0)
        if rng.random() < self.config.remix:
            rest = np.zeros_like(rest)
            sources = np.stack([self._stem_of_any(i, rng) for i in range(len(self.labels))])
        gain_db = rng.uniform(-1, 1, len(sources)) * self.config.gain_db
        sources *= (10 ** (gain_db / 20)).astype(np.float32)[:, None, None]
        if rng.random() < self.config.silent:
            sources[int(rng.integers(len(sources)))] = 0
        if self.config.channels == 2 and rng.random() < 0.5:
            rest, sources = rest[::-1].copy(), sources[:, ::-1].copy()
        return rest + sources.sum(0), sources

    def _stems_at(self, owner: int, start: int) -> tuple[Wave, Wave]:
        files = self.table[owner].files
        none = np.zeros((self.config.channels, self.config.crop), np.float32)
        sources = np.stack(
            [self.crops.at(files[one], start) if one in files else none for one in self.labels]
        )
        mixture = files.get("mixture")
        return sources.sum(0) if mixture is None else self.crops.at(mixture, start), sources

    def _stem_of_any(self, number: int, rng: np.random.Generator) -> Wave:
        owners = self.groups[self.labels[number]]
        owner = owners[int(rng.integers(len(owners)))]
        return self.crops.drawn(self.table[owner].files[self.labels[number]], rng, filled=False)

    def _mixed(self, row: int, rng: np.random.Generator) -> tuple[Wave, Wave]:
        """Isolated sources at drawn ratios to the first."""
        config = self.config
        waves = self._drawn(rng)
        if rng.random() < config.silent:
            waves[int(rng.integers(len(waves)))][:] = 0
        first = max(power_of(waves[0]), FLOOR)
        for wave in waves[1:]:
            snr_db = rng.uniform(config.snr_low_db, config.snr_high_db)
            wave *= np.float32((first / max(power_of(wave), FLOOR) / 10 ** (snr_db / 10)) ** 0.5)
        mix: Wave = np.stack(waves).sum(0, dtype=np.float32)
        level_db = LEVEL_DB + rng.uniform(-1, 1) * LEVEL_SPREAD_DB
        gain = np.float32(10 ** (level_db / 20) / max(power_of(mix), FLOOR) ** 0.5)
        return mix * gain, np.stack(waves[: len(self.labels)]) * gain

    def _drawn(self, rng: np.random.Generator) -> list[Wave]:
        """A crop of each source, and of one of what else is mixed in."""
        names = list(self.groups)
        if self.config.permute:
            order = rng.permutation(len(names))[: len(self.labels)]
            chosen = [names[int(i)] for i in order]
        else:
            chosen = names
        waves = []
        for name in chosen:
            owners = self.groups[name]
            path = self.table[owners[int(rng.integers(len(owners)))]].path
            wave = self.crops.drawn(path, rng)
            if rng.random() < self.config.room:
                wave = in_room(wave, self.config.rate_hz, rng)
            waves.append(wave)
        return waves

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {
            "content": digest(self.store.keys(self.table)),
            "labels": digest(self.labels),
            "groups": digest(sorted((k, tuple(v)) for k, v in self.groups.items())),
        }


def grouped(
    table: Table, config: SeparateConfig, labels: tuple[str, ...]
) -> dict[str, tuple[int, ...]]:
    """Which rows hold a source: by role, label or speaker; the sources first, in their order.

    Raises:
        DataError: a source that none holds.
    """
    found: dict[str, list[int]] = {}
    if config.permute and config.learn_from == "isolated":
        column = "speaker" if table.has("speaker") else "label"
        for i, one in enumerate(table):
            found.setdefault(one.columns.get(column) or f"row {i}", []).append(i)
        if len(found) < len(labels):
            what = f"has {len(found)} speakers, and a mix needs {len(labels)}"
            raise DataError(what, file=table.root, fix="add recordings of others")
        return {name: tuple(rows) for name, rows in found.items()}
    for i, one in enumerate(table):
        names = one.files if config.learn_from == "stems" else [one.label]
        for name in names:
            found.setdefault(name, []).append(i)
    missing = [name for name in labels if name not in found]
    if missing:
        what = f"has no recording of the source {missing[0]!r}"
        raise DataError(what, file=table.root, fix="add some, or train without it")
    if config.learn_from == "stems":
        return {name: tuple(found[name]) for name in labels}
    others = [name for name in sorted(found) if name not in labels]
    return {name: tuple(found[name]) for name in (*labels, *others)}
