"""What an unfinished file holds, line by line, so that a later process can go on with it.

The first line says what the file is made from; each other line that so many samples are in it, and
what they are. Lines are only added: what a crash cut off, or what says more than the file of
samples has, is left out when it is read.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FORMAT = 1


class Journal:
    """The lines of one unfinished file.

    Args:
        path: the file of lines.
        head: what the unfinished file is made from.
    """

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        self.path = path
        self._head = {"format": FORMAT, **head}

    def begin(self) -> None:
        """Begin anew."""
        with self.path.open("wb") as file:
            file.write(_line(self._head))
            _to_disk(file)

    def matches(self) -> bool | None:
        """Whether the lines belong to what is made now; None: there are none to be read."""
        found = next(self._lines(), None)
        return None if found is None else found[0] == self._head

    def last(self, samples: int) -> tuple[int, Any]:
        """The last line that `samples` samples bear out: its samples and its record.

        What follows it is taken away.
        """
        have: tuple[int, Any] = (0, None)
        end = None
        for number, (values, at) in enumerate(self._lines()):
            if number and not 0 <= int(values.get("samples", -1)) <= samples:
                break
            have, end = (int(values.get("samples", 0)), values.get("record")), at
        if end is not None:
            os.truncate(self.path, end)
        return have

    def add(self, samples: int, record: Any) -> None:
        """Add a line: so many samples are in the file, and what came last is `record`."""
        with self.path.open("ab") as file:
            file.write(_line({"samples": samples, "record": record}))
            _to_disk(file)

    def records(self) -> Iterator[Any]:
        """The records, from the first one on."""
        lines = self._lines()
        next(lines, None)
        for values, _ in lines:
            yield values.get("record")

    def _lines(self) -> Iterator[tuple[dict[str, Any], int]]:
        """Each whole line, and where it ends."""
        try:
            file = self.path.open("rb")
        except OSError:
            return
        at = 0
        with file:
            for line in file:
                at += len(line)
                try:
                    values = json.loads(line)
                except ValueError:
                    return
                if not line.endswith(b"\n") or not isinstance(values, dict):
                    return
                yield values, at


def _line(values: Mapping[str, Any]) -> bytes:
    return json.dumps(values, allow_nan=False).encode() + b"\n"


def _to_disk(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
