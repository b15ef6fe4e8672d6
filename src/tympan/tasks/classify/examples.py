"""A classifier's recordings as tensors: crops to train on, windows to be scored on.

Where a head is fitted, an epoch chosen or a temperature found, the net must get what it will get
when it answers: a head that tells nearly equal recordings apart is thrown off by windows of another
length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from tympan.data.examples import class_weights, digest
from tympan.errors import DataError

if TYPE_CHECKING:
    from tympan.data import AudioStore, Batch, Table
    from tympan.tasks.classify.config import ClassifyConfig

BATCH = 16
# Windows of a recording that are scored in validation; an answer takes all.
VALIDATED = 6


class ClassifyExamples:
    """Waves of recordings, and the numbers of their labels.

    **Training** (`item` with a generator): `wave` `(t,)`, a random crop of `clip_s`, filled up with
    silence. **Evaluation**: `wave`, at most `VALIDATED` of the windows of an answer one after
    another, and `windows`, how many they are. Both: `label` `()`.

    Args:
        table: the recordings, each with a label.
        store: their decoded files.
        config: the task's configuration.
        labels: the vocabulary.

    Raises:
        DataError: a recording has a label that is not in the vocabulary.
    """

    padding: Mapping[str, float] = {"wave": 0.0}

    def __init__(
        self, table: Table, store: AudioStore, config: ClassifyConfig, labels: tuple[str, ...]
    ) -> None:
        self.table, self.store, self.config = table, store, config
        self.targets = self.numbered(table, {label: i for i, label in enumerate(labels)})
        self.sizes = store.lengths(table.paths)
        self.weights = class_weights(self.targets, config.balance) if config.balance else None
        self.rate_hz = config.rate_hz
        self.crop = max(1, round(config.clip_s * config.rate_hz))

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One recording, see the class."""
        label = self.targets[row]
        if rng is None:
            found = self.windows(row, VALIDATED)
            count = torch.tensor(len(found))
            return {"wave": found.flatten(), "windows": count, "label": label}
        wave = np.zeros(self.crop, dtype=np.float32)
        length = min(int(self.sizes[row]), self.crop)
        start = int(rng.random() * (self.sizes[row] - length + 1))
        wave[:length] = self.store.mono(self.path(row), start, length)
        return {"wave": torch.from_numpy(wave), "label": label}

    def numbered(self, table: Table, number: Mapping[str, int]) -> Tensor:
        """The number `(m,)` of each recording's label.

        Raises:
            DataError: a recording has a label without a number.
        """
        for example in table:
            if example.label not in number:
                raise unknown_label(example.label, example.path)
        return torch.tensor([number[example.label] for example in table])

    def path(self, row: int) -> Path:
        """The file of a recording."""
        path: Path = self.table[row].path
        return path

    def windows(self, row: int, most: int) -> Tensor:
        """At most so many windows `(w, t)` of a recording, from its beginning to its end."""
        from tympan.tasks.classify.geometry import windows_of

        config, path, length = self.config, self.path(row), int(self.sizes[row])
        if length <= 6 * config.clip_s * self.rate_hz:
            found = list(windows_of(config, [self.store.mono(path)]))
            found = found[:: -(-len(found) // most)]
        else:
            size = round(config.clip_s * config.crop * self.rate_hz)
            starts = np.linspace(0, length - size, most) if most > 1 else [(length - size) / 2]
            found = [self.store.mono(path, round(start), size) for start in starts]
        # The last window of a recording may be a sample shorter than the others.
        size = max(map(len, found))
        return torch.from_numpy(np.stack([np.pad(w, (0, size - len(w))) for w in found]))

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {
            "content": digest(self.store.keys(self.table)),
            "targets": digest(self.targets.tolist()),
            "rate_hz": self.rate_hz,
            "clip_s": self.config.clip_s,
            "balance": float(self.config.balance),
        }


def unknown_label(label: str, path: Path) -> DataError:
    """What is wrong with a recording whose label is not in the vocabulary."""
    what = f"has the label {label!r}, which is not in the training set"
    return DataError(what, file=path, fix="add recordings of it to train on, or leave it out")


def windows_in(batch: Batch) -> Iterator[tuple[int, Tensor]]:
    """Place in the batch and windows `(w, t)` of each recording of an evaluation batch."""
    parts = zip(batch["wave"], batch["wave_lengths"], batch["windows"], strict=True)
    for i, (wave, length, count) in enumerate(parts):
        yield i, wave[: int(length)].view(int(count), -1)


def apply_to_windows(
    function: Callable[[Tensor], Tensor], windows: Iterable[tuple[int, Tensor]]
) -> tuple[Tensor, Tensor]:
    """What a function gives for windows, a few of one length at a time.

    Args:
        function: from waves `(b, t)` to one row for each, `(b, …)`.
        windows: number of a recording, and windows `(w, t)` of it.

    Returns:
        A row for each window `(w, …)`, and the recording that it is of `(w,)`.

    >>> rows, owners = apply_to_windows(lambda waves: waves.sum(1), [(7, torch.ones(2, 3))])
    >>> rows.tolist(), owners.tolist()
    ([3.0, 3.0], [7, 7])
    """
    found, owners = [], []
    for waves, owner in _batches(windows):
        found.append(function(waves))
        owners.append(owner)
    return torch.cat(found), torch.cat(owners)


def mean_log_probabilities(scores: Tensor, owners: Tensor, rows: Iterable[int]) -> Tensor:
    """Logarithms of the mean probabilities of recordings.

    Args:
        scores: of windows, before the softmax, `(w, k)`.
        owners: the recording of each window, `(w,)`.
        rows: the recordings, in the order of the result.

    Returns:
        `(b, k)`.

    >>> scores = torch.tensor([[0.0, 0.0], [9.0, 0.0]])
    >>> mean_log_probabilities(scores, torch.tensor([4, 4]), [4]).exp()
    tensor([[0.7499, 0.2501]])
    """
    probabilities = scores.softmax(1)
    owners = owners.to(scores.device)
    return torch.stack([probabilities[owners == i].mean(0) for i in rows]).clamp_min(1e-12).log()


def _batches(windows: Iterable[tuple[int, Tensor]]) -> Iterator[tuple[Tensor, Tensor]]:
    """Windows of one length, `BATCH` at most, and the recording of each."""
    held: list[Tensor] = []
    owners: list[int] = []
    for i, waves in windows:
        for wave in waves:
            if held and (len(held) == BATCH or len(wave) != len(held[0])):
                yield torch.stack(held), torch.tensor(owners)
                held, owners = [], []
            held.append(wave)
            owners.append(i)
    if held:
        yield torch.stack(held), torch.tensor(owners)
