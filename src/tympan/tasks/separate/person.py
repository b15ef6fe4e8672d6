"""The voice of one person out of a mix: that of the voice book."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError
from tympan.tasks.separate.stitch import OVERLAP_WEIGHT, VoiceStitcher, likeness_in, ordered

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.tasks.identify.book import Book
    from tympan.tasks.identify.model import IdentifyModel

Wave = npt.NDArray[np.float32]

OTHER = "others"
"""The name of the voices that are not wanted, which are given out with the rest."""
# How near an output is to the person's voice counts so much, beside likeness in the overlap.
PERSON_WEIGHT = 2.0


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody whose voice is wanted.

    Attributes:
        name: in the voice book.
        vector: of the voice, `(d,)`, of length 1.
    """

    name: str
    vector: Wave


def person_of(name: str, book: str | os.PathLike[str] | Book | None) -> Person:
    """Somebody of a voice book.

    Args:
        name: in the book.
        book: the voice book or its file; None: `voices.tympan` in the working directory.

    Raises:
        DataError: the book cannot be read.
        ArgumentError: there is no book, the name is not in it, or it is of another voice model.
    """
    from tympan.tasks.answering import load

    model = cast("IdentifyModel", load("voices", "identify", "cpu"))
    known = model.book_as_made(os.fspath(book) if isinstance(book, Path) else book)  # type: ignore[arg-type]
    if known is None:
        fix = "give the voice book as book, or keep a source of the model"
        what = f"there is no voice book with {name!r} in it"
        raise ArgumentError(what, fix=fix, option="book")
    return Person(name, known.only([name]).means()[0])


def condition_of(person: Person, device: str) -> Tensor:
    """What a net is told that gives a person's voice first, `(1, d)`.

    >>> condition_of(Person("Ann", np.ones(4, np.float32)), "cpu").shape
    torch.Size([1, 4])
    """
    import torch

    return torch.from_numpy(np.asarray(person.vector, np.float32))[None].to(device)


@dataclass
class PersonStitcher(VoiceStitcher):
    """Puts a person's voice first in every block.

    Where the person is silent no output is near to the voice; then the overlap decides, as between
    voices that nobody knows.

    Args:
        rate_hz: of the samples.
        vectors: from waves to vectors of their voices; None: those of the shipped voice model.
        person: the vector of the voice.

    >>> waves = np.eye(2, 16000, dtype=np.float32)[:, None] + 0.1
    >>> high = PersonStitcher(16000, lambda x: x[:, :2] - 0.1, person=np.array([0, 1], "f4"))
    >>> high.first(waves)
    (1, 0)
    """

    person: Wave | None = None

    def first(self, block: Wave) -> tuple[int, ...]:
        """The order of the first block `(k, c, t)`."""
        return ordered(self._near(block))

    def order(self, before: Wave, block: Wave, overlap: int) -> tuple[int, ...]:
        """See `tympan.tasks.separate.streams.Stitcher`."""
        return ordered(OVERLAP_WEIGHT * likeness_in(before, block, overlap) + self._near(block))

    def _near(self, block: Wave) -> npt.NDArray[np.float64]:
        assert self.person is not None
        found, seconds = self._voices(block)
        gain = np.zeros((len(block), len(block)))
        # Half a second of sound is enough to say whose voice it rather is.
        gain[0] = PERSON_WEIGHT * (found @ self.person) * np.minimum(1.0, 2 * seconds)
        return gain
