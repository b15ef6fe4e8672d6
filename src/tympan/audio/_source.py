"""From what the user gave (path, bytes, file object) to a seekable file, or a clear error."""

from __future__ import annotations

import errno
import io
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeVar

from tympan.audio._pipe import is_pipe, spool, spool_pipe
from tympan.errors import ArgumentError, AudioFileError

_T = TypeVar("_T")
_KINDS = (
    (stat.S_ISDIR, "is a folder, not a sound file", "name a file inside it"),
    (stat.S_ISSOCK, "is a socket", "give a sound file"),
    (stat.S_ISCHR, "is a device", "record from devices with a recorder first"),
    (stat.S_ISBLK, "is a device", "give a sound file"),
)
_REASONS = {
    errno.ENOENT: ("does not exist", "check the spelling and the folder"),
    errno.ENOTDIR: ("does not exist", "a part of its path is a file, not a folder"),
    errno.EACCES: ("may not be read", "ask for permission to read it (chmod, or its owner)"),
    errno.EPERM: ("may not be read", "ask for permission to read it (chmod, or its owner)"),
    errno.ELOOP: ("is a symbolic link that leads back to itself", "give the real file"),
    errno.ENAMETOOLONG: ("has a name that is too long", "check the path"),
    errno.ENXIO: ("is not a file that can be opened", "give a sound file"),
}


class SourceFile:
    """A binary file whose failures stay Python's.

    C libraries call `read` and `seek`, with whatever offsets a damaged header made them compute;
    an exception would be printed on their way back and lost, so it is kept in `failure` instead.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.failure: Exception | None = None

    def read(self, count: int = -1) -> bytes:
        """Read, or give nothing and remember why."""
        try:
            return self._file.read(count)
        except Exception as error:
            self.failure = error
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset; -1 and no move if there is no such place."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return -1

    def tell(self) -> int:
        """The position."""
        return self._file.tell()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


@dataclass
class Opened:
    """An open binary file at its beginning, and how to call it in messages."""

    file: SourceFile
    name: str
    path: str | None  # None for bytes and file objects
    close_file: bool
    handle: int | None = None  # of the operating system, where libraries can read by it

    def close(self) -> None:
        """Close the file if it was opened here; a user's file object stays open."""
        if self.close_file:
            self.file.close()

    def size(self) -> int:
        """Bytes in the file."""
        return self._keeping_place(lambda: self.file.seek(0, os.SEEK_END))

    def rewind(self) -> None:
        """Go to the beginning, before a decoder is opened."""
        self.file.seek(0)

    def read_at(self, offset: int, count: int) -> bytes:
        """Read anywhere without moving the position that a decoder relies on."""
        if self.handle is not None and hasattr(os, "pread"):
            try:
                return os.pread(self.handle, count, offset)
            except OSError:  # reported by the decoder, which meets it too
                return b""

        def look() -> bytes:
            self.file.seek(offset)
            return self.file.read(count)

        return self._keeping_place(look)

    def _keeping_place(self, look: Callable[[], _T]) -> _T:
        # The decoder may have moved the handle behind the file object's back.
        raw = None if self.handle is None else os.lseek(self.handle, 0, os.SEEK_CUR)
        here = self.file.tell()
        try:
            return look()
        finally:
            if self.handle is None or raw is None:
                self.file.seek(here)
            else:
                os.lseek(self.handle, raw, os.SEEK_SET)


def rereadable(source: Any) -> Any:
    """A source that can be opened again and again: a pipe or unseekable stream is copied aside.

    Raises:
        AudioFileError: the stream is empty, fails, or is longer than 2 GiB.
    """
    if isinstance(source, (str, os.PathLike)):
        path = os.fsdecode(os.fspath(source))
        return spool_pipe(path) if is_pipe(path) else source
    if not hasattr(source, "read") or isinstance(source, io.TextIOBase):
        return source
    try:
        if source.seekable():
            return source
    except AttributeError:
        pass
    except (OSError, ValueError):  # closed: opening it says so
        return source
    name = getattr(source, "name", None)
    return spool(source, name if isinstance(name, str) and name else f"<{type(source).__name__}>")


def open_source(source: Any) -> Opened:
    """Open a path, bytes or binary file object for reading.

    Raises:
        AudioFileError: nothing that could be a sound file: missing, empty, folder, device …
        ArgumentError: not a source at all.
    """
    if isinstance(source, (str, os.PathLike)):
        return _open_path(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        if len(source) == 0:
            raise AudioFileError("is empty", file="bytes", fix="give the whole sound file")
        return Opened(SourceFile(io.BytesIO(source)), "bytes", None, close_file=True)
    if hasattr(source, "read"):
        return _open_object(source)
    raise ArgumentError(
        f"cannot load a {type(source).__name__}", fix="give a path, bytes or a binary file object"
    )


def _open_path(source: str | os.PathLike[Any]) -> Opened:
    path = os.fsdecode(os.fspath(source))
    shown = path or "''"
    if is_pipe(path):
        return Opened(SourceFile(spool_pipe(path)), shown, None, close_file=True)
    try:
        # Looked at before opening, because opening alone can act (a tape drive) …
        _refuse_unless_regular(os.stat(path), shown)
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        handle = os.open(path, flags | getattr(os, "O_CLOEXEC", 0))
    except OSError as error:
        what, fix = _REASONS.get(error.errno or 0, (f"cannot be opened: {error.strerror}", None))
        if error.errno == errno.ENOENT and "://" in path:
            fix = "download it first: only local files are read"
        raise AudioFileError(what, file=shown, fix=fix) from error
    except ValueError as error:  # a NUL byte inside
        raise AudioFileError("is no possible file name", file=repr(path)) from error
    try:
        # … and after it, because it may have been exchanged in between.
        _refuse_unless_regular(os.fstat(handle), shown)
        # Windows' C libraries have handles of their own; there the file object is used.
        shared = handle if os.name == "posix" else None
        file = SourceFile(os.fdopen(handle, "rb", buffering=0))
        return Opened(file, shown, path, close_file=True, handle=shared)
    except BaseException:
        os.close(handle)
        raise


def _refuse_unless_regular(info: os.stat_result, path: str) -> None:
    for is_kind, what, fix in _KINDS:
        if is_kind(info.st_mode):
            raise AudioFileError(what, file=path, fix=fix)
    if info.st_size == 0:
        raise AudioFileError("is empty", file=path, fix="record or copy it again")


def _open_object(source: Any) -> Opened:
    name = getattr(source, "name", None)
    name = name if isinstance(name, str) and name else f"<{type(source).__name__}>"
    if isinstance(source, io.TextIOBase):
        raise AudioFileError("is opened as text", file=name, fix="open it with mode 'rb'")
    try:
        if source.seekable():
            size = source.seek(0, os.SEEK_END)
            source.seek(0)
            if size == 0:
                raise AudioFileError("is empty", file=name)
            return Opened(SourceFile(source), name, None, close_file=False)
    except AttributeError:
        pass  # an object with `read` alone: taken as an unseekable stream
    except (OSError, ValueError) as error:
        raise AudioFileError(f"cannot be read: {error}", file=name) from error
    return Opened(SourceFile(spool(source, name)), name, None, close_file=True)
