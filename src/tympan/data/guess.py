"""Guess from a table's columns which question its owner wants answered."""

from __future__ import annotations

from dataclasses import dataclass

from tympan.data.table import TAG_SEPARATOR, Table
from tympan.errors import DataError


@dataclass(frozen=True)
class Guess:
    """A task and why it was guessed."""

    task: str
    reason: str


def guess_task(table: Table) -> Guess:
    """Tell the task from the columns.

    A column that only one task uses wins over `label`: events, then `mixture`, `text`, then
    labels, then `speaker`, then `.mid` files beside the recordings.

    Returns:
        The task's name (`classify`, `tag`, `monitor`, `segment`, `separate`, `transcribe`,
        `identify`, `notes`) and one sentence.

    Raises:
        DataError: nothing in the table tells.

    >>> from pathlib import Path
    >>> from tympan.data import recording
    >>> rows = [recording(Path(f"{n}.wav"), {"label": n}) for n in ("cat", "dog")]
    >>> guess_task(Table(Path("."), tuple(rows)))
    Guess(task='classify', reason="the sub-folders give 2 labels: 'cat', 'dog'")
    """
    if table.has("start_s") and table.has("end_s") and table.has("label"):
        return Guess("segment", "there are columns start_s, end_s and label")
    if table.has("rttm"):
        return Guess("segment", "there is a column rttm")
    if table.has("mixture"):
        return Guess("separate", "there is a column mixture")
    if table.has("label"):
        return _by_label(table)
    if table.has("text"):
        return Guess("transcribe", "there is a column text (for a voice, give --task speak)")
    if table.has("speaker"):
        return Guess("identify", "there is a column speaker and no label")
    if all(any(e.path.with_suffix(s).is_file() for s in (".mid", ".midi")) for e in table):
        return Guess("notes", "each recording has a .mid file beside it")
    raise DataError(
        "says nothing about its recordings",
        file=table.root,
        fix="use one sub-folder for each label, or add a metadata.csv with a label column",
    )


def _by_label(table: Table) -> Guess:
    where = "the sub-folders give" if table.origin == "sub-folders" else f"{table.origin} gives"
    if table.unlabelled:
        where = f"{table.unlabelled} rows without a label left out, {where}"
    labels = table.labels
    # JSON in a label column is one value, whatever it holds.
    if any(TAG_SEPARATOR in label and not label.startswith("{") for label in labels):
        tags = table.tags
        return Guess("tag", f"{where} {len(tags)} labels, several in one row: {_few(tags)}")
    if len(labels) == 1:
        if labels[0].lower() == "normal":
            return Guess("monitor", f"{where} only one label, 'normal'")
        raise DataError(
            f"has only one label, {labels[0]!r}",
            file=table.root,
            fix="add a sub-folder or rows of another label: something to tell it from",
        )
    return Guess("classify", f"{where} {len(labels)} labels: {_few(labels)}")


def _few(names: list[str], limit: int = 4) -> str:
    names = [n if len(n) <= 24 else n[:23] + "…" for n in names]
    return ", ".join(repr(n) for n in names[:limit]) + (" …" if len(names) > limit else "")
