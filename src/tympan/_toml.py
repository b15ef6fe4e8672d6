"""TOML files whose errors name the line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tympan.errors import ArgumentError

# Of more names than this only a few are named in an error.
MOST_NAMED = 12

Place = tuple[Any, ...]
"""Where a value stands: `("rule", 0, "threshold")`."""


class PlaceError(ArgumentError):
    """An error that knows where the faulty value stands."""

    def __init__(self, what: str, place: Place, fix: str | None = None) -> None:
        self.place = place
        super().__init__(what, fix=fix)


def read_toml(path: Path) -> tuple[str, dict[str, Any]]:
    """The text of a TOML file and what it holds.

    Raises:
        ArgumentError: it cannot be read, or is no TOML; with the line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        return text, tomllib.loads(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no UTF-8 text"
        raise ArgumentError(f"cannot be read: {reason}", file=path) from error
    except tomllib.TOMLDecodeError as error:
        raise ArgumentError(f"is no TOML: {error}", file=path, fix="see toml.io") from error


def at_line(error: PlaceError, text: str, path: Path) -> ArgumentError:
    """The error with the file and the line at which the faulty value stands."""
    line = line_of(text, error.place)
    what = f"line {line}: {error.what}" if line else error.what
    return ArgumentError(what, file=path, fix=error.fix)


def line_of(text: str, place: Place) -> int | None:
    """Return the line at which a value stands, or the table that it should stand in.

    >>> line_of('[[waveform]]\\n\\ntransform = "Gain"', ("waveform", 0, "transform"))
    3
    """
    lines: dict[Place, int] = {}
    counts: dict[Place, int] = {}
    here: Place = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*\[(\[?)\s*([\w.\"'-]+)\s*\]", line):
            here = ()
            *parents, last = [one.strip("\"'") for one in header[2].split(".")]
            for part in parents:
                here = (*here, part)
                here = (*here, counts[here]) if here in counts else here
            here = (*here, last)
            if header[1]:
                counts[here] = counts.get(here, -1) + 1
                here = (*here, counts[here])
            lines[here] = number
        elif key := re.match(r"\s*[\"']?([\w-]+)[\"']?\s*=", line):
            lines.setdefault((*here, key[1]), number)
    while place:
        # The value itself, or else the first thing in it, or in what it stands in.
        inside = [number for where, number in lines.items() if where[: len(place)] == place]
        if inside:
            return lines.get(place, min(inside))
        place = place[:-1]
    return None


def nearest(name: object, known: Iterable[str]) -> str:
    """Return a hint at the known name that is most like the given one, or at all of them.

    >>> nearest("Reverbb", ["Gain", "Reverb"])
    'did you mean Reverb?'
    >>> nearest("x", ["Gain", "Reverb"])
    'choose of Gain, Reverb'
    >>> nearest("x", map(str, range(100, 150)))
    'choose of the 50 that there are, such as 100, 101, 102'
    """
    known = list(known)
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(str(name).lower(), lower, n=1, cutoff=0.6)
    if near:
        return f"did you mean {lower[near[0]]}?"
    if len(known) > MOST_NAMED:
        return f"choose of the {len(known)} that there are, such as {', '.join(known[:3])}"
    return f"choose of {', '.join(known)}"
