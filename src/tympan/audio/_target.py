"""A file being written by a C library, whose failures stay Python's."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, BinaryIO

from tympan.errors import AudioFileError


class TargetFile:
    """A binary file whose first failure is kept.

    C libraries call it; an exception would be printed on its way back through them and lost, and
    what they say instead is that the format cannot hold the sound.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write, or give 0 and remember why."""
        return self._kept(lambda: self._file.write(data), 0)

    def read(self, count: int = -1) -> bytes:
        """Read back what was written."""
        data: bytes = self._file.read(count)
        return data

    def readinto(self, buffer: Any) -> int:
        """Read back what was written."""
        return int(self._file.readinto(buffer))  # type: ignore[attr-defined]

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset; what was written before may fail only now."""
        return self._kept(lambda: self._file.seek(offset, whence), -1)

    def tell(self) -> int:
        """The position."""
        return self._file.tell()

    def flush(self) -> None:
        """Hand all to the operating system."""
        self._kept(self._file.flush, None)

    def seekable(self) -> bool:
        """A file on a disk."""
        return True

    def _kept(self, act: Any, otherwise: Any) -> Any:
        if self.failure is not None:
            return otherwise
        try:
            return act()
        except OSError as error:
            self.failure = error
            return otherwise


def cannot_write(error: OSError, target: str | Path) -> AudioFileError:
    """Say why a file could not be written."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        what, fix = "the disk is full", "free some space, or choose another disk"
    else:
        what, fix = error.strerror or str(error), None
    return AudioFileError(f"cannot be written: {what}", file=target, fix=fix)
