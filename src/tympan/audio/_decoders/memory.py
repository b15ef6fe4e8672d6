"""A clip in memory, read like a file."""

from __future__ import annotations

import numpy as np

from tympan.audio._reader import AudioInfo, Ending
from tympan.audio.clip import Clip


class ClipReader:
    """A reader of the samples of a clip."""

    def __init__(self, clip: Clip) -> None:
        self._samples = clip.samples
        self._position = 0
        self.exact = True
        self.lenient = False
        self.info = AudioInfo(
            path=clip.name,
            container="memory",
            codec="float",
            rate_hz=clip.rate_hz,
            channels=clip.channels,
            num_samples=clip.num_samples,
            duration_s=clip.duration_s,
            bits=32,
            tags=clip.tags,
        )

    def seek(self, sample: int) -> None:
        """Go to a sample."""
        self._position = sample

    def read(self, count: int) -> np.ndarray:
        """Return up to `count` samples `(t, c)`."""
        block = self._samples[:, self._position : self._position + count].T
        self._position += len(block)
        return block

    def ending(self, position: int) -> Ending:
        """Nothing is missing."""
        return Ending()

    def measured(self) -> AudioInfo:
        """The information."""
        return self.info

    def close(self) -> None:
        """Nothing to close."""
