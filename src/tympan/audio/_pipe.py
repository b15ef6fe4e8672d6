"""Sources that can be read only once, from front to back: pipes, web responses, standard input."""

from __future__ import annotations

import os
import select
import stat
import tempfile
import time
from typing import Any, BinaryIO

from tympan.errors import AudioFileError

# What an unseekable stream may hold before it is refused.
_MAX_STREAM_BYTES = 2 << 30
_SPOOL_BYTES = 64 << 20
_CHUNK = 1 << 20
# A named pipe without a writer would be waited for without end.
WAIT_FOR_WRITER_S = 30.0


class _Spool(tempfile.SpooledTemporaryFile):
    """A stream's bytes: in memory while they are few, and still called as the stream was."""

    def __init__(self, name: str) -> None:
        super().__init__(max_size=_SPOOL_BYTES)
        self._shown = name

    @property
    def name(self) -> str:
        return self._shown


def is_pipe(path: str) -> bool:
    """Whether a path leads to a pipe, named or of the shell (`<(command)`, `/dev/stdin`)."""
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def spool_pipe(path: str) -> BinaryIO:
    """Copy what comes through a pipe aside, as `spool` does.

    Raises:
        AudioFileError: nobody writes into the pipe, or what `spool` raises.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
    try:
        _await_writer(handle, path)
        os.set_blocking(handle, True)
        with os.fdopen(handle, "rb", buffering=0, closefd=False) as pipe:
            return spool(pipe, path)
    finally:
        os.close(handle)


def _await_writer(handle: int, path: str) -> None:
    """Wait until somebody has written, or has written nothing and gone."""
    until = time.monotonic() + WAIT_FOR_WRITER_S
    while True:
        left = until - time.monotonic()
        if left <= 0:
            raise AudioFileError(
                f"is a pipe into which nothing was written for {WAIT_FOR_WRITER_S:g} s",
                file=path,
                fix="start the program that writes into it first",
            )
        # Without a writer the pipe is silent; it is readable, or hung up, once there was one.
        if select.select([handle], [], [], min(left, 1.0))[0]:
            return


def spool(source: Any, name: str) -> BinaryIO:
    """Copy an unseekable stream aside, because containers are read back and forth.

    Raises:
        AudioFileError: it is empty, fails, gives no bytes, or is longer than 2 GiB.
    """
    held = _Spool(name)
    total = 0
    try:
        while chunk := source.read(_CHUNK):
            if not isinstance(chunk, (bytes, bytearray, memoryview)):
                raise AudioFileError("gives no bytes", file=name, fix="open it with mode 'rb'")
            total += len(chunk)
            if total > _MAX_STREAM_BYTES:
                raise AudioFileError("is longer than 2 GiB", file=name, fix="save it as a file")
            held.write(chunk)
    except (OSError, ValueError) as error:
        held.close()
        raise AudioFileError(f"cannot be read: {error}", file=name) from error
    except BaseException:
        held.close()
        raise
    if total == 0:
        held.close()
        raise AudioFileError("is empty", file=name)
    held.seek(0)
    return held  # type: ignore[return-value]
