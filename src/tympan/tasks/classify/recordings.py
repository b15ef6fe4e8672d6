"""What is checked of recordings before a classifier is trained on them or scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tympan._words import few
from tympan.errors import DataError

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table

# Of more recordings only so many are checked for silence.
MOST_CHECKED = 5000


def check_labelled(table: Table) -> None:
    """One label for each recording, that a card can hold.

    Raises:
        DataError: it is not so.
    """
    if any(example.supervisions for example in table):
        raise DataError(
            "has labels for parts of recordings (start_s, end_s), classify needs one for each",
            file=table.place,
            fix="cut the parts into files of their own",
        )
    if not any(example.label for example in table):
        what = "names no labels of its recordings"
        fix = "one sub-folder for each label, or a metadata.csv with a column label"
        columns = sorted(set(table[0].columns) - {"label", "split"})
        if columns:
            fix += f"; its columns are {few(columns)}: --label-column names another"
        raise DataError(what, file=table.place, fix=fix)
    without = [str(e.path) for e in table if not e.label]
    if without:
        more = len(without) - 1
        others = f", like {more} other{'s' * (more > 1)}" if more else ""
        fix = "fill in the label column, or leave the recording out"
        raise DataError(f"has no label{others}", file=without[0], fix=fix)
    for label in table.labels:
        if not label.isprintable() or (not label.isascii() and not _writable(label)):
            raise DataError(f"has the unusable label {label!r}", file=table.place, fix="rename it")


def check_labels(table: Table) -> None:
    """The same, and two labels or more, to tell one from the other.

    Raises:
        DataError: it is not so.
    """
    check_labelled(table)
    if len(table.labels) < 2:
        raise DataError(
            f"has only the label {table.labels[0]!r}, a classifier needs two",
            file=table.place,
            fix="add a folder of recordings that are something else",
        )


def _writable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def check_contradictions(table: Table, keys: Sequence[str]) -> None:
    """Refuse the same sound under two labels: nothing can be learned from it.

    Args:
        table: the recordings.
        keys: the content of each.

    Raises:
        DataError: two recordings are the same and have different labels.
    """
    first: dict[str, int] = {}
    found = []
    for i, (example, key) in enumerate(zip(table, keys, strict=True)):
        other = table[first.setdefault(key, i)]
        if other.label != example.label:
            found.append((example, other))
    if not found:
        return
    example, other = found[0]
    more = [f"{table.relative(a.path)} and {table.relative(b.path)}" for a, b in found[1:]]
    raise DataError(
        f"is the same sound as {table.relative(other.path)}, but one is {example.label!r} and the "
        f"other {other.label!r}" + (f"; so are {few(more, width=80)}" if more else ""),
        file=example.path,
        fix="keep the one with the right label",
    )


def silent_recordings(table: Table, store: AudioStore) -> tuple[str, ...]:
    """A warning about silent recordings, from which nothing is learned; empty if there are none.

    Of very many only the first are checked. A label of which all are silent is meant so.
    """
    from tympan.tasks.inputs import SILENT_PEAK

    audible, silent = set(), []
    for example in table.examples[:MOST_CHECKED]:
        chunks = chunks_of(store, example.path)
        if any(float(np.abs(chunk).max(initial=0.0)) >= SILENT_PEAK for chunk in chunks):
            audible.add(example.label)
        else:
            silent.append(example)
    wrong = [table.relative(example.path) for example in silent if example.label in audible]
    if not wrong:
        return ()
    names = ", ".join(wrong[:3]) + " …" * (len(wrong) > 3)
    return (f"warning: silent, so better left out: {names} ({len(wrong)} in all)",)


def chunks_of(store: AudioStore, path: Path) -> Iterator[np.ndarray]:
    """A decoded recording in mono, half a minute `(t,)` at a time."""
    length, size = store.length(path), 30 * (store.rate_hz or 1)
    for start in range(0, max(1, length), size):
        yield store.mono(path, start, min(size, length - start))
