"""Read text files as people have them, and refuse what is no text by line."""

from __future__ import annotations

import codecs
import math
from pathlib import Path

from tympan.errors import DataError

MOST_BYTES = 256 * 2**20
# Three years: what is later is no time in seconds.
MOST_SECONDS = 1e8
MOST_HERTZ = 1e9


def read_text(path: Path, fix: str = "save it as UTF-8 text") -> str:
    """The content of a text file, UTF-8 or UTF-16 with a mark of its order.

    Raises:
        DataError: it cannot be read, is far too large, or is no such text; with the line.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise DataError(f"has {size / 2**20:.0f} MB, too much for a text file", file=path)
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", file=path) from error
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    encoding = "utf-16" if wide else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(f"is not UTF-8 text (line {line})", file=path, fix=fix) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise DataError(f"holds NUL bytes (line {line}), it is not text", file=path, fix=fix)
    return text


def number(text: str) -> float:
    """A number, with a point or a comma for decimals.

    Raises:
        ValueError: it is none, or not finite.

    >>> number("1,5"), number(" 2e3 ")
    (1.5, 2000.0)
    """
    text = text.strip()
    if "," in text and "." not in text:
        text = text.replace(",", ".", 1)
    value = float(text)
    if not math.isfinite(value) or "_" in text:
        raise ValueError(text)
    return value


def times(start: str, end: str) -> tuple[float, float]:
    """Begin and end in seconds.

    Raises:
        ValueError: with a clause that says what is wrong.

    >>> times("0.5", "0.25")
    Traceback (most recent call last):
    ValueError: ends at 0.25, before it starts at 0.5
    """
    values = []
    for name, text in (("start", start), ("end", end)):
        try:
            values.append(number(text))
        except ValueError:
            raise ValueError(f"has the {name} {_short(text)!r}, which is no time") from None
        if not 0 <= values[-1] <= MOST_SECONDS:
            raise ValueError(f"has the {name} {_short(text)!r}, which is no time in seconds")
    if values[1] < values[0]:
        raise ValueError(f"ends at {values[1]:g}, before it starts at {values[0]:g}")
    return values[0], values[1]


def band(low: str, high: str) -> tuple[float | None, float | None]:
    """Lower and upper frequency in Hz; None where it is empty or negative (no limit).

    Raises:
        ValueError: with a clause that says what is wrong.

    >>> band("-1", "4000.0")
    (None, 4000.0)
    """
    edges: list[float | None] = []
    for text in (low, high):
        try:
            value = number(text) if text.strip() else -1.0
        except ValueError:
            raise ValueError(f"has {_short(text)!r}, which is no frequency") from None
        if value > MOST_HERTZ:
            raise ValueError(f"has {_short(text)!r}, which is no frequency in Hz")
        edges.append(value if value >= 0 else None)
    if edges[0] is not None and edges[1] is not None and edges[1] < edges[0]:
        raise ValueError(f"has a box from {edges[0]:g} Hz up to {edges[1]:g} Hz")
    return edges[0], edges[1]


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= 24 else text[:23] + "…"
