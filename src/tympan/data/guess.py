"""Guess from a table's files, columns and supervisions which question its owner wants answered."""

from __future__ import annotations

from dataclasses import dataclass

from tympan._words import plural
from tympan.data.layouts import ABNORMAL, NORMAL
from tympan.data.table import TAG_SEPARATOR, Table
from tympan.errors import DataError


@dataclass(frozen=True)
class Guess:
    """A task and why it was guessed."""

    task: str
    reason: str


def guess_task(table: Table) -> Guess:
    """The task that the files, columns and supervisions of a table are made for.

    What only one task uses wins over `label`: a mixture, scores, events; then labels, `text`,
    `speaker`.

    Returns:
        The task's name (`classify`, `tag`, `monitor`, `segment`, `separate`, `transcribe`,
        `identify`, `notes`, `compose`) and one sentence. A voice for `speak` has the same table as
        `transcribe`, and an archive for `embed` needs none; neither is guessed.

    Raises:
        DataError: nothing in the table decides it.

    >>> from pathlib import Path
    >>> from tympan.data import recording
    >>> rows = [recording(Path(f"{n}.wav"), {"label": n}) for n in ("cat", "dog")]
    >>> guess_task(Table(Path("."), tuple(rows)))
    Guess(task='classify', reason="the sub-folders give 2 labels: 'cat', 'dog'")
    """
    guess = _by_files(table) or _by_supervisions(table) or _by_columns(table)
    if guess is not None:
        return guess
    fix = "use one sub-folder for each label, or add a metadata.csv with a label column"
    if table.column_names:
        columns = ", ".join(table.column_names)[:200]
        fix = f"its columns are: {columns}; --label-column NAME says which one is the label"
    unused = "".join(f"; {note}" for note in table.notes if "is not used" in note)
    raise DataError(f"says nothing about its recordings{unused}", file=table.place, fix=fix)


def possible_task(table: Table) -> Guess | None:
    """As `guess_task`, and None where nothing decides it.

    >>> from pathlib import Path
    >>> possible_task(Table(Path("."), ())) is None
    True
    """
    try:
        return guess_task(table)
    except DataError:
        return None


def _by_files(table: Table) -> Guess | None:
    roles = [example.files.keys() for example in table]
    if any("mixture" in one for one in roles):
        sources = sorted({role for one in roles for role in one} - {"mixture", "midi"})
        return Guess("separate", f"there are mixtures, and as their sources {_few(sources)}")
    if table.has("mixture"):
        return Guess("separate", "there is a column mixture")
    scored = sum("midi" in one for one in roles)
    if scored and scored == len(roles) and not any("audio" in one for one in roles):
        return Guess("compose", f"there are {scored} scores, and no recordings")
    if scored and (scored == len(roles) or (2 * scored >= len(roles) and not table.has("label"))):
        return Guess("notes", f"{scored} of {plural(len(roles), 'recording')} have a score (.mid)")
    return None


def _by_supervisions(table: Table) -> Guess | None:
    rows = [example for example in table if example.supervisions]
    if not rows:
        if table.has("rttm"):
            return Guess("segment", "there is a column rttm")
        if table.has("start_s") and table.has("end_s") and table.has("label"):
            return Guess("segment", "there are columns start_s, end_s and label")
        return None
    if 2 * len(rows) < len(table) and table.has("label"):
        return None  # a few notes beside labelled recordings
    count = sum(len(example.supervisions) for example in rows)
    where = f"{plural(count, 'part')} of {plural(len(rows), 'recording')} have times and"
    if table.event_labels:
        labels = table.event_labels
        return Guess("segment", f"{where} {plural(len(labels), 'label')}: {_few(labels)}")
    if any(one.text for example in rows for one in example.supervisions):
        return Guess("transcribe", f"{where} a text")
    speakers = {one.speaker for example in rows for one in example.supervisions} - {""}
    if speakers:
        return Guess("segment", f"{where} {len(speakers)} speakers")
    return Guess("segment", f"{where} no label")


def _by_columns(table: Table) -> Guess | None:
    if table.has("label"):
        return _by_label(table)
    if table.has("text"):
        return Guess("transcribe", "there is a column text (for a voice, give --task speak)")
    if table.has("speaker"):
        return Guess("identify", "there is a column speaker and no label")
    return None


def _by_label(table: Table) -> Guess:
    folders = table.origin == "sub-folders"
    where = "the sub-folders" if folders else table.origin
    if table.unlabelled:
        rows = f"{table.unlabelled} row{'s' * (table.unlabelled > 1)}"
        where += f" ({rows} without a label left out)"
    where += " give" if folders else " gives"
    labels = table.labels
    kinds = {label.lower() for label in labels}
    if kinds <= NORMAL:
        return Guess("monitor", f"{where} only one label, {labels[0].lower()!r}")
    if kinds <= NORMAL | ABNORMAL and kinds & NORMAL:
        if table.has("machine"):
            reason = "its files are named like data of machines, normal and faulty (DCASE task 2)"
            return Guess("monitor", reason)
        trained = table.where("split", "train") if table.has("split") else table.subset(())
        if {label.lower() for label in trained.labels} <= NORMAL and len(trained):
            return Guess("monitor", "all its training recordings are 'normal'")
    # JSON in a label column is one value, whatever it holds.
    if any(TAG_SEPARATOR in label and not label.startswith("{") for label in labels):
        tags = table.tags
        return Guess(
            "tag", f"{where} {plural(len(tags), 'label')}, several in one row: {_few(tags)}"
        )
    if len(labels) == 1:
        raise DataError(
            f"has only one label, {labels[0]!r}",
            file=table.place,
            fix="add a sub-folder or rows of another label, to tell it from; if it is a normal "
            "machine, --task monitor learns from it alone what is unusual",
        )
    return Guess("classify", f"{where} {plural(len(labels), 'label')}: {_few(labels)}")


def _few(names: list[str], limit: int = 4) -> str:
    names = [n if len(n) <= 24 else n[:23] + "…" for n in names]
    return ", ".join(repr(n) for n in names[:limit]) + (" …" if len(names) > limit else "")
