"""Events as lines: on the terminal, or in a file of JSON lines."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tympan.live.actions.base import Action, plain
from tympan.live.event import Event


class Print(Action):
    """A line on standard output.

    Args:
        name: as the rules call it.
        json: as JSON instead of words.
        when: begin, end or both.
    """

    def __init__(self, name: str = "print", *, json: bool = False, when: str = "begin") -> None:
        self.name, self.when, self._json = name, when, json

    def act(self, event: Event) -> None:
        """Print it at once, for whoever reads from a pipe."""
        print(plain(event) if self._json else event, file=sys.stdout, flush=True)


class JsonLines(Action):
    """A line of JSON at the end of a file, whole and on the disk before the next one.

    Args:
        name: as the rules call it.
        path: the file.
        when: begin, end or both.
    """

    def __init__(self, name: str, path: Path, *, when: str = "end") -> None:
        self.name, self.when, self._path = name, when, path

    def act(self, event: Event) -> None:
        """Append it: one write, so that no reader sees half a line."""
        data = (plain(event) + "\n").encode("utf-8", "backslashreplace")
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        try:
            size = os.fstat(handle).st_size
            if size and not _ends_whole(self._path, size):
                data = b"\n" + data  # the line before was cut by a power failure
            if os.write(handle, data) < len(data):
                os.ftruncate(handle, size)
                raise OSError(28, os.strerror(28), str(self._path))
            os.fsync(handle)
        finally:
            os.close(handle)


def _ends_whole(path: Path, size: int) -> bool:
    with path.open("rb") as file:
        file.seek(size - 1)
        return file.read(1) == b"\n"
