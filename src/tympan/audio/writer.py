"""Writing sound while it is made: in bounded memory, beyond 4 GiB, and on after a stop."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from tympan._files import as_full, check_target
from tympan.audio import _limits, _wav
from tympan.audio._partial import Partial
from tympan.audio._samples import own
from tympan.audio._save import FORMATS, check_suffix, encode_as, save_sound, warn_of_clipping
from tympan.audio._sound import Sound
from tympan.audio.clip import Clip
from tympan.audio.tags import check_tags
from tympan.errors import ArgumentError, AudioFileError, TympanError

_PIECE = 1 << 16
_LOSSY = {"VORBIS", "OPUS", "MPEG_LAYER_III"}


def open_writer(
    path: str | os.PathLike[str],
    rate_hz: int,
    channels: int = 1,
    *,
    subtype: str | None = None,
    tags: Mapping[str, str] | None = None,
    key: str | None = None,
) -> ClipWriter:
    """Open a sound file to be written bit by bit; its extension chooses the format.

    The samples are kept beside the file, as WAV, until the end: then a `.wav` gets its name, and
    every other format is encoded in one go. So there is never half a file under the final name,
    and what is written equals `Clip.save` (for a lossy format: of the clip in 16 bits). A `.wav`
    that becomes longer than 4 GiB is RF64, which all programs know that read such lengths.

    Args:
        path: `.wav`, `.flac`, `.mp3`, `.ogg`, `.opus`, `.m4a` … as for `Clip.save`.
        rate_hz: samples per second and channel.
        channels: number of channels.
        subtype: as in `Clip.save`.
        tags: what the file shall say in words, see `tympan.audio.tags`.
        key: what all the sound is made from, see `job_key`. With it, a file that was interrupted
            is kept as `PATH.partial`, and the next writer with the same key goes on behind its
            last checkpoint.

    Returns:
        A writer, best used as a context: an error inside takes the unfinished file away, unless
        it has a `key`.

    Raises:
        AudioFileError: a format that cannot hold this rate or number of channels, a folder that
            cannot be written, a file that another process writes.

    Warns:
        UserWarning: an unfinished file was made from something else, and is begun anew.

    >>> from tympan.audio import probe
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.flac"
    >>> with open_writer(path, 8000) as writer:
    ...     for _ in range(3):
    ...         writer.write(np.zeros(4000))
    >>> probe(path).duration_s
    1.5
    """
    return ClipWriter(path, rate_hz, channels, subtype=subtype, tags=tags, key=key)


def job_key(source: str | os.PathLike[str], options: Mapping[str, Any]) -> str:
    """A digest of what a sound is made from: `key` of `open_writer`.

    Args:
        source: a path, whose content counts, or a text.
        options: everything else that the samples depend on, as JSON can hold it.

    Raises:
        TympanError: the file cannot be read.

    >>> job_key("Hello.", {"speed": 1.0}) == job_key("Hello.", {"speed": 1.1})
    False
    """
    from tympan import __version__

    head = json.dumps([__version__, dict(options)], sort_keys=True, default=str)
    digest = hashlib.sha256(head.encode("utf-8", "backslashreplace"))
    if isinstance(source, str):
        digest.update(source.encode("utf-8", "backslashreplace"))
    else:
        try:
            with open(source, "rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            what = f"cannot be read: {error.strerror}"
            raise TympanError(what, file=source, fix="give a file that exists") from error
    return digest.hexdigest()


class ClipWriter:
    """A sound file that is being written; made by `open_writer`, which says what it takes.

    Attributes:
        path: the file that there will be.
        num_samples: samples per channel so far, those of an interrupted run included.
        record: what the last `checkpoint` was given; None at the beginning of a file.
    """

    riff_limit = _wav.RIFF_LIMIT
    """From so many bytes on, a WAV file is RF64."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        rate_hz: int,
        channels: int = 1,
        *,
        subtype: str | None = None,
        tags: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> None:
        self.path = check_target(path)
        suffix = check_suffix(self.path)
        self.rate_hz = _limits.check_rate(rate_hz)
        self.channels = _check_channels(channels)
        self._subtype = None if subtype is None else subtype.upper()
        self._kept = _kept_as(suffix, self._subtype)
        self._is_wav = suffix in (".wav", ".wave") and (self._subtype or "PCM_16") in _wav.BITS
        self._tags = check_tags(tags)
        self._try_encoder(suffix)
        self._peak, self._key, self._done = 0.0, key, False
        self._frame = self.channels * _wav.BITS[self._kept] // 8  # bytes of all channels
        kind = {"rate_hz": self.rate_hz, "channels": self.channels, "kept_as": self._kept}
        with self._failures():
            self._partial = Partial(self.path, self._header(), self._frame, key, kind)
        self.num_samples, self.record = self._partial.samples, self._partial.record
        self._resumable = self.num_samples > 0

    def _try_encoder(self, suffix: str) -> None:
        """Refuse now what could not be encoded in an hour."""

        def silence(count: int) -> Iterator[np.ndarray]:
            yield np.zeros((min(count, self.rate_hz), self.channels), np.float32)

        sound = Sound(self.rate_hz, self.channels, silence, tags=self._tags)
        encode_as(sound, io.BytesIO(), suffix, self._subtype, str(self.path))

    def _header(self, size: int | None = None) -> bytes:
        limit = self.riff_limit
        return _wav.header(self.rate_hz, self.channels, self._kept, self._tags, size, limit)

    @property
    def duration_s(self) -> float:
        """Seconds so far."""
        return self.num_samples / self.rate_hz

    def write(self, samples: Any) -> None:
        """Add samples.

        Args:
            samples: float `(c, t)`, or `(t,)` for mono, full scale -1 to 1; or a `Clip`.

        Raises:
            ArgumentError: another rate or number of channels, or the file is closed.
            ShapeError: other axes.
            AudioFileError: it cannot be written, such as on a full disk.
        """
        if self._partial.closed:
            raise ArgumentError("was closed already", file=self.path)
        if isinstance(samples, Clip):
            if samples.rate_hz != self.rate_hz:
                what = f"has {self.rate_hz} Hz, the clip {samples.rate_hz} Hz"
                raise ArgumentError(what, file=self.path, fix=f"clip.resample({self.rate_hz})")
            samples = samples.samples
        elif np.size(samples) == 0:
            return
        array = own(samples)
        if len(array) != self.channels:
            what = f"has {self.channels} channels, the samples {len(array)}"
            raise ArgumentError(what, file=self.path)
        self._peak = max(self._peak, float(array.max()), -float(array.min()))
        with self._failures():
            for start in range(0, array.shape[1], _PIECE):
                piece = array[:, start : start + _PIECE].T
                self._partial.write(_wav.to_bytes(piece, self._kept))
                self.num_samples += len(piece)

    def checkpoint(self, record: Any = None) -> None:
        """Say that what was written until now is whole: from here a later process goes on.

        Args:
            record: what is in the file since the last checkpoint, as JSON can hold it, such as
                the number of a sentence and its words with their times.

        Raises:
            AudioFileError: it cannot be written.
        """
        with self._failures():
            self._partial.checkpoint(self.num_samples, record)
        self.record, self._resumable = record, True

    def records(self) -> Iterator[Any]:
        """What all checkpoints were given, also those of the run that was interrupted.

        Empty without a `key`.
        """
        return self._partial.records()

    @contextlib.contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            full = as_full(error) is not None
            fix = "make room, and give the command again" if full else "give another folder"
            what = f"cannot be written: {error.strerror or error}"
            raise AudioFileError(what, file=self.path, fix=fix) from error

    # -- the end ---------------------------------------------------------------------------------

    def close(self) -> Path:
        """Complete the file; only now is it there under its name.

        Raises:
            AudioFileError: nothing was written to it, or it cannot be completed.
        """
        if self._done:
            return self.path
        if self.num_samples == 0:
            self.abandon()
            raise AudioFileError("no sound was written to it", file=self.path)
        try:
            with self._failures():
                self._finish()
        except BaseException:
            self._leave()
            raise
        self._done = True
        return self.path

    def _finish(self) -> None:
        if self._is_wav:
            self._partial.complete(self._header(self.num_samples * self._frame), self.num_samples)
            if self._kept != "FLOAT":
                warn_of_clipping(self._peak, str(self.path))
            return
        sound = Sound(self.rate_hz, self.channels, self._pieces, self._peak, self._tags)
        save_sound(sound, self.path, self._subtype)
        self._partial.remove()

    def _pieces(self, count: int) -> Iterator[np.ndarray]:
        for raw in self._partial.read(self.num_samples, count):
            yield _wav.from_bytes(raw, self._kept, self.channels)

    def abandon(self) -> None:
        """Take the unfinished file away, also one with a `key`."""
        self._done = True
        self._partial.remove()

    def _leave(self) -> None:
        """Stop here; what can be continued is kept."""
        if self._key is None or not self._resumable:
            self.abandon()
        self._partial.close()

    def __enter__(self) -> ClipWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        elif not self._done:
            self._leave()


def _check_channels(channels: int) -> int:
    if isinstance(channels, bool) or not isinstance(channels, int | np.integer):
        raise ArgumentError(f"channels is {channels!r}, expected a number of channels")
    if not 1 <= channels <= _limits.MAX_CHANNELS:
        fix = f"from 1 to {_limits.MAX_CHANNELS}"
        raise ArgumentError(f"channels is {channels}", fix=fix)
    return int(channels)


def _kept_as(suffix: str, subtype: str | None) -> str:
    """How the samples are kept until the end."""
    usual = FORMATS[suffix][1] if suffix in FORMATS else "OPUS"
    wanted = subtype or usual
    if wanted in _wav.BITS:
        return wanted
    return "PCM_16" if wanted in _LOSSY else "FLOAT"
