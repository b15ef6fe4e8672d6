"""What the readers of public data sets share."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tympan.data._text import read_text
from tympan.data.table import TAG_SEPARATOR, Example, recording
from tympan.errors import DataError


@dataclass(frozen=True)
class Rows:
    """The rows of a set.

    Attributes:
        examples: one for each recording that is there.
        about: a clause about what was taken for what.
        notes: further sentences for the user.
        tables: how many files were read that are no recordings.
    """

    examples: Sequence[Example]
    about: str
    notes: tuple[str, ...] = ()
    tables: int = 0


def first_named(files: Iterable[Path], *names: str) -> Path | None:
    """The first of the files that has one of these names."""
    return next((path for path in files if path.name in names), None)


def lines_of(
    path: Path, delimiter: str = ",", comment: str = ""
) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each line of a table that is not blank.

    Args:
        path: the table.
        delimiter: between its cells.
        comment: what a line begins with that is none.

    Raises:
        DataError: it is no such table.
    """
    text = read_text(path)
    kept = [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if line.strip() and not (comment and line.startswith(comment))
    ]
    reader = csv.reader(
        io.StringIO("\n".join(line for _, line in kept)), delimiter=delimiter, skipinitialspace=True
    )
    try:
        # A cell may go over several lines; then the number is that of its last.
        for cells in reader:
            yield kept[min(reader.line_num, len(kept)) - 1][0], cells
    except csv.Error as error:
        raise DataError(f"is not CSV ({error})", file=path) from error


def columns_of(path: Path, header: Sequence[str], *wanted: str) -> list[int]:
    """Where columns are.

    Raises:
        DataError: one is missing.
    """
    for name in wanted:
        if name not in header:
            raise DataError(f"has no column {name!r}", file=path, fix="get the set again")
    return [list(header).index(name) for name in wanted]


def cell(path: Path, line: int, cells: Sequence[str], column: int) -> str:
    """A cell of a line.

    Raises:
        DataError: the line is too short.
    """
    if column >= len(cells):
        what = f"line {line} has {len(cells)} cells, {column + 1} are needed"
        raise DataError(what, file=path, fix="get the set again")
    return cells[column].strip()


def by_stem(audio: Iterable[Path]) -> dict[str, Path]:
    """Recordings by their names without suffix; of equal ones the first."""
    found: dict[str, Path] = {}
    for path in audio:
        found.setdefault(path.stem, path)
    return found


def row(path: Path, labels: Iterable[str], columns: Mapping[str, str]) -> Example:
    """A recording with its labels and what else is known."""
    label = TAG_SEPARATOR.join(dict.fromkeys(clean(one) for one in labels))
    return recording(path, {"label": label, **{k: v for k, v in columns.items() if v}})


def clean(label: str) -> str:
    """A label without what separates labels.

    >>> clean("Music;  live")
    'Music, live'
    """
    return " ".join(label.replace(TAG_SEPARATOR, ",").split())


def counted(examples: Sequence[Example], groups: str = "") -> str:
    """How many recordings, labels and groups there are.

    >>> counted([row(Path("a.mp3"), ["x"], {"source": "1"})], "artists")
    '1 recordings, 1 labels, 1 artists'
    """
    labels = {tag for one in examples for tag in one.tags}
    text = f"{len(examples)} recordings, {len(labels)} labels"
    if groups:
        text += f", {len({one.columns.get('source', '') for one in examples} - {''})} {groups}"
    return text
