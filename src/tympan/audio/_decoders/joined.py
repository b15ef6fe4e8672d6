"""Recordings that lie one after another in one file, read as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import reduce

import numpy as np

from tympan.audio._decoders.convert import Converter
from tympan.audio._reader import AudioInfo, Ending, Reader
from tympan.audio._source import Opened
from tympan.audio.tags import merge_tags

_STEP = 1 << 16


class JoinedReader:
    """The sounds of several recordings in a row, at the rate and in the channels of the first.

    Args:
        openings: each opens one of them at its beginning; only one is open at a time.
        opened: the file that they are parts of.
    """

    def __init__(self, openings: Sequence[Callable[[], Reader]], opened: Opened) -> None:
        self._openings, self._opened = openings, opened
        self.lenient = False
        self.exact = False
        self._reader: Reader | None = None
        self._infos, self._exact = [], []
        for number in range(len(openings)):
            reader = self._open(number)
            self._infos.append(reader.info)
            self._exact.append(reader.exact)
        first = self._infos[0]
        self._rate, self._channels = first.rate_hz, first.channels
        self.info = self._together(self._infos)
        self._begin()

    def _open(self, number: int) -> Reader:
        if self._reader is not None:
            self._reader.close()
        self._reader = self._openings[number]()
        return self._reader

    def _together(self, infos: list[AudioInfo]) -> AudioInfo:
        """The first one's information with the length of all."""
        first = infos[0]
        seconds = [info.duration_s for info in infos]
        samples = [info.num_samples for info in infos]
        uniform = all(info.rate_hz == first.rate_hz for info in infos)
        total = None
        if uniform and all(count is not None for count in samples):
            total = sum(count or 0 for count in samples)
        known = all(one is not None for one in seconds)
        problems = [info.problem for info in infos if info.problem]
        return replace(
            first,
            num_samples=total,
            duration_s=sum(one or 0.0 for one in seconds) if known else None,
            problem=problems[0] if problems else "",
            tags=reduce(merge_tags, (info.tags for info in infos)),
            note="; ".join(info.note for info in infos if info.note),
        )

    def _begin(self) -> None:
        self._position = 0
        self._endings: list[Ending] = []
        self._left = np.zeros((0, self._channels), np.float32)
        self._start(0)

    def _start(self, number: int) -> None:
        """Go to the beginning of one of the recordings."""
        self._number, self._inside = number, 0
        if number >= len(self._openings):
            return
        self._open(number)
        info = self._infos[number]
        kind = info.rate_hz, info.channels
        same = kind == (self._rate, self._channels)
        self._converter = None if same else Converter(*kind, self._rate, self._channels)

    def seek(self, sample: int) -> None:
        """Go to a sample: over whole recordings whose length is known, and then into one."""
        self._begin()
        while self._number < len(self._openings):
            count = self._infos[self._number].num_samples
            if self._converter is not None or count is None or not self._exact[self._number]:
                break
            if sample - self._position < count:
                self._inside = sample - self._position
                self._current().seek(self._inside)
                self._position = sample
                return
            self._position += count
            self._start(self._number + 1)
        while self._position < sample:
            if len(self.read(min(sample - self._position, _STEP))) == 0:
                return

    def _current(self) -> Reader:
        assert self._reader is not None
        self._reader.lenient = self.lenient
        return self._reader

    def read(self, count: int) -> np.ndarray:
        """Return up to `count` samples `(t, c)`."""
        while len(self._left) == 0 and self._number < len(self._openings):
            self._left = self._more(count)
        block, self._left = self._left[:count], self._left[count:]
        self._position += len(block)
        return block

    def _more(self, count: int) -> np.ndarray:
        """Samples of the current recording; at its end what is left of it, and on to the next."""
        reader = self._current()
        block = reader.read(count)
        self._inside += len(block)
        if len(block):
            return block if self._converter is None else self._converter.push(block)
        self._endings.append(reader.ending(self._inside))
        rest = self._left if self._converter is None else self._converter.flush()
        self._start(self._number + 1)
        return rest

    def ending(self, position: int) -> Ending:
        """What is wrong with any of them."""
        problems = [one.problem for one in self._endings if one.problem]
        remarks = [one.remark for one in self._endings if one.remark]
        return Ending("".join(problems[:1]), "; ".join(remarks))

    def measured(self) -> AudioInfo:
        """The first one's information with the length of all."""
        infos = [self._open(number).measured() for number in range(len(self._openings))]
        self._begin()
        return self._together(infos)

    def close(self) -> None:
        """Close the current one, and the file."""
        if self._reader is not None:
            self._reader.close()
        self._opened.close()
