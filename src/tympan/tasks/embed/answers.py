"""What a user answered about moments of an archive, kept in a plain `metadata.csv`.

The columns are `file_name,start_s,end_s,label,not`: one row for each moment. `label` holds the
labels that apply, separated by `;`, or the word for none of them (`other`) once all were refused;
`not` holds those that were refused. `tympan train --metadata` takes the file as it is.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tympan._files import atomic_write
from tympan.data.table import TAG_SEPARATOR
from tympan.errors import ArgumentError, DataError

COLUMNS = ("file_name", "start_s", "end_s", "label", "not")
# Words for "none of the labels" in a table that was filled in by hand.
NONE = frozenset(("no", "none", "-"))
# For the label that was suggested, for anything but that one, and for no answer.
YES, NOT_IT, SKIPPED = frozenset(("yes", "y")), "n", frozenset(("?", "skip", "s"))


@dataclass(frozen=True)
class Moment:
    """A part of a recording.

    Attributes:
        file: its whole path.
        start_s: where it begins.
        end_s: where it ends.

    >>> Moment("a.wav", 1.0, 3.5).overlaps(Moment("a.wav", 3.0, 5.5))
    True
    """

    file: str
    start_s: float
    end_s: float

    def overlaps(self, other: Moment) -> bool:
        """Whether they have a part of one recording in common."""
        same = self.file == other.file
        return same and self.start_s < other.end_s and other.start_s < self.end_s


@dataclass(frozen=True)
class Judgement:
    """Whether a label applies to a moment."""

    moment: Moment
    label: str
    yes: bool


class Answers:
    """The answers in their order, on disk after each change.

    Args:
        path: the table, read if it is there.
        other: the label of a moment to which none of the labels applies.

    Raises:
        DataError: the table is no such table.

    >>> import tempfile
    >>> answers = Answers(Path(tempfile.mkdtemp(), "labels.csv"))
    >>> answers.add([Judgement(Moment("/recordings/a.wav", 0.0, 2.0), "frog", True)])
    >>> print(answers.path.read_text(), end="")
    file_name,start_s,end_s,label,not
    /recordings/a.wav,0.000,2.000,frog,
    """

    def __init__(self, path: Path, other: str = "other") -> None:
        self.path, self.other = path, other
        self._steps: list[list[Judgement]] = []
        self._labels: dict[str, None] = {}
        if path.exists():
            self._steps = [[one] for one in self._read(path)]
        for one in self:
            self._labels[one.label] = None

    def __iter__(self) -> Iterator[Judgement]:
        """All answers; of two about one moment and label the later one holds."""
        return (one for step in self._steps for one in step)

    def __len__(self) -> int:
        return sum(map(len, self._steps))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in the order in which they came."""
        return tuple(self._labels)

    def add_label(self, label: str) -> str:
        """Take a label into the list; its name as it is kept.

        Raises:
            ArgumentError: it cannot be a label.
        """
        name = " ".join(label.split())
        if not name or len(name) > 100 or TAG_SEPARATOR in name or not name.isprintable():
            fix = f"1 to 100 letters, without {TAG_SEPARATOR!r}"
            raise ArgumentError(f"{label[:100]!r} cannot be a label", fix=fix)
        if name == self.other or name.lower() in {*NONE, *YES, NOT_IT}:
            fix = "it stands for an answer"
            raise ArgumentError(f"{name!r} cannot be a label of its own", fix=fix)
        self._labels[name] = None
        return name

    def add(self, step: Iterable[Judgement]) -> None:
        """Take answers that were given together, and write the table."""
        step = list(step)
        for one in step:
            self.add_label(one.label)
        self._steps.append(step)
        try:
            self.save()
        except BaseException:
            self._steps.pop()  # what is not on disk was not answered
            raise

    def undo(self) -> list[Judgement]:
        """Take the last answers back, and write the table; those that were taken back."""
        if not self._steps:
            return []
        taken = self._steps.pop()
        self.save()
        return taken

    def by_moment(self) -> dict[Moment, dict[str, bool]]:
        """The labels that apply to each moment or not, in the order of the answers."""
        found: dict[Moment, dict[str, bool]] = {}
        for one in self:
            found.setdefault(one.moment, {})[one.label] = one.yes
        return found

    def count(self, label: str) -> tuple[int, int]:
        """To how many moments a label applies, and to how many not."""
        said = [known[label] for known in self.by_moment().values() if label in known]
        return sum(said), len(said) - sum(said)

    def save(self) -> Path:
        """Write the table, whole or not at all."""
        rows = [self._row(moment, known) for moment, known in self.by_moment().items()]
        write_table(self.path, COLUMNS, rows)
        return self.path

    def _row(self, moment: Moment, known: Mapping[str, bool]) -> tuple[str, ...]:
        yes = [label for label, applies in known.items() if applies]
        no = [label for label, applies in known.items() if not applies]
        label = TAG_SEPARATOR.join(yes)
        if not yes and set(no) >= set(self._labels):
            label = self.other
        return (*self.cells(moment), label, TAG_SEPARATOR.join(no))

    def cells(self, moment: Moment) -> tuple[str, str, str]:
        """File and times of a moment as the table has them: below its folder by a short name."""
        path, home = Path(moment.file), Path(os.path.abspath(self.path)).parent
        name = path.relative_to(home).as_posix() if path.is_relative_to(home) else str(path)
        return name, f"{moment.start_s:.3f}", f"{moment.end_s:.3f}"

    def _read(self, path: Path) -> list[Judgement]:
        found: list[Judgement] = []
        for moment, cells in read_moments(path, exactly=COLUMNS):
            if moment.end_s <= moment.start_s:
                what = f"has no times for {cells['file_name']}"
                raise DataError(what, file=path, fix="fill in start_s and end_s")
            applying = listed(cells.get("label", ""))
            refused = listed(cells.get("not", ""))
            found += [Judgement(moment, one, True) for one in applying if one != self.other]
            found += [Judgement(moment, one, False) for one in refused]
        return found


def listed(text: str) -> list[str]:
    """The labels in a cell."""
    return [one.strip() for one in text.split(TAG_SEPARATOR) if one.strip()]


def read_moments(
    path: Path, exactly: Iterable[str] = ()
) -> Iterator[tuple[Moment, dict[str, str]]]:
    """The moments of a table with their other cells.

    Args:
        path: the table; its names are relative to its folder.
        exactly: the only columns that it may have; none: any.

    Yields:
        The moment, from 0 to 0 where a row has no times, and the cells.

    Raises:
        DataError: it is no such table.
    """
    from tympan.data._text import times
    from tympan.data.rows import read_rows

    table = read_rows(path, lambda names: {"file_name", "label"} <= set(names))
    for name in ("file_name", "label"):
        if name not in table.names:
            fix = "its columns are file_name, start_s, end_s, label"
            raise DataError(f"has no column {name!r}", file=path, fix=fix)
    allowed = set(exactly)
    more = [name for name in table.names if allowed and name not in allowed]
    if more:
        what = f"has the column {more[0]!r}, which would be lost when labels are added"
        raise DataError(what, file=path, fix="give the labels a table of their own with -o")
    for line, cells in table.rows:
        start, end = cells.get("start_s", ""), cells.get("end_s", "")
        if not cells["file_name"]:
            raise DataError(f"names no file in line {line}", file=path)
        try:
            start_s, end_s = times(start, end) if start or end else (0.0, 0.0)
        except ValueError as error:
            raise DataError(f"line {line} {error}", file=path) from error
        yield Moment(os.path.abspath(path.parent / cells["file_name"]), start_s, end_s), cells


def write_table(path: Path, columns: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a CSV, whole or not at all, which whoever reads tables can read.

    Raises:
        DataError: a recording has a name that none can hold.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        for cell in row:
            shown = cell.encode("utf-8", "replace").decode()
            if shown != cell:
                what = "has a name that is not UTF-8, which a table cannot hold"
                raise DataError(what, file=shown, fix="rename it, and embed the archive again")
        writer.writerow(row)
    with atomic_write(path) as beside:
        beside.write_bytes(text.getvalue().encode())
