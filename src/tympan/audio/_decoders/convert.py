"""Sound that changes its rate or channels on the way, made uniform."""

from __future__ import annotations

import numpy as np

from tympan.audio._resample import Resampler


class Converter:
    """A stream of `(t, c)` blocks from one rate and number of channels to another.

    Mono is copied to all channels; other numbers are averaged first, so that nothing is lost.
    """

    def __init__(self, from_hz: int, from_channels: int, to_hz: int, to_channels: int) -> None:
        self.kind = from_hz, from_channels
        self._to_channels = to_channels
        self._resampler = None
        if from_hz != to_hz:
            self._resampler = Resampler(from_hz, to_hz, to_channels)

    def push(self, block: np.ndarray, *, last: bool = False) -> np.ndarray:
        """Give the samples that are ready; with `last`, all that remain."""
        if block.shape[1] != self._to_channels:
            mono = block.mean(axis=1, keepdims=True, dtype=np.float32)
            block = np.repeat(mono, self._to_channels, axis=1)
        return block if self._resampler is None else self._resampler.push(block, last=last)

    def flush(self) -> np.ndarray:
        """Give all that remain."""
        return self.push(np.zeros((0, self._to_channels), np.float32), last=True)
