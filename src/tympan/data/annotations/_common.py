"""What the formats of annotations have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from tympan._files import atomic_write
from tympan.data._text import read_text
from tympan.data.table import Supervision
from tympan.errors import ArgumentError, DataError


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines that are not blank, with their numbers."""
    # Not splitlines(): a label may hold characters that it takes for the end of a line.
    for line, content in enumerate(re.split(r"\r\n|\n|\r", read_text(path)), start=1):
        if content.strip():
            yield line, content


def wrong(path: Path, line: int, what: str, fix: str | None = None) -> DataError:
    """The error about a line of a file."""
    return DataError(f"line {line} {what}", file=path, fix=fix)


def in_order(supervisions: Iterable[Supervision]) -> tuple[Supervision, ...]:
    """Sorted by time."""
    return tuple(sorted(supervisions, key=lambda one: (one.start_s, one.end_s)))


def words_of(one: Supervision) -> str:
    """What a format with room for one text says of it: the label, else the text or the speaker."""
    return one.label or one.text or one.speaker


def one_line(text: str) -> str:
    """A text without line breaks, tabs and double spaces."""
    return " ".join(text.replace("\0", " ").split())


def check(supervisions: Iterable[Supervision]) -> list[Supervision]:
    """The supervisions, if all have times that can be written.

    Raises:
        ArgumentError: one ends before it starts, starts before 0, or has no time.
    """
    found = []
    for one in supervisions:
        if not 0 <= one.start_s <= one.end_s < float("inf"):
            what = f"a supervision from {one.start_s} to {one.end_s} s cannot be written"
            raise ArgumentError(what, fix="0 <= start_s <= end_s")
        # NumPy's numbers print themselves with their type.
        low_hz, high_hz = (None if f is None else float(f) for f in (one.low_hz, one.high_hz))
        start_s, end_s = float(one.start_s), float(one.end_s)
        found.append(replace(one, start_s=start_s, end_s=end_s, low_hz=low_hz, high_hz=high_hz))
    return found


def write_text(path: str | Path, lines: Sequence[str]) -> Path:
    """Write lines as UTF-8, without NUL characters, which are no text."""
    target = Path(path)
    content = "".join(line + "\n" for line in lines).replace("\0", "")
    with atomic_write(target) as beside:
        beside.write_bytes(content.encode("utf-8", "replace"))
    return target
