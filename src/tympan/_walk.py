"""The files of a folder that count, the same wherever a folder may be given."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path


def walk(
    root: str | os.PathLike[str],
    suffixes: Collection[str] | None = None,
    *,
    on_error: Callable[[OSError], object] | None = None,
) -> Iterator[Path]:
    """Every visible file below a folder, in the order of the paths.

    Links are followed, and each real folder is entered once, so that a link that leads back ends.

    Args:
        root: the folder; it may be hidden itself.
        suffixes: only files with one of these, in small letters (`".wav"`); None: all.
        on_error: called with why a folder cannot be read, which is then passed over.

    Raises:
        OSError: a folder cannot be read, and there is no `on_error`.
    """
    entered: set[tuple[int, int]] = set()

    def visit(folder: str | os.PathLike[str]) -> Iterator[Path]:
        try:
            stat = os.stat(folder)
            with os.scandir(folder) as found:
                entries = sorted(found, key=lambda one: one.name)
        except OSError as error:
            if on_error is None:
                raise
            on_error(error)
            return
        if (stat.st_dev, stat.st_ino) in entered:
            return
        entered.add((stat.st_dev, stat.st_ino))
        for entry in entries:
            if is_hidden(entry.name):
                continue
            fits = suffixes is None or Path(entry.name).suffix.lower() in suffixes
            if _is(entry.is_dir):
                yield from visit(entry.path)
            elif fits and _is(entry.is_file):  # no pipe
                yield Path(entry.path)

    yield from visit(root)


def _is(kind: Callable[[], bool]) -> bool:
    try:
        return kind()
    except OSError:  # a link that leads to itself
        return False


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is passed over.

    >>> is_hidden(".git"), is_hidden("a.wav")
    (True, False)
    """
    # "__MACOSX" and "._x" are what macOS leaves in archives.
    return name.startswith(".") or name == "__MACOSX"
