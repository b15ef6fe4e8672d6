"""Find files that are parts of one recording by their names: `rec003_seg07.wav`.

Neighbouring parts of one recording share voice, room, microphone and often the very sound. Where
some are trained on and others tested, the score says how well the recording is recognised again.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tympan.data.table import Table

_WORDS = (
    "seg|segment|part|pt|chunk|clip|slice|window|win|crop|cut|piece|frag|fragment|excerpt|snippet"
    "|frame|block"
)
# rec003_seg07, rec003-part-2, rec003seg07, talk_part1of3
_MARKED = re.compile(
    rf"(?P<stem>.*?)(?:^|[ _.\-]+|(?<=\d))(?:{_WORDS})[ _.\-]*(?P<number>\d+)"
    r"(?:[ _.\-]*of[ _.\-]*\d+)?",
    re.IGNORECASE | re.DOTALL,
)
# rec003_07, rec003 (7): a number behind a stem that has a number of its own. A stem without one
# (dog_07, IMG_0007) is far more often the counter of all recordings.
_NUMBERED = re.compile(r"(?P<stem>.*\d.*?)[ _.\-]+(\()?(?P<number>\d{1,4})(?(2)\))", re.DOTALL)
_DATE = re.compile(r".*\d{4}([_.\-]?)\d\d\1\d\d", re.DOTALL)
# A label needs so many recordings left, where marked parts of one are kept together.
_LEAST_MARKED = 2


@dataclass(frozen=True)
class Parts:
    """Which rows are parts of one recording, by their names.

    Attributes:
        keys: rows of equal keys belong together; None: the row is alone.
        reason: a clause for the user about what is kept together; empty: nothing.
        warning: a clause about what cannot be kept together; empty: nothing.
    """

    keys: tuple[str | None, ...]
    reason: str = ""
    warning: str = ""


def find_parts(
    table: Table,
    strata: Sequence[Sequence[str]],
    count_groups: Callable[[Sequence[str | None]], Sequence[int]],
    least: int = 3,
) -> Parts:
    """Find the files whose names say that they are parts of one recording.

    Names with a word for it (`seg`, `part`, `chunk` …) before the number count as parts; names with
    a bare number (`rec003_07`) only where the stem has a number of its own and the numbers of each
    stem run from 0 or 1. A stem that is the label itself (`dog_01` … `dog_40`) says nothing. And
    where a label would be left with one recording, its files could not be both learned and tested:
    then they are not kept together, and there is a warning.

    Args:
        table: the rows.
        strata: the labels of each row.
        count_groups: from such keys to the number of the group that each row is in, with all else
            that keeps rows together.
        least: how many recordings a label needs, if names with a bare number are to count.

    Returns:
        The rows that belong together, and a clause about it.
    """
    none: tuple[str | None, ...] = (None,) * len(table)
    marked, numbered = _keys(table)
    before = count_groups(none)
    found: list[tuple[list[str | None], int]] = []
    if any(numbered):
        both = [a or b for a, b in zip(marked, numbered, strict=True)]
        found.append((both, least))
    if any(marked):
        found.append((marked, _LEAST_MARKED))
    for keys, needed in found:
        if _leaves_enough(before, count_groups(keys), strata, needed):
            row = next(i for i, key in enumerate(keys) if key)
            name = table[row].path.name
            return Parts(
                tuple(keys),
                f"so do files whose names number them as parts of one recording ({name} …)",
            )
    if any(marked):
        row = next(i for i, key in enumerate(marked) if key)
        return Parts(
            none,
            warning=f"warning: {table[row].path.name} and others look like parts of one recording; "
            "kept together they would leave some label a single recording, so they are split, and "
            "scores may be too good (name the recordings in a column source)",
        )
    return Parts(none)


def _keys(table: Table) -> tuple[list[str | None], list[str | None]]:
    """The stem of each row's file, where its name marks a part, and where it has a bare number."""
    marked: list[tuple[str, int] | None] = []
    numbered: list[tuple[str, int] | None] = []
    for example in table:
        own = set(map(_plain, example.tags))
        name = example.path.stem
        for pattern, found in ((_MARKED, marked), (_NUMBERED, numbered)):
            match = pattern.fullmatch(name)
            stem = match["stem"] if match else ""
            taken = match and _plain(stem) and _plain(stem) not in own
            found.append((stem, int(match["number"][:9])) if match and taken else None)
        if marked[-1] or _DATE.fullmatch(name):
            numbered[-1] = None
    numbered_keys = _with_folder(table, numbered)
    return _repeated(_with_folder(table, marked)), _runs(numbered_keys, numbered)


def _with_folder(table: Table, found: Sequence[tuple[str, int] | None]) -> list[str | None]:
    """Stems as keys; the folder belongs to them where two folders have parts of equal names."""
    count = Counter(one for one in found if one)
    own = {one[0] for one, n in count.items() if n > 1}
    return [
        None if one is None else f"{e.path.parent}/{one[0]}" if one[0] in own else one[0]
        for e, one in zip(table, found, strict=True)
    ]


def _repeated(keys: Sequence[str | None]) -> list[str | None]:
    count = Counter(keys)
    return [key if key and count[key] > 1 else None for key in keys]


def _runs(keys: Sequence[str | None], found: Sequence[tuple[str, int] | None]) -> list[str | None]:
    """Only keys whose numbers run from 0 or 1, with at most as many gaps as parts."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for key, one in zip(keys, found, strict=True):
        if key and one:
            numbers[key].append(one[1])
    kept = {
        key
        for key, have in numbers.items()
        if len(have) > 1 and min(have) <= 1 and max(have) - min(have) < 2 * len(have)
    }
    return [key if key in kept else None for key in keys] if len(kept) > 1 else [None] * len(keys)


def _leaves_enough(
    before: Sequence[int], after: Sequence[int], strata: Sequence[Sequence[str]], least: int
) -> bool:
    """Whether each label that had several groups still has `least` of them."""
    had: dict[str, set[int]] = defaultdict(set)
    have: dict[str, set[int]] = defaultdict(set)
    for a, b, labels in zip(before, after, strata, strict=True):
        for label in labels:
            had[label].add(a)
            have[label].add(b)
    return all(len(have[label]) >= min(least, len(had[label])) for label in had)


def _plain(name: str) -> str:
    """A name without case and punctuation."""
    return "".join(c for c in name.casefold() if c.isalnum())
