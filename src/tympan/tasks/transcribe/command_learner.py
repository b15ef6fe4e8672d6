"""Recordings of commands as tensors, and what the training of their net optimises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from tympan.data.examples import digest
from tympan.tasks.transcribe.command_net import NONE, CommandConfig, CommandNet
from tympan.tasks.transcribe.net import log_mels
from tympan.tasks.transcribe.variation import FLOOR_DB, varied
from tympan.training.learner import NET, whole_nets

if TYPE_CHECKING:
    from tympan.data import AudioStore, Batch, Table

Levels = npt.NDArray[np.float32]
# A word is where a recording is less than so far below its loudest frame.
LOUD_DB = 30.0
# The middle of a word is so far from that of its window at most, in windows.
JITTER = 0.15
SMOOTHING = 0.02
# Recordings of none of the words come as often as those of so many words.
NONE_SHARE = 6.0


class CommandExamples:
    """Windows of recordings: `mels` `(n_mels, n)` in dB and `label`, a number.

    In training some are made to be none of the words, see `CommandConfig.negatives`.

    Args:
        table: the recordings, each with a `label`.
        store: their decoded files.
        config: the configuration.
        labels: the words, `NONE` first.
    """

    padding: Mapping[str, float] = {}

    def __init__(
        self, table: Table, store: AudioStore, config: CommandConfig, labels: tuple[str, ...]
    ) -> None:
        number = {label: i for i, label in enumerate(labels)}
        self.table, self.store, self.config = table, store, config
        self.labels = np.array([number.get(label_of(one.columns), 0) for one in table])
        self.sizes = np.ones(len(table), np.int64)
        counts = np.maximum(1, np.bincount(self.labels, minlength=len(labels)))
        # Rare words come as often as others; of recordings of none there are more, for nearly all
        # that is to be heard is none of the words.
        weights = 1.0 / counts[self.labels] * np.where(self.labels == 0, NONE_SHARE, 1.0)
        self.weights = weights / weights.sum()
        self._kept: dict[int, Levels] = {}

    def mels(self, row: int) -> Levels:
        """Log mels `(n_mels, n)` of a whole recording."""
        found = self._kept.get(row)
        if found is None:
            wave = np.ascontiguousarray(self.store.mono(self.table[row].path), np.float32)
            found = log_mels(wave, self.config.front).half().numpy()
            self._kept[row] = found
        return found.astype(np.float32)

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One window, see the class."""
        mels, label = self.mels(row), int(self.labels[row])
        if rng is not None and label and rng.random() < self.config.negatives:
            mels, label = self.negative(mels, label, rng), 0
        if rng is not None:
            mels, _ = varied(mels, self.config.front, rng)
        window = framed(mels, self.config.frames, rng, anywhere=label == 0)
        return {"mels": torch.from_numpy(window), "label": torch.tensor(label)}

    def negative(self, mels: Levels, label: int, rng: np.random.Generator) -> Levels:
        """None of the words: backwards, halves of two of them, or the noise around one."""
        kind = rng.integers(3)
        if kind == 0:
            return np.ascontiguousarray(mels[:, ::-1])
        if kind == 1:
            others = np.flatnonzero((self.labels != label) & (self.labels != 0))
            if len(others):
                other = self.mels(int(rng.choice(others)))
                first, last = word_of(mels), word_of(other)
                left = mels[:, first[0] : (first[0] + first[1]) // 2]
                return np.concatenate([left, other[:, (last[0] + last[1]) // 2 : last[1]]], 1)
        quiet = np.quantile(mels, 0.2, 1, keepdims=True)
        noise = rng.normal(0, 3, (len(mels), self.config.frames))
        return (quiet + noise).astype(np.float32)

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {
            "content": digest(self.store.keys(self.table)),
            "labels": digest(self.labels.tolist()),
        }


def label_of(columns: Mapping[str, str]) -> str:
    """The word of a recording; what people call none of them is `NONE`.

    >>> label_of({"label": "Tea "}), label_of({"label": "_background_noise_"})
    ('tea', 'none of these')
    """
    label = " ".join(columns.get("label", "").lower().split())
    plain = label.strip("_").replace("_", " ")
    return NONE if plain in NOTHING else label


NOTHING = frozenset(("", "none", "other", "noise", "background noise", "background", "unknown",
                     "silence", NONE))  # fmt: skip


def word_of(mels: Levels) -> tuple[int, int]:
    """First frame of the loud part of a recording, and the one behind its last.

    >>> word_of(np.array([[-90, -20, -10, -90]], np.float32))
    (1, 3)
    """
    level = mels.max(0)
    loud = np.flatnonzero(level >= level.max() - LOUD_DB)
    return int(loud[0]), int(loud[-1]) + 1


def framed(
    mels: Levels, frames: int, rng: np.random.Generator | None, *, anywhere: bool = False
) -> Levels:
    """A window of a recording with its loud part about the middle.

    Args:
        mels: `(n_mels, n)`.
        frames: of the window; a short recording is filled up with its own quiet.
        rng: moves the window; None: it is not moved.
        anywhere: of a long recording take any part.
    """
    first, last = word_of(mels)
    middle = (first + last) / 2
    if rng is not None:
        middle += rng.uniform(-JITTER, JITTER) * frames
        if anywhere and mels.shape[1] > frames:
            middle = rng.uniform(frames / 2, mels.shape[1] - frames / 2)
    start = round(middle - frames / 2)
    found = np.empty((len(mels), frames), np.float32)
    found[:] = np.maximum(np.quantile(mels, 0.05, 1, keepdims=True), FLOOR_DB)
    low, high = max(0, start), min(mels.shape[1], start + frames)
    found[:, low - start : high - start] = mels[:, low:high]
    return found


class CommandLearner:
    """Cross entropy of the words and of none of them.

    Args:
        net: the net.
        config: its configuration.
    """

    monitor = "-loss"

    def __init__(self, net: CommandNet, config: CommandConfig) -> None:
        self.net, self.config = net, config

    @property
    def nets(self) -> dict[str, nn.Module]:
        """The net, under the name of the only one."""
        return {NET: self.net}

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """All parameters alike."""
        return whole_nets(self.nets)

    def fingerprint(self) -> dict[str, object]:
        """What must be the same for a training to be resumed."""
        return self.config.to_dict()

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """The loss of a batch."""
        logits = nets[NET](batch["mels"])
        yield NET, nn.functional.cross_entropy(logits, batch["label"], label_smoothing=SMOOTHING)

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """Loss and accuracy of all validation windows."""
        loss = right = count = 0.0
        for batch in batches:
            logits = nets[NET](batch["mels"]).float()
            loss += float(nn.functional.cross_entropy(logits, batch["label"], reduction="sum"))
            right += float((logits.argmax(1) == batch["label"]).sum())
            count += len(logits)
        return {"loss": loss / max(1, count), "accuracy": right / max(1, count)}
