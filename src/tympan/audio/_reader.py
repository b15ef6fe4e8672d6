"""What every decoder looks like to the rest: information, `seek` and `read`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

import numpy as np

from tympan.audio import _limits
from tympan.audio._containers.mpeg import is_mpeg
from tympan.audio._containers.parts import Part, looks_like
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
        num_samples: samples per channel; None where the file does not say exactly.
        duration_s: seconds, perhaps a little rounded; None where the file does not say.
        bits: bits per sample of uncompressed and lossless formats, else None.
        problem: damage seen from the outside (such as a missing end), "" if none.
        note: what the header says wrongly, though all the sound can be read, "" if nothing.
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


def open_reader(source: Any) -> Reader:
    """Open a source with the first library that understands it; `close` also closes the file.

    Raises:
        AudioFileError: none does, or the sound has an impossible rate or number of channels.
    """
    from tympan.audio._containers.parts import parts_of
    from tympan.audio._decoders.joined import JoinedReader

    opened = open_source(source)
    try:
        openings = [partial(_open_part, opened, part) for part in parts_of(opened)]
        one = len(openings) == 1
        reader: Reader = openings[0]() if one else JoinedReader(openings, opened)
        _check(reader.info)
        return reader
    except BaseException:
        opened.close()
        raise


def _open_part(opened: Opened, part: Part) -> Reader:
    """Open one of the recordings in a file."""
    from tympan.audio._containers.view import view
    from tympan.audio._decoders.fallback import FallbackReader
    from tympan.audio._decoders.ffmpeg import FFmpegReader
    from tympan.audio._decoders.libsndfile import SndfileReader

    lies_in = view(opened, part.start, part.stop, part.patches)
    # libsndfile is faster and more exact, except for MPEG audio, which has no index: there it
    # reads the whole file to open it. It also prints what it dislikes in MPEG and ALAC, and
    # knows no time stamps.
    head = lies_in.read_at(0, 64)
    classes: list[Callable[[Opened, str], Reader]] = [SndfileReader, FFmpegReader]
    if is_mpeg(head):
        classes.remove(SndfileReader)
    elif head[:4] == b"caff" and b"alac" in head:
        classes.reverse()
    elif part.holes or part.gaps:  # only FFmpeg knows what time the rest is from
        classes.insert(0, partial(_timed, usual=SndfileReader, gapless=part.holes))
    complaints: list[DecodeError] = []
    while classes:
        reader_class = classes.pop(0)
        lies_in.rewind()
        try:
            reader = reader_class(lies_in, part.problem)
        except DecodeError as error:
            complaints.append(error)
            continue
        reader.info = replace(reader.info, note=part.note)
        if isinstance(reader, SndfileReader):
            reader.settles = not part.predicted
        if classes == [FFmpegReader]:
            return FallbackReader(reader, lies_in, part.problem)
        return reader
    raise _not_audio(lies_in, complaints)


def _timed(
    opened: Opened, problem: str, usual: Callable[[Opened, str], Reader], gapless: bool
) -> Reader:
    """A reader by time stamps that gives the rate which another one would give."""
    from tympan.audio._decoders.ffmpeg import FFmpegReader

    try:
        rate_hz = usual(opened, problem).info.rate_hz
    except DecodeError:
        rate_hz = None
    reader = FFmpegReader(opened, problem, rate_hz)
    reader.gapless = gapless
    return reader


def _not_audio(opened: Opened, complaints: list[DecodeError]) -> AudioFileError:
    """Say as exactly as possible why nothing could read a file."""
    if opened.file.failure is not None:
        return AudioFileError(f"cannot be read: {opened.file.failure}", file=opened.name)
    empty = any(error.empty for error in complaints)
    empty = empty and not any(error.cut for error in complaints)
    kind = looks_like(opened.read_at(0, 64))
    if empty:
        what, fix = f"holds no samples{f' behind its {kind} header' if kind else ''}", ""
    elif kind:
        what, fix = f"looks like {kind}, but its header is damaged or its end is missing", ""
    else:
        what, fix = "is not audio that can be read", "give a sound file"
    error = AudioFileError(what, file=opened.name, fix=fix or "copy or record it again")
    error.__cause__ = complaints[-1]
    return error


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
