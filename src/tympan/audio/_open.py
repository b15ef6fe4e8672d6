"""Opening a source with the first library that understands it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from tympan.audio import _limits
from tympan.audio._containers.mpeg import is_mpeg
from tympan.audio._containers.part import Part, looks_like
from tympan.audio._reader import AudioInfo, DecodeError, Reader
from tympan.audio._source import Opened, open_source
from tympan.errors import AudioFileError


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
