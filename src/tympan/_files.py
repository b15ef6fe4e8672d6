"""Write beside, then rename: a reader never sees half a file."""

from __future__ import annotations

import errno
import os
import re
import tempfile
import time
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tympan.errors import ArgumentError, DataError, TympanError


def check_target(
    path: str | os.PathLike[str],
    source: Any = None,
    example: str = "",
    called: str = "the recording",
) -> Path:
    """Refuse, before the work, a file that could not be written or is the recording itself.

    Args:
        path: the file to write.
        source: what it will be made from; only paths and opened files are compared.
        example: a file name to suggest.
        called: what the source is.

    Raises:
        ArgumentError: a folder, a file in no folder or in one that may not be written to, or the
            source.

    >>> check_target("no/such/folder/page.html")
    Traceback (most recent call last):
    tympan.errors.ArgumentError: no/such/folder/page.html: cannot be written: its folder does not \
exist (make it first)
    """
    target = Path(path)
    if target.is_dir():
        fix = f"name a file in it, such as {target / example}" if example else "name a file in it"
        raise ArgumentError("is a folder", file=target, fix=fix)
    if not target.parent.is_dir():
        what = "cannot be written: its folder does not exist"
        raise ArgumentError(what, file=target, fix="make it first")
    if not os.access(target.parent, os.W_OK):
        what = "cannot be written: its folder may not be written to"
        raise ArgumentError(what, file=target, fix="give another folder")
    own = source if isinstance(source, str | os.PathLike) else getattr(source, "name", None)
    try:
        same = isinstance(own, str | os.PathLike) and os.path.samefile(own, target)
    except (OSError, ValueError):  # one of them does not exist
        same = False
    if same:
        raise ArgumentError(f"is {called} itself", file=target, fix="give another name")
    return target


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Make a folder to write into, unless it is there.

    Raises:
        ArgumentError: it cannot be made.

    >>> import tempfile
    >>> make_folder(Path(tempfile.mkdtemp(), "a", "b")).is_dir()
    True
    """
    folder = Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        what = f"the folder cannot be made: {error.strerror}"
        raise ArgumentError(what, file=folder, fix="name another") from error
    return folder


# Nothing more can be written: the disk is full, its quota is used up, or the file grew too large.
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)


def full_disk(error: OSError, file: str | os.PathLike[str] | None) -> TympanError:
    """The error that says that nothing more can be written.

    >>> print(full_disk(OSError(errno.ENOSPC, "No space left on device"), "a.png"))
    a.png: cannot be written: No space left on device (make room, and give the command again)
    """
    fix = "make room, and give the command again"
    return TympanError(f"cannot be written: {error.strerror}", file=file, fix=fix)


def as_full(error: Exception) -> OSError | None:
    """The error of the operating system behind another, if it is that nothing can be written.

    >>> print(as_full(RuntimeError("No space left on device (os error 28)")))
    [Errno 28] No space left on device
    """
    if isinstance(error, OSError):
        return error if error.errno in FULL else None
    # Libraries in C do not tell it at all, those in Rust in words.
    if type(error).__name__ == "LibsndfileError" and "System error" in str(error):
        return OSError(errno.ENOSPC, "the system refuses it, as a full disk does")
    found = re.search(r"\(os error (\d+)\)", str(error))
    number = int(found.group(1)) if found else 0
    return OSError(number, os.strerror(number)) if number in FULL else None


@contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path in the same folder; rename it to `path` if the block succeeds.

    The temporary name keeps the suffix, because libraries choose the format by it.

    Raises:
        TympanError: the folder does not exist or cannot be written, or the disk is full.

    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "a.txt"
    >>> with atomic_write(target) as beside:
    ...     _ = beside.write_text("whole")
    >>> target.read_text()
    'whole'
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(
            dir=target.parent, prefix=f".{target.stem[:40]}-", suffix=target.suffix
        )
    except OSError as error:
        fix = "give a folder that exists and can be written"
        raise TympanError(f"cannot be written: {error.strerror}", file=target, fix=fix) from error
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        # mkstemp makes private files; give the permissions an ordinary new file would have.
        umask = os.umask(0)
        os.umask(umask)
        beside.chmod(0o666 & ~umask)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, target)
    except Exception as error:
        full = as_full(error)
        if full is not None:
            raise full_disk(full, target) from error
        raise
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def locked(file: str | os.PathLike[str], wait_s: float = 20.0) -> Iterator[None]:
    """Hold a file while it is read, changed and written: no other process of tympan does meanwhile.

    Beside it lies `.NAME.lock`, which is locked and stays. On Windows nothing is locked.

    Args:
        file: the file, which need not exist.
        wait_s: how long to wait for another process.

    Raises:
        DataError: its folder cannot be written, or another process holds it for longer.

    >>> import tempfile
    >>> with locked(Path(tempfile.mkdtemp(), "a.csv")):
    ...     pass
    """
    target = Path(file)
    try:
        import fcntl
    except ImportError:  # Windows: renaming alone keeps the file whole
        yield
        return
    try:
        handle = target.with_name(f".{target.name}.lock").open("a")
    except OSError as error:
        fix = "give a folder that exists and can be written"
        raise DataError(f"cannot be written: {error.strerror}", file=target, fix=fix) from error
    with handle:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    what = "another process is changing it"
                    raise DataError(what, file=target, fix="try again") from None
                time.sleep(0.05)
            except OSError:  # a file system without locks
                break
        yield


def open_in_browser(path: Path) -> None:
    """Show a page that was written in the user's browser."""
    webbrowser.open(path.resolve().as_uri())
