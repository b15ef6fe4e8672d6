"""What every decoder looks like to the rest: information, `seek` and `read`."""

from __future__ import annotations

from collections.abc import Callable
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
        num_samples: samples per channel; None where the file does not say exactly.
        duration_s: seconds, perhaps a little rounded; None where the file does not say.
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
    # What the header states as the length: less than that was cut. None where it only guesses.
    promised_s: float | None
    slack_s: float  # by how much it may err

    def seek(self, sample: int) -> None:
        """Go to a sample, without decoding what lies before it."""

    def read(self, count: int) -> np.ndarray:
        """Return up to `count` samples `(t, c)` float32; none at the end.

        Raises:
            DecodeError: what follows cannot be decoded.
        """

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
    from tympan.audio._ffmpeg import FFmpegReader
    from tympan.audio._libsndfile import SndfileReader

    opened = open_source(source)
    try:
        # libsndfile is faster and more exact, except for MPEG audio, which has no index: there it
        # reads the whole file to open it. It also prints what it dislikes in MPEG and ALAC.
        head = opened.read_at(0, 64)
        if _is_mpeg(head) or (head[:4] == b"caff" and b"alac" in head):
            reader = _first_that_can(opened, FFmpegReader)
        else:
            reader = _first_that_can(opened, SndfileReader, FFmpegReader)
        _check(reader.info)
        return reader
    except BaseException:
        opened.close()
        raise


def _is_mpeg(head: bytes) -> bool:
    """Whether a file starts like MP3 (or layer 1, 2); layer 0 in the same place is AAC."""
    sync = len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0 and head[1] & 6 != 0
    return sync or head[:3] == b"ID3"


def _first_that_can(opened: Opened, *readers: Callable[[Opened], Reader]) -> Reader:
    complaints: list[DecodeError] = []
    for reader_class in readers:
        opened.file.seek(0)
        try:
            reader = reader_class(opened)
        except DecodeError as error:
            complaints.append(error)
            continue
        if any(error.cut for error in complaints):
            reader.info = replace(reader.info, problem="some of its pages are missing")
        return reader
    raise _not_audio(opened, complaints)


def _not_audio(opened: Opened, complaints: list[DecodeError]) -> AudioFileError:
    """Say as exactly as possible why nothing could read a file."""
    if opened.file.failure is not None:
        return AudioFileError(f"cannot be read: {opened.file.failure}", file=opened.name)
    empty = any(error.empty for error in complaints)
    empty = empty and not any(error.cut for error in complaints)
    kind = _looks_like(opened.read_at(0, 64))
    if empty:
        what, fix = f"holds no samples{f' behind its {kind} header' if kind else ''}", ""
    elif kind:
        what, fix = f"looks like {kind}, but its header is damaged or its end is missing", ""
    else:
        what, fix = "is not audio that can be read", "give a sound file"
    error = AudioFileError(what, file=opened.name, fix=fix or "copy or record it again")
    error.__cause__ = complaints[-1]
    return error


def _looks_like(head: bytes) -> str:
    """The format that a file's first bytes announce, "" if none that is known."""
    if head[:4] in (b"RIFF", b"RIFX", b"RF64") and head[8:12] == b"WAVE":
        return "WAV"
    if head[:4] == b"FORM" and head[8:11] == b"AIF":
        return "AIFF"
    if head[4:8] == b"ftyp":
        return "MP4"
    starts = {b"fLaC": "FLAC", b"OggS": "OGG", b"caff": "CAF", b".snd": "AU", b"riff": "W64"}
    starts |= {b"\x1aE\xdf\xa3": "WebM or Matroska", b"ID3\x03": "MP3", b"ID3\x04": "MP3"}
    return starts.get(head[:4], "")


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
