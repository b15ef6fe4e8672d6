"""Another library in the place of one that gives up on the way."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tympan.audio._reader import AudioInfo, DecodeError, Ending, Reader
from tympan.audio._source import Opened


class FallbackReader:
    """A reader whose place FFmpeg takes where it meets what it cannot decode.

    Args:
        reader: reads as long as it can.
        opened: the file that it reads.
        problem: what is known to be missing from it.
    """

    def __init__(self, reader: Reader, opened: Opened, problem: str) -> None:
        self._reader, self._opened, self._problem = reader, opened, problem
        self._position = 0
        self._failed = False
        self.info: AudioInfo = reader.info
        self.exact = reader.exact
        self.lenient = False

    def seek(self, sample: int) -> None:
        """Go to a sample."""
        try:
            self._reader.lenient = self.lenient
            self._reader.seek(sample)
        except DecodeError as error:
            self._take_over(error, sample)
        self._position = sample

    def read(self, count: int) -> np.ndarray:
        """Return up to `count` samples `(t, c)`."""
        try:
            self._reader.lenient = self.lenient
            block = self._reader.read(count)
        except DecodeError as error:
            self._take_over(error, self._position)
            block = self._reader.read(count)
        self._position += len(block)
        return block

    def _take_over(self, failure: DecodeError, sample: int) -> None:
        """Go on from a sample with FFmpeg, if it gives the same sound."""
        from tympan.audio._decoders.ffmpeg import FFmpegReader

        if self._failed:
            raise failure
        self._failed = True
        try:
            # Not closed: its file is the other's too, and is closed with it.
            other = FFmpegReader(self._opened, self._problem, self.info.rate_hz)
            if other.info.channels != self.info.channels:
                raise failure
            other.lenient = self.lenient
            other.seek(sample)
        except DecodeError:
            raise failure from None
        self._reader = other
        other.info = replace(other.info, num_samples=self.info.num_samples)

    def ending(self, position: int) -> Ending:
        """What the reader that came so far says."""
        return self._reader.ending(position)

    def measured(self) -> AudioInfo:
        """What the first reader says."""
        return self._reader.measured()

    def close(self) -> None:
        """Close the reader and the file."""
        self._reader.close()
        self._opened.close()
