"""Labels that are probably not what their owner meant."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from tympan.data.table import TAG_SEPARATOR, Table

_BETWEEN = re.compile(r"(?<=[^\W\d_])[\s_\-]+(?=[^\W\d_])")


def label_warnings(table: Table) -> tuple[str, ...]:
    """Warnings about labels that differ in spelling only, hold a comma, or look like no label.

    Args:
        table: the recordings.

    Returns:
        A sentence for each; all that is found.

    >>> from pathlib import Path
    >>> from tympan.data import recording
    >>> rows = [recording(Path(f"{name}.wav"), {"label": name}) for name in ("Cat", "cat")]
    >>> label_warnings(Table(Path("."), tuple(rows)))[0]
    "warning: labels that differ in spelling only are different labels: 'Cat' (1) and 'cat' (1)"
    """
    count: Counter[str] = Counter(tag for example in table for tag in example.tags)
    count.update(one.label for example in table for one in example.supervisions if one.label)
    # JSON in a label column is one value, whatever it holds.
    names = sorted(name for name in count if not name.startswith("{"))
    found = []
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[_spelling(name)].append(name)
    groups = [
        " and ".join(f"{name!r} ({count[name]})" for name in group)
        for group in alike.values()
        if len(group) > 1
    ]
    if groups:
        what = "labels that differ in spelling only are different labels"
        found.append(f"warning: {what}: {'; '.join(groups[:5])}{_more(groups)}")
    commas = [repr(name) for name in names if "," in name]
    if commas:
        found.append(
            f"warning: labels that hold a comma are one label each: {', '.join(commas[:5])}"
            f"{_more(commas)} (separate several by {TAG_SEPARATOR!r})"
        )
    if "None" in names:
        found.append(
            f"warning: 'None' ({count['None']}) is a label like others (leave the cell empty where "
            "there is none)"
        )
    return tuple(found)


def label_conflicts(table: Table, keys: Sequence[str]) -> tuple[str, ...]:
    """Warnings about the same sound under several labels.

    Args:
        table: the recordings.
        keys: of each row's content.

    Returns:
        One sentence that names them, or none.

    >>> from pathlib import Path
    >>> from tympan.data import recording
    >>> rows = [recording(Path(f"{label}.wav"), {"label": label}) for label in ("cat", "dog")]
    >>> label_conflicts(Table(Path("."), tuple(rows)), ["1", "1"])
    ("warning: the same sound has several labels: cat.wav ('cat') = dog.wav ('dog')",)
    """
    first: dict[str, int] = {}
    pairs = []
    for i, (key, example) in enumerate(zip(keys, table, strict=True)):
        j = first.setdefault(key, i)
        if set(example.tags) != set(table[j].tags):
            pairs.append(
                f"{table.name(j)} ({table[j].label!r}) = {table.name(i)} ({example.label!r})"
            )
    if not pairs:
        return ()
    return (f"warning: the same sound has several labels: {'; '.join(pairs[:5])}{_more(pairs)}",)


def _spelling(name: str) -> str:
    """A label without what people spell in several ways: case, blanks, the form of a number."""
    try:
        return repr(float(name))
    except ValueError:
        pass
    # A single letter may mean another thing in capitals.
    return _BETWEEN.sub("", name.casefold() if len(name) > 1 else name)


def _more(items: Sequence[str], limit: int = 5) -> str:
    return f" and {len(items) - limit} more" if len(items) > limit else ""
