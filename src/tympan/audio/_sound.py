"""Sound on its way into a file: a clip, or one that is too long for memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tympan.audio.clip import Clip


@dataclass(frozen=True)
class Sound:
    """What an encoder takes.

    Attributes:
        rate_hz: samples per second and channel.
        channels: number of channels.
        pieces: gives the samples from the beginning, float32 `(t, c)`, so many at a time.
        peak: the largest absolute sample.
        tags: see `tympan.audio.tags`.
    """

    rate_hz: int
    channels: int
    pieces: Callable[[int], Iterator[np.ndarray]]
    peak: float = 0.0
    tags: Mapping[str, str] | None = None


def sound_of(clip: Clip) -> Sound:
    """A clip as an encoder takes it."""

    def pieces(count: int) -> Iterator[np.ndarray]:
        for start in range(0, clip.num_samples, count):
            yield clip.samples[:, start : start + count].T

    return Sound(clip.rate_hz, clip.channels, pieces, clip.peak, clip.tags)
