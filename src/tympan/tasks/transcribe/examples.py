"""Recordings and what is said in them, as tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tympan.data.examples import digest
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.learner import UNKNOWN
from tympan.tasks.transcribe.net import FRAMES_OF_ANSWER, log_mels
from tympan.tasks.transcribe.sounds import numbers, spoken
from tympan.tasks.transcribe.variation import FLOOR_DB, varied

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table


class TranscribeExamples:
    """Sentences: `mels` `(n_mels, n)` in dB, and their `phonemes` and `characters`, numbers.

    Mels are computed when they are first wanted, and kept; in training they are varied at each
    visit, see `tympan.tasks.transcribe.variation`.

    Args:
        table: the recordings, each with a `text`.
        store: their decoded files.
        config: the configuration, with its phonemes and characters.

    Attributes:
        texts: the words of each recording.
    """

    padding: Mapping[str, float] = {
        "mels": FLOOR_DB, "phonemes": 0, "characters": 0, "frames": UNKNOWN,
    }  # fmt: skip
    weights = None

    def __init__(self, table: Table, store: AudioStore, config: TranscribeConfig) -> None:
        self.table, self.store, self.config = table, store, config
        self.sizes = store.lengths(table.paths)
        said = [spoken(one.columns["text"], config.language) for one in table]
        self.texts = [[one.text for one in words] for words in said]
        self.sounds = [{one.text: one.phonemes for one in words} for words in said]
        self.phonemes = [
            numbers("".join(one.phonemes for one in words), config.phonemes) for words in said
        ]
        self.characters = [numbers(" ".join(words), config.characters) for words in self.texts]
        self._kept: dict[int, Tensor] = {}

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One sentence, see the class."""
        mels = self._kept.get(row)
        if mels is None:
            wave = np.ascontiguousarray(self.store.mono(self.table[row].path), np.float32)
            mels = self._kept[row] = log_mels(wave, self.config).half()
        found = mels.float()
        if rng is not None and self.config.variation > 0:
            changed, _ = varied(found.numpy(), self.config, rng)
            # A faster tempo must leave room for all that is said.
            if changed.shape[1] > FRAMES_OF_ANSWER * (1.2 * len(self.phonemes[row]) + 2):
                found = torch.from_numpy(np.ascontiguousarray(changed))
        return {
            "mels": found,
            "phonemes": torch.from_numpy(self.phonemes[row]),
            "characters": torch.from_numpy(self.characters[row]),
            "frames": torch.full((found.shape[1] // FRAMES_OF_ANSWER,), UNKNOWN),
        }

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {
            "content": digest(self.store.keys(self.table)),
            "texts": digest(" ".join(one) for one in self.texts),
        }
