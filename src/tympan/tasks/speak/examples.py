"""Recordings and what is said in them, as tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor

from tympan.data.examples import digest
from tympan.errors import DataError
from tympan.nets.vocoder_mel import VocoderConfig
from tympan.tasks.speak.config import SpeakConfig
from tympan.tasks.speak.sound import log_mels, pitch_of
from tympan.tasks.speak.symbols import Symbols, symbols_of

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table

SILENCE = float(np.log(VocoderConfig.floor))
KNOWN_SUFFIX = ".npz"


class SpeakExamples:
    """Sentences: `symbols`, `stress` `(m,)`, `mels` `(n_mels, step · n)`, `f0` `(step · n,)` in Hz.

    With them comes `speaker`, a number, and `durations` `(m,)`, the steps of each symbol: all 0
    where they are not known. They are, where beside the recording lies an `.npz` of the same name
    with `tokens`, `durations` and `f0`, as `recipes/kokoro_teacher.py` writes them.

    Mels and pitch are computed when they are first wanted, and kept.

    Args:
        table: the recordings, each with a `text`; those over `config.longest_s` are left out.
        store: their decoded files.
        config: the configuration, with its symbols.
        speakers: those of the training, in the order of their numbers.

    Raises:
        DataError: no recording is short enough.
    """

    padding: Mapping[str, float] = {
        "symbols": 0, "stress": 0, "durations": 0, "mels": SILENCE, "f0": 0,
    }  # fmt: skip
    weights = None

    def __init__(
        self, table: Table, store: AudioStore, config: SpeakConfig, speakers: tuple[str, ...]
    ) -> None:
        table = without_long(table, store, config)
        self.table, self.store, self.config = table, store, config
        number = {name: i for i, name in enumerate(speakers)}
        self.speakers = [number.get(name, 0) for name in speaker_names(table)]
        self.sizes = store.lengths(table.paths)
        self.symbols = [row_symbols(one.path, one.columns["text"], config) for one in table]
        self._kept: dict[int, tuple[Tensor, Tensor, Tensor]] = {}

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One sentence, see the class."""
        found = self._kept.get(row)
        if found is None:
            found = self._kept[row] = self._computed(row)
        mels, f0, durations = found
        symbols = self.symbols[row]
        return {
            "symbols": torch.from_numpy(symbols.ids(self.config.symbols)),
            "stress": torch.from_numpy(symbols.stress),
            "durations": durations,
            "mels": mels.float(),
            "f0": f0,
            "speaker": torch.tensor(self.speakers[row]),
        }

    def _computed(self, row: int) -> tuple[Tensor, Tensor, Tensor]:
        """Mels (halved in size), pitch, durations of a row."""
        path, symbols = self.table[row].path, self.symbols[row]
        wave = np.ascontiguousarray(self.store.mono(path), np.float32)
        mels = log_mels(wave, self.config)
        frames = mels.shape[1]
        known = known_of(path)
        if known is None:
            f0 = pitch_of(wave, self.config, frames)
            durations = np.zeros(len(symbols), np.int64)
        else:
            f0 = np.pad(known["f0"].astype(np.float32), (0, frames))[:frames]
            given = known["durations"].astype(np.int64)
            if len(given) != symbols.sources.sum():
                what = f"has {len(given)} durations for {symbols.sources.sum() - 2} tokens"
                fix = "one for each token, and one for each edge"
                raise DataError(what, file=path.with_suffix(KNOWN_SUFFIX), fix=fix)
            durations = symbols.summed(given)
            if durations.sum() * self.config.step != frames:
                have = frames // self.config.step
                what = f"its durations are of {durations.sum()} steps, the recording has {have}"
                raise DataError(what, file=path.with_suffix(KNOWN_SUFFIX))
        return mels.half(), torch.from_numpy(f0), torch.from_numpy(durations)

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {
            "content": digest(self.store.keys(self.table)),
            "texts": digest("".join(one.texts) for one in self.symbols),
            "speakers": digest(self.speakers),
        }


def without_long(table: Table, store: AudioStore, config: SpeakConfig) -> Table:
    """The rows of at most `config.longest_s`.

    Raises:
        DataError: there are none.
    """
    most = config.longest_s * config.rate_hz
    lengths = store.lengths(table.paths)
    rows = tuple(one for one, n in zip(table, lengths, strict=True) if n <= most)
    if not rows:
        what = f"holds no sentence of at most {config.longest_s:g} s"
        shortest_s = float(lengths.min()) / config.rate_hz
        fix = f"cut its recordings into sentences (the shortest is of {shortest_s:.0f} s)"
        raise DataError(what, file=table.root, fix=fix)
    return table if len(rows) == len(table) else replace(table, examples=rows)


def known_of(path: Path) -> dict[str, np.ndarray] | None:
    """Tokens, durations and pitch that lie beside a recording; None: nothing does.

    Raises:
        DataError: the file is damaged, or holds something else.
    """
    beside = path.with_suffix(KNOWN_SUFFIX)
    if not beside.exists():
        return None
    try:
        with np.load(beside, allow_pickle=False) as values:
            return {name: values[name] for name in ("tokens", "durations", "f0")}
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        what = f"holds no tokens, durations and f0 of a recording: {error}"
        raise DataError(what, file=beside, fix="remove it, or make it anew") from error


def row_symbols(path: Path, text: str, config: SpeakConfig) -> Symbols:
    """The symbols of what is said in a recording."""
    known = known_of(path)
    return symbols_of(phonemes_of(text, config.language) if known is None else str(known["tokens"]))


def phonemes_of(text: str, language: str) -> str:
    """All sentences of a text as phonemes."""
    from tympan.text import read

    return " ".join(one.phonemes for one in read(text, language))


def speaker_names(table: Table) -> list[str]:
    """Who speaks in each row; where nothing says it, one voice."""
    column = next((name for name in ("voice", "speaker") if table.has(name)), None)
    names = [""] * len(table) if column is None else table.column(column)
    return [name or "speaker" for name in names]
