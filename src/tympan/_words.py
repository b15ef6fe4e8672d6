"""Words in messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


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


def suggested(name: object, known: Iterable[str], noun: str, few: int = 8) -> str:
    """A hint at the known names that are like a given one; of many others only the number.

    >>> suggested("hart", ["heart", "bella"], "speaker")
    'did you mean heart?'
    >>> suggested("x", ["heart", "bella"], "speaker")
    'give one of heart, bella'
    >>> suggested("x", [f"voice{i}" for i in range(40)], "speaker")
    'there are 40 speakers, such as voice0, voice1, voice2'
    """
    known = list(known)
    lower = {each.lower(): each for each in known}
    near = difflib.get_close_matches(str(name).lower(), lower, n=3, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(lower[one] for one in near)}?"
    if len(known) <= few:
        return f"give one of {', '.join(known)}"
    return f"there are {plural(len(known), noun)}, such as {', '.join(known[:3])}"


def few(names: Sequence[str], limit: int = 5, width: int = 24) -> str:
    """The first of some names, as text of bounded length.

    >>> few(["a", "b", "c"], limit=2)
    'a, b and 1 more'
    """
    shown = ", ".join(
        name if len(name) <= width else name[: width - 1] + "…" for name in names[:limit]
    )
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")
