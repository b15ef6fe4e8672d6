"""Words in messages."""

from __future__ import annotations

from collections.abc import Sequence


def plural(count: int, noun: str) -> str:
    """A number and what it counts.

    >>> plural(1, "recording"), plural(2, "recording"), plural(0, "labelled part")
    ('1 recording', '2 recordings', '0 labelled parts')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"


def agrees(count: int, one: str = "is", several: str = "are") -> str:
    """The form of a verb that fits a number.

    >>> agrees(1), agrees(3), agrees(1, "was", "were")
    ('is', 'are', 'was')
    """
    return one if count == 1 else several


def listed(names: Sequence[str], most: int = 8) -> str:
    """Some names in quotes, and how many there are more.

    >>> listed(["cat", "dog"]), listed([f"l{i}" for i in range(5)], most=2)
    ("'cat', 'dog'", "'l0', 'l1' and 3 more")
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(repr, names[:most])) + more
