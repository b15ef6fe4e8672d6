"""A segmenter's recordings as tensors: crops of them, and what happens in each frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.data.examples import digest
from tympan.errors import DataError

if TYPE_CHECKING:
    from tympan.data import AudioStore, Example, Table
    from tympan.data.table import Supervision
    from tympan.tasks.segment.config import SegmentConfig
    from tympan.tasks.segment.net import Geometry

    Roll = npt.NDArray[np.float32]


def roll_of(
    parts: Sequence[Supervision],
    number: Mapping[str, int],
    frames: int,
    frame_s: float,
    start_s: float = 0.0,
) -> Roll:
    """What happens in each frame, `(k, n)`: 1 where a part covers half of a frame or more.

    A part that covers half of no frame counts in the frame of its middle, so that none is lost.

    Args:
        parts: the labelled parts; several labels of one may stand as `a;b`.
        number: label → row.
        frames: `n`.
        frame_s: length of a frame.
        start_s: where the first frame begins.

    >>> from tympan.data.table import Supervision
    >>> roll_of([Supervision(0.1, 0.2, "a"), Supervision(0.24, 0.25, "a")], {"a": 0}, 4, 0.1)
    array([[0., 1., 1., 0.]], dtype=float32)
    """
    roll = np.zeros((len(number), frames), np.float32)
    for part in parts:
        first = round((part.start_s - start_s) / frame_s)
        last = round((part.end_s - start_s) / frame_s)
        if last <= first:
            first = int(((part.start_s + part.end_s) / 2 - start_s) // frame_s)
            last = first + 1
        for label in labels_of(part):
            if label in number and last > 0:
                roll[number[label], max(0, first) : last] = 1.0
    return roll


def labels_of(part: Supervision) -> tuple[str, ...]:
    """The labels of a part, of which `a;b` has two; of a turn without one, `speech`."""
    found = tuple(one.strip() for one in part.label.split(";") if one.strip())
    return found or (("speech",) if part.speaker or part.text else ())


def crop_of(
    store: AudioStore, example: Example, start: int, core: int, geometry: Geometry
) -> npt.NDArray[np.float32]:
    """A window of a recording with what the net needs around it; silence beyond its ends."""
    length = store.length(example.path)
    first, last = start - geometry.left, start + core + geometry.right
    wave = np.zeros(last - first, np.float32)
    begin, end = max(0, first), min(length, last)
    if end > begin:
        wave[begin - first : end - first] = store.mono(example.path, begin, end - begin)
    return wave


class SegmentExamples:
    """Crops of recordings with what happens in each frame.

    A recording has a row for each `crop_s` of it, so that an hour counts for more than a minute.
    **Training**: `wave` `(t,)`, a random crop; **evaluation**: the crops one after another. Both:
    `roll` `(k, n)` and `known` `(n,)`, 1 for frames inside the recording; `clip` `(k,)`, which
    labels are in the recording; `strong` `()`, whether their times are known.

    Args:
        table: the recordings with their labelled parts or labels.
        store: their decoded files.
        config: the task's configuration.
        labels: the vocabulary.
        geometry: of the net's windows.

    Raises:
        DataError: a recording has a label that is not in the vocabulary.
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
    ) -> None:
        self.table, self.store, self.config = table, store, config
        self.labels, self.geometry = tuple(labels), geometry
        self.number = {label: i for i, label in enumerate(labels)}
        self.check()
        self.frames = max(1, round(config.crop_s / config.frame_s))
        self.core = self.frames * config.frame
        lengths = store.lengths(table.paths)
        counts = np.maximum(1, -(-lengths // self.core))
        self.owners = np.repeat(np.arange(len(table)), counts)
        self.starts = np.concatenate([np.arange(count) * self.core for count in counts])
        self.sizes = np.full(len(self.owners), self.core, np.int64)
        self.lengths = lengths

    def check(self) -> None:
        """Refuse unknown labels."""
        for example in self.table:
            known = [label for part in example.supervisions for label in labels_of(part)]
            for label in known or example.tags:
                if label not in self.number and label != self.config.background:
                    what = f"has the label {label!r}, which is not in the training set"
                    fix = "add recordings of it to train on, or leave it out"
                    raise DataError(what, file=example.path, fix=fix)

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One crop, see the class."""
        owner, start = int(self.owners[row]), int(self.starts[row])
        example, length = self.table[owner], int(self.lengths[owner])
        if rng is not None:
            start = round(rng.random() * max(0, length - self.core))
        wave = crop_of(self.store, example, start, self.core, self.geometry)
        inside = np.arange(self.frames) * self.config.frame < length - start
        start_s = start / self.config.rate_hz
        roll = roll_of(example.supervisions, self.number, self.frames, self.config.frame_s, start_s)
        return {
            "wave": torch.from_numpy(wave),
            "roll": torch.from_numpy(roll),
            "known": torch.from_numpy(inside.astype(np.float32)),
            "clip": torch.from_numpy(self.clip_of(example)),
            "strong": torch.tensor(float(strong(example, self.config))),
        }

    def clip_of(self, example: Example) -> npt.NDArray[np.float32]:
        """Which labels are in a recording, `(k,)`."""
        found = np.zeros(len(self.number), np.float32)
        of_parts = [label for part in example.supervisions for label in labels_of(part)]
        for label in of_parts or example.tags:
            if label in self.number:
                found[self.number[label]] = 1.0
        return found

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {
            "content": digest(self.store.keys(self.table)),
            "parts": digest(example.supervisions for example in self.table),
            "tags": digest(example.tags for example in self.table),
            "crop_s": self.config.crop_s,
        }


def strong(example: Example, config: SegmentConfig) -> bool:
    """Whether it is known when the labels of a recording are there."""
    if config.learn_from == "clips" or (not example.supervisions and example.tags):
        return not [one for one in example.tags if one != config.background]
    return True
