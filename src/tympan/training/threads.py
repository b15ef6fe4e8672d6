"""How many threads a training computes with, beside other trainings on the same machine."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tympan.errors import ArgumentError

SLOTS = 64


def threads_beside(others: int, cores: int) -> int:
    """A fair share of the cores: two trainings that use all of them each take four times as long.

    >>> threads_beside(0, 8), threads_beside(1, 8), threads_beside(9, 8)
    (8, 4, 1)
    """
    return max(1, cores // (others + 1))


@contextlib.contextmanager
def compute_threads(threads: int | None) -> Iterator[int]:
    """Set PyTorch's threads for a training; afterwards they are what they were.

    Args:
        threads: so many; None: PyTorch's own number, shared with the trainings that run already.

    Yields:
        How many they are.

    Raises:
        ArgumentError: fewer than one.
    """
    import torch

    if threads is not None and threads < 1:
        raise ArgumentError(f"threads={threads} cannot compute", fix="give 1 or more")
    before = torch.get_num_threads()
    with _slot() as others:
        count = threads_beside(others, before) if threads is None else threads
        torch.set_num_threads(count)
        try:
            yield count
        finally:
            torch.set_num_threads(before)


@contextlib.contextmanager
def _slot() -> Iterator[int]:
    """Be counted among the trainings of this machine; how many others there are.

    Each holds a lock that the system drops when its process ends, however it ends.
    """
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        yield 0
        return
    others = 0
    with contextlib.ExitStack() as stack:
        for file in _slot_files():
            try:
                handle = stack.enter_context(file.open("a"))
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                others += 1
            except OSError:  # no room, or a file system without locks
                break
        # The slots after ours may be taken as well.
        others += sum(map(_is_taken, list(_slot_files())[others + 1 :]))
        yield others


def _slot_files() -> Iterator[Path]:
    """The lock files of this user's trainings."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir()) / f"tympan-trainings-{user}"
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
    return (folder / f"{i}.lock" for i in range(SLOTS))


def _is_taken(file: Path) -> bool:
    import fcntl

    if not file.exists():
        return False
    try:
        with file.open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
