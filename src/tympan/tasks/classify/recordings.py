"""What is asked of recordings before a classifier is trained on them or scored."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from tympan.errors import DataError

if TYPE_CHECKING:
    from tympan.data import Table, WaveCache

MOST_LOOKED_AT = 5000


def check_labels(table: Table) -> None:
    """One label for each recording, that a card can hold.

    Raises:
        DataError: it is not so.
    """
    if table.has("start_s") and table.has("end_s"):
        raise DataError(
            "has labels for parts of recordings (start_s, end_s), classify needs one for each",
            file=table.root,
            fix="cut the parts into files of their own",
        )
    without = [str(e.path) for e in table if not e.label]
    if without:
        more = len(without) - 1
        others = f", like {more} other{'s' * (more > 1)}" if more else ""
        fix = "fill in the label column, or leave the recording out"
        raise DataError(f"has no label{others}", file=without[0], fix=fix)
    for label in table.labels:
        if not label.isprintable() or (not label.isascii() and _unwritable(label)):
            raise DataError(f"has the unusable label {label!r}", file=table.root, fix="rename it")


def _unwritable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def check_contradictions(table: Table, cache: WaveCache) -> None:
    """The same sound under two labels teaches nothing.

    Raises:
        DataError: two recordings are the same and have different labels.
    """
    first: dict[str, int] = {}
    for i, example in enumerate(table):
        other = first.setdefault(cache.content_key(i), i)
        if table[other].label != example.label:
            raise DataError(
                f"is the same sound as {table.relative(table[other].path)}, but one is "
                f"{example.label!r} and the other {table[other].label!r}",
                file=example.path,
                fix="keep the one with the right label",
            )


def silent_told(table: Table, cache: WaveCache) -> tuple[str, ...]:
    """A warning about silent recordings, which teach and test nothing; empty if there are none.

    Of very many only the first are looked at. A label of which all are silent is meant so.
    """
    from tympan.tasks.classify.answer import SILENT_PEAK

    heard, silent = set(), []
    for i in range(min(len(cache), MOST_LOOKED_AT)):
        if any(float(np.abs(c).max(initial=0.0)) >= SILENT_PEAK for c in chunks_of(cache, i)):
            heard.add(table[i].label)
        else:
            silent.append(i)
    wrong = [table.relative(table[i].path) for i in silent if table[i].label in heard]
    if not wrong:
        return ()
    told = ", ".join(map(str, wrong[:3])) + " …" * (len(wrong) > 3)
    return (f"warning: silent, so better left out: {told} ({len(wrong)} in all)",)


def chunks_of(cache: WaveCache, i: int) -> Iterator[np.ndarray]:
    """A recording of the cache, half a minute at a time."""
    size = 30 * cache.rate_hz
    for start in range(0, max(1, cache.length(i)), size):
        yield cache.wave(i, start, min(size, cache.length(i) - start))
