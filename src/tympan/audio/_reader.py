"""What every decoder looks like to the rest: information, `seek` and `read`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from tympan.audio import _limits
from tympan.audio._source import Opened, open_source
from tympan.errors import AudioFileError


@dataclass(frozen=True)
class AudioInfo:
    """What a file says about itself, without decoding it.

    Attributes:
        path: the file, or how a source without a path is called.
        container: the outer format: `wav`, `flac`, `ogg`, `mp3`, `mov,mp4,m4a,3gp,3g2,mj2` …
        codec: how the samples are stored: `pcm_16`, `vorbis`, `opus`, `aac` …
        rate_hz: samples per second and channel.
        channels: number of channels.
        num_samples: samples per channel; None where the file does not say.
        duration_s: seconds; None where the file does not say.
        bits: bits per sample of uncompressed and lossless formats, else None.
        problem: damage seen from the outside (such as a missing end), "" if none.
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


class Reader(Protocol):
    """A decoder at a position in one file."""

    info: AudioInfo

    def seek(self, sample: int) -> None:
        """Go to a sample, without decoding what lies before it."""

    def read(self, count: int) -> np.ndarray:
        """Return up to `count` samples `(t, c)` float32; none at the end.

        Raises:
            Damaged: what follows cannot be decoded.
        """

    def close(self) -> None:
        """Let go of the file."""


class DecodeError(Exception):
    """A library's complaint, before it is known whether another library can do better."""

    def __init__(self, what: str, *, cut: bool = False) -> None:
        super().__init__(what)
        self.cut = cut  # the format was recognised, and its content is damaged or cut short


def open_reader(source: Any) -> Reader:
    """Open a source with the first library that understands it; `close` also closes the file.

    Raises:
        AudioFileError: none does, or the sound has an impossible rate or number of channels.
    """
    from tympan.audio._ffmpeg import FFmpegReader
    from tympan.audio._libsndfile import SndfileReader

    opened = open_source(source)
    try:
        try:
            reader: Reader = SndfileReader(opened)
        except DecodeError as first:
            reader = _second_opinion(FFmpegReader, opened, first)
        _check(reader.info)
        return reader
    except BaseException:
        opened.close()
        raise


def _second_opinion(reader_class: Any, opened: Opened, first: DecodeError) -> Reader:
    """Ask FFmpeg about what libsndfile refused."""
    opened.file.seek(0)
    try:
        reader: Reader = reader_class(opened)
    except DecodeError as error:
        if first.cut:
            what, fix = f"is damaged or cut short ({first})", "copy or record it again"
        else:
            what, fix = f"is not audio that can be read ({error})", "give a sound file"
        raise AudioFileError(what, file=opened.name, fix=fix) from error
    if first.cut:
        reader.info = replace(reader.info, problem="it is damaged or cut short")
    return reader


def _check(info: AudioInfo) -> None:
    if not _limits.MIN_RATE_HZ <= info.rate_hz <= _limits.MAX_RATE_HZ:
        raise AudioFileError(
            f"says it has {info.rate_hz} samples per second, "
            f"expected {_limits.MIN_RATE_HZ} to {_limits.MAX_RATE_HZ}",
            file=info.path,
            fix="its header is damaged, or it is not sound",
        )
    if not 1 <= info.channels <= _limits.MAX_CHANNELS:
        raise AudioFileError(
            f"says it has {info.channels} channels, at most {_limits.MAX_CHANNELS} are read",
            file=info.path,
            fix="its header is damaged, or split its channels into several files",
        )
