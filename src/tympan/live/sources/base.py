"""What a source of sound is: chunks, and where the sound is interrupted."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float32]
Say = Callable[[str], None]
"""Called with one line for people: what the source waits for, what it lost."""

CHUNK_S = 0.25
# What a decoder makes of a damaged stream must not count as a sound.
_LIMIT = 64.0


@dataclass(frozen=True)
class Chunk:
    """Sound that has come in.

    Attributes:
        samples: `(c, t)`.
        rate_hz: its rate.
        begins: it does not go on where the chunk before ended: a new file, or after a gap.
        recording: name of the source or file.
        time_s: when its first sample was heard, in seconds since 1970; None: just now.
        ends: the stretch is complete with it: nothing of the same recording follows.
    """

    samples: Wave
    rate_hz: int
    begins: bool = False
    recording: str = ""
    time_s: float | None = None
    ends: bool = False

    @property
    def duration_s(self) -> float:
        """Its length."""
        return self.samples.shape[1] / self.rate_hz


class Source(ABC):
    """Where sound comes from.

    Attributes:
        name: as the user gave it.
        live: it cannot be asked to wait: what is not taken in time is lost.
        recorded: it gives whole recordings, which have an end; else a stream goes on.
    """

    name: str
    live: bool = True
    recorded: bool = False

    @abstractmethod
    def chunks(self, stop: threading.Event, say: Say) -> Iterator[Chunk]:
        """Give the sound until it ends or `stop` is set; runs in a thread of its own.

        A source that fails for a while (a device unplugged, a stream dropped) says so and tries
        again; one that can never work raises a `TympanError`.
        """


def pieces(chunk: Chunk, longest_s: float = CHUNK_S) -> Iterator[Chunk]:
    """A chunk in parts that are not longer, so that answers come in time.

    >>> whole = Chunk(np.zeros((1, 10_000), np.float32), 16_000, begins=True, time_s=5.0)
    >>> [(part.samples.shape[1], part.begins, part.time_s) for part in pieces(whole)]
    [(4000, True, 5.0), (4000, False, 5.25), (2000, False, 5.5)]
    """
    step = max(1, int(longest_s * chunk.rate_hz))
    total = chunk.samples.shape[1]
    for start in range(0, max(total, 1), step):
        time_s = None if chunk.time_s is None else chunk.time_s + start / chunk.rate_hz
        yield Chunk(
            chunk.samples[:, start : start + step],
            chunk.rate_hz,
            chunk.begins and start == 0,
            chunk.recording,
            time_s,
            chunk.ends and start + step >= total,
        )


def sane(samples: Wave) -> Wave:
    """The samples without what is no number, and without absurd peaks."""
    peak = np.abs(samples).max(initial=0.0)
    if np.isfinite(peak) and peak <= _LIMIT:
        return samples
    return np.clip(np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0), -_LIMIT, _LIMIT)
