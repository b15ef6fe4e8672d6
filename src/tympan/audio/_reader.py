"""What every decoder looks like to the rest: information, `seek` and `read`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from tympan.audio.tags import AudioTags


@dataclass(frozen=True)
class AudioInfo:
    """What a file says about itself, without decoding it.

    Attributes:
        path: the file, or how a source without a path is called.
        container: the outer format: `wav`, `flac`, `ogg`, `mp3`, `mov,mp4,m4a,3gp,3g2,mj2` …
        codec: how the samples are stored: `pcm_16`, `vorbis`, `opus`, `aac` …
        rate_hz: samples per second and channel.
        channels: number of channels.
        num_samples: samples per channel; None where the file does not say exactly.
        duration_s: seconds, perhaps a little rounded; None where the file does not say.
        bits: bits per sample of uncompressed and lossless formats, else None.
        problem: damage seen from the outside (such as a missing end), "" if none.
        note: what the header says wrongly, though all the sound can be read, "" if nothing.
        tags: what it says in words: `title`, `artist`, `comment` … (see `tympan.audio.tags`).
    """

    path: str
    container: str
    codec: str
    rate_hz: int
    channels: int
    num_samples: int | None
    duration_s: float | None
    bits: int | None = None
    problem: str = ""
    note: str = ""
    tags: Mapping[str, str] = field(default_factory=AudioTags)


@dataclass(frozen=True)
class Ending:
    """What is to be said of a sound when all of it was read.

    Attributes:
        problem: what is missing, for which it is refused; "" if nothing.
        remark: what the user should know although the sound is given; "" if nothing.
    """

    problem: str = ""
    remark: str = ""


class Reader(Protocol):
    """A decoder at a position in one file."""

    info: AudioInfo
    # Whether the number of samples was counted from bytes that are there, not only stated.
    exact: bool
    # Whether to go on behind damage, with silence in its place; set before the first read.
    lenient: bool

    def seek(self, sample: int) -> None:
        """Go to a sample: what is read there is what reading from the beginning gives."""

    def read(self, count: int) -> np.ndarray:
        """Return up to `count` samples `(t, c)` float32; none at the end.

        Raises:
            DecodeError: what follows cannot be decoded.
        """

    def ending(self, position: int) -> Ending:
        """Say what is missing when nothing follows a sample."""

    def measured(self) -> AudioInfo:
        """The information with the true length, where it can be found without decoding."""

    def close(self) -> None:
        """Let go of the file."""


class DecodeError(Exception):
    """A library's complaint, before it is known whether another library can do better."""

    def __init__(self, what: str, *, cut: bool = False, empty: bool = False) -> None:
        super().__init__(what)
        self.cut = cut  # the format was recognised, and its content is damaged or cut short
        self.empty = empty  # nothing is wrong, there is just no sound
