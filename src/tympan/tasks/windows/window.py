"""A window of a recording, and what cuts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False, slots=True)
class Window:
    """A piece of a recording, and the part of the recording that it answers for.

    Places are counted in samples from the beginning of the recording.

    Attributes:
        start: where the part begins that it answers for.
        end: where that part ends.
        offset: where the wave begins; below 0 there is silence before the recording.
        wave: `(…, t)`; it may be a view of a larger array.
    """

    start: int
    end: int
    offset: int
    wave: Wave

    @property
    def own(self) -> Wave:
        """What of the wave lies in the part that it answers for."""
        first, last = self.start - self.offset, self.end - self.offset
        return self.wave[..., max(0, first) : max(0, last)]


class Cutter(Protocol):
    """Cuts one recording into windows, block by block."""

    def push(self, block: Wave) -> list[Window]:
        """Take the next samples `(…, t)`; give the windows that are complete now."""
        ...

    def finish(self) -> list[Window]:
        """Give the windows that remain; the recording ends here."""
        ...


def cut(cutter: Cutter, blocks: Iterable[Wave]) -> Iterator[Window]:
    """All windows of a recording that comes in blocks `(…, t)`."""
    for block in blocks:
        yield from cutter.push(block)
    yield from cutter.finish()


class Held:
    """The end of a stream of blocks `(…, t)`, with its place in the stream."""

    def __init__(self, first: int = 0) -> None:
        self.first = first  # the place of the first sample held
        self._wave: Wave | None = None

    @property
    def known(self) -> int:
        """The place behind the last sample."""
        return self.first + (0 if self._wave is None else self._wave.shape[-1])

    def add(self, block: Wave) -> None:
        """Put the next samples behind those held."""
        held = self._wave
        self._wave = block if held is None else np.concatenate([held, block], axis=-1)

    def between(self, start: int, end: int) -> Wave:
        """The samples from one place to another, as far as they are held."""
        if self._wave is None:
            return np.zeros(0, np.float32)
        return self._wave[..., max(0, start - self.first) : max(0, end - self.first)]

    def drop_before(self, place: int, at_least: int) -> None:
        """Let go of what lies before a place, once that is much."""
        useless = place - self.first
        if self._wave is not None and useless > at_least:
            self._wave = self._wave[..., useless:]
            self.first += useless
