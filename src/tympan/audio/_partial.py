"""The file beside the one that is being written: WAV samples, and lines that say what they are."""

from __future__ import annotations

import io
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tympan.audio._journal import Journal
from tympan.errors import AudioFileError

SUFFIX = ".partial"


class Partial:
    """A WAV file that is not complete yet.

    Args:
        target: the file that there will be.
        header: what stands before the samples; the final one has the same size.
        frame: bytes of a sample of all channels.
        key: what the sound is made from; None: it is never continued.
        kind: of its samples.

    Attributes:
        samples: how many an interrupted process left, up to its last checkpoint.
        record: what that checkpoint was given.

    Raises:
        OSError: it cannot be written.
        AudioFileError: another process writes it.
    """

    def __init__(
        self, target: Path, header: bytes, frame: int, key: str | None, kind: Mapping[str, Any]
    ) -> None:
        self._target, self._start, self._frame = target, len(header), frame
        self.samples, self.record = 0, None
        self._journal: Journal | None = None
        if key is None:
            prefix = f".{target.stem[:40]}-"
            handle, name = tempfile.mkstemp(dir=target.parent, prefix=prefix, suffix=SUFFIX)
            self._path = Path(name)
        else:
            self._path = target.with_name(target.name + SUFFIX)
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
            handle = os.open(self._path, flags, 0o666)
            lines = self._path.with_name(self._path.name + ".jsonl")
            self._journal = Journal(lines, {"key": key, "start": self._start, **kind})
        # Not buffered: what fails to reach the disk fails at once.
        self._file = io.FileIO(handle, "r+")
        try:
            self._lock()
            if not self._resume():
                self._begin(header)
        except BaseException:
            self._file.close()
            if key is None:
                self._path.unlink(missing_ok=True)
            raise

    def _lock(self) -> None:
        """Keep other processes away; the lock ends with this process, however it ends."""
        try:
            import fcntl
        except ImportError:  # Windows
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            what = "is being written by another process"
            raise AudioFileError(what, file=self._target, fix="wait for it") from error
        except OSError:  # a file system without locks
            return

    def _resume(self) -> bool:
        """Go on behind the last checkpoint, if there is one of the same key."""
        size = os.fstat(self._file.fileno()).st_size
        if self._journal is None or size == 0:
            return False
        matches = self._journal.matches()
        if matches is False:
            warnings.warn(
                f"{self._target}: the unfinished {self._path.name} was made from another text or "
                "with other options: it is begun anew",
                stacklevel=6,
            )
        if not matches or size < self._start:
            return False
        self.samples, self.record = self._journal.last((size - self._start) // self._frame)
        self._file.truncate(self._start + self.samples * self._frame)
        self._file.seek(0, os.SEEK_END)
        return True

    def _begin(self, header: bytes) -> None:
        self._file.truncate(0)
        self.write(header)
        if self._journal is not None:
            self._journal.begin()

    @property
    def closed(self) -> bool:
        """Whether nothing more can be written."""
        return self._file.closed

    def write(self, data: bytes) -> None:
        """Add bytes; the system may take them in pieces."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]

    def checkpoint(self, samples: int, record: Any) -> None:
        """Note that so many samples are whole."""
        if self._journal is not None:
            os.fsync(self._file.fileno())
            self._journal.add(samples, record)

    def records(self) -> Iterator[Any]:
        """What all checkpoints were given."""
        return iter(()) if self._journal is None else self._journal.records()

    def read(self, samples: int, count: int) -> Iterator[bytes]:
        """The bytes of the samples from the first one on, `count` samples at a time."""
        self._file.seek(self._start)
        left = samples * self._frame
        while left:
            wanted = min(count * self._frame, left)
            raw = b""
            while len(raw) < wanted:
                more = self._file.read(wanted - len(raw))
                if not more:
                    raise OSError(f"{self._path.name} was cut by another program")
                raw += more
            yield raw
            left -= wanted

    def complete(self, header: bytes, samples: int) -> None:
        """Give the file its final header and its name."""
        size = samples * self._frame
        self._file.truncate(self._start + size)
        self._file.seek(0, os.SEEK_END)
        self.write(bytes(size % 2))
        self._file.seek(0)
        self.write(header)
        os.fsync(self._file.fileno())
        self._file.close()
        umask = os.umask(0)
        os.umask(umask)
        self._path.chmod(0o666 & ~umask)
        os.replace(self._path, self._target)
        self.remove()

    def close(self) -> None:
        """Let go of the file, and keep it."""
        self._file.close()

    def remove(self) -> None:
        """Take the unfinished file away."""
        self._file.close()
        self._path.unlink(missing_ok=True)
        if self._journal is not None:
            self._journal.path.unlink(missing_ok=True)
