"""The labels of a folder in its `metadata.csv`, changed by several hands without losing an edit.

Each recording is changed by itself: whoever changes one says which state of it they saw, and is
refused where it is another by now. The table is read anew under a lock before each change, so what
another program wrote meanwhile stays, and columns that are not ours stay as they are.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tympan._files import atomic_write, locked
from tympan.data.marks import LabelMark, marks_of
from tympan.data.rows import read_rows
from tympan.data.table import TAG_SEPARATOR
from tympan.errors import DataError, TympanError

NAME = "metadata.csv"
OURS = ("file_name", "start_s", "end_s", "label")
# What belongs to one event and not to its recording, so that a new event does not get it.
_OF_EVENT = frozenset((*OURS[1:], "text", "low_hz", "high_hz", "not", "score"))

Cells = dict[str, str]


class ChangedMeanwhileError(DataError):
    """Somebody else has changed the labels of the recording; nothing was written."""


@dataclass(frozen=True)
class SheetState:
    """The labels of a folder at one time.

    Attributes:
        rows: of the table.
        names: its columns.
        marks: recording → its labels, in order of time.
        version: changes with any change of the table.
    """

    rows: tuple[Cells, ...]
    names: tuple[str, ...]
    version: str
    marks: Mapping[str, tuple[LabelMark, ...]] = field(default_factory=dict)

    @property
    def timed(self) -> bool:
        """Whether its labels are of parts of recordings."""
        return "start_s" in self.names

    @property
    def labels(self) -> dict[str, int]:
        """Each label, and how many recordings or parts have it, most first."""
        found: dict[str, int] = {}
        for marks in self.marks.values():
            for one in marks:
                if one.label:
                    found[one.label] = found.get(one.label, 0) + 1
        return dict(sorted(found.items(), key=lambda pair: (-pair[1], pair[0])))

    def of(self, name: str) -> tuple[LabelMark, ...]:
        """The labels of a recording."""
        return self.marks.get(name, ())

    def base(self, name: str) -> str:
        """What tells this state of a recording's labels from any other."""
        told = json.dumps([[one.start_s, one.end_s, one.label] for one in self.of(name)])
        return hashlib.sha256(told.encode()).hexdigest()[:16]


class LabelSheet:
    """The `metadata.csv` of a folder.

    Args:
        root: the folder.
        first: recording → labels that it has while there is no table, such as those of sub-folders;
            they are written with the first change.
        length_s: gives how long a recording is, for labels of whole ones among those of parts.

    >>> import tempfile
    >>> sheet = LabelSheet(Path(tempfile.mkdtemp()), length_s=lambda name: 5.0)
    >>> before = sheet.state()
    >>> after = sheet.change("a.wav", [LabelMark.of("dog")], before.base("a.wav"))
    >>> print(sheet.path.read_text(), end="")
    file_name,label
    a.wav,dog
    >>> sheet.change("a.wav", [LabelMark.of("cat")], before.base("a.wav"))
    Traceback (most recent call last):
    tympan.data.label_sheet.ChangedMeanwhileError: a.wav: its labels have been changed elsewhere \
(look at them, and change them again)
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        first: Mapping[str, Sequence[LabelMark]] | None = None,
        length_s: Callable[[str], float] = lambda name: 0.0,
    ) -> None:
        self.path = Path(root) / NAME
        self._first = dict(first or {})
        self._length_s = length_s
        self._stamp: tuple[int, ...] = ()
        self._state: SheetState | None = None

    def state(self) -> SheetState:
        """The labels as they are on disk now.

        Raises:
            DataError: the table cannot be read, or is none of labels.
        """
        try:
            stat = self.path.stat()
            stamp: tuple[int, ...] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
        except OSError:
            stamp = (0,)
        if self._state is None or stamp != self._stamp:
            self._state = self._read() if stamp != (0,) else self._begun()
            self._stamp = stamp
        return self._state

    def change(self, name: str, marks: Iterable[LabelMark], base: str) -> SheetState:
        """Give a recording other labels, and write the table, whole or not at all.

        Args:
            name: of the recording, relative to the folder, with `/`.
            marks: its labels; none: it has no label any more.
            base: `SheetState.base` of the recording, of the state that was changed.

        Returns:
            The state after it.

        Raises:
            ChangedMeanwhileError: its labels are others by now.
            DataError: the table cannot be read or written, or another process holds it.
        """
        wanted = sorted(set(marks))
        with locked(self.path):
            self._state = None  # two changes within a tick of the clock of files
            now = self.state()
            if now.base(name) != base:
                what = "its labels have been changed elsewhere"
                fix = "look at them, and change them again"
                raise ChangedMeanwhileError(what, file=name, fix=fix)
            rows, names = self._changed(now, name, wanted)
            content = _written(rows, names)
            with atomic_write(self.path) as beside:
                beside.write_bytes(content)
            self._state = None
            return self.state()

    # -- reading -----------------------------------------------------------------------------------

    def _read(self) -> SheetState:
        table = read_rows(self.path, lambda names: "file_name" in names)
        timed = {"start_s", "end_s"} & set(table.names)
        if table.names and "file_name" not in table.names:
            fix = "name the column of the recordings so"
            raise DataError("has no column 'file_name'", file=self.path, fix=fix)
        if len(timed) == 1 or (timed and "label" not in table.names):
            what = "has times, but not the columns start_s, end_s and label"
            raise DataError(what, file=self.path, fix="name them so, or move the table away")
        marks: dict[str, list[LabelMark]] = {}
        for line, cells in table.rows:
            try:
                found = marks_of(cells, bool(timed))
            except ValueError as error:
                raise DataError(f"line {line} {error}", file=self.path) from error
            marks.setdefault(_plain(cells["file_name"]), []).extend(found)
        rows = tuple(dict(cells) for _, cells in table.rows)
        return _state(rows, table.names, {k: tuple(sorted(v)) for k, v in marks.items()})

    def _begun(self) -> SheetState:
        """The labels where there is no table yet."""
        rows: list[Cells] = []
        names: tuple[str, ...] = ()
        timed = any(not one.whole for marks in self._first.values() for one in marks)
        for name, marks in self._first.items():
            rows += self._rows(name, sorted(marks), timed, [])
        if rows:
            names = OURS if timed else ("file_name", "label")
        marks_of = {name: tuple(sorted(marks)) for name, marks in self._first.items()}
        return _state(tuple(rows), names, marks_of)

    # -- writing -----------------------------------------------------------------------------------

    def _changed(
        self, now: SheetState, name: str, wanted: list[LabelMark]
    ) -> tuple[list[Cells], tuple[str, ...]]:
        """The rows with other labels for one recording, which stays where it is in the table."""
        timed = now.timed or any(not one.whole or not one.label for one in wanted)
        own = [row for row in now.rows if _plain(row["file_name"]) == name]
        made = self._rows(name, wanted, timed, own)
        rows: list[Cells] = []
        for row in now.rows:
            if _plain(row["file_name"]) != name:
                rows.append(row if now.timed or not timed else self._timed(row))
            elif made:
                rows += made
                made = []
        kept = [one for one in now.names if one not in OURS]
        return [*rows, *made], (*(OURS if timed else ("file_name", "label")), *kept)

    def _rows(
        self, name: str, wanted: list[LabelMark], timed: bool, own: list[Cells]
    ) -> list[Cells]:
        """The rows of one recording; of rows that are there, what is not ours stays."""
        shared = {
            key: value
            for key, value in (own[0] if own else {}).items()
            if key not in _OF_EVENT and all(row.get(key, "") == value for row in own)
        }
        if not wanted:
            empty = any(value for key, value in shared.items() if key != "file_name")
            return [{**shared, "file_name": name, "label": ""}] if empty else []
        if not timed:
            label = TAG_SEPARATOR.join(dict.fromkeys(one.label for one in wanted))
            return [{**(own[0] if len(own) == 1 else shared), "file_name": name, "label": label}]
        known = {_span(row): row for row in own}
        rows = []
        for one in wanted:
            start, end = self._times(name, one)
            rest = known.get(_span({"start_s": start, "end_s": end}), shared)
            rows.append({**rest, "file_name": name, "start_s": start, "end_s": end,
                         "label": one.label})  # fmt: skip
        return rows

    def _times(self, name: str, one: LabelMark) -> tuple[str, str]:
        if one.whole and not one.label:
            return "", ""
        start_s, end_s = (0.0, self._length_s(name)) if one.whole else (one.start_s, one.end_s)
        return f"{start_s:.3f}", f"{end_s:.3f}"

    def _timed(self, row: Cells) -> Cells:
        """A label of a whole recording as one from its begin to its end."""
        name = _plain(row["file_name"])
        try:
            start, end = self._times(name, LabelMark.of(row.get("label", "")))
        except TympanError:  # gone, or damaged: nobody's labels wait for it
            start, end = "", ""
        return {**row, "start_s": start, "end_s": end}


def _written(rows: Iterable[Cells], names: Sequence[str]) -> bytes:
    """The table as a file, which whoever reads tables can read.

    Raises:
        DataError: a recording has a name that none can hold.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, names, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows:
        shown = row.get("file_name", "").encode("utf-8", "replace").decode()
        if shown != row.get("file_name", ""):
            what = "has a name that is not UTF-8, which a table cannot hold"
            raise DataError(what, file=shown, fix="rename it")
        writer.writerow(row)
    return text.getvalue().encode()


def _state(
    rows: tuple[Cells, ...], names: tuple[str, ...], marks: dict[str, tuple[LabelMark, ...]]
) -> SheetState:
    told = json.dumps([names, rows]).encode()
    return SheetState(rows, names, hashlib.sha256(told).hexdigest()[:16], marks)


def _span(row: Cells) -> tuple[float, float] | None:
    """Begin and end of a row to the millisecond, however they are written."""
    try:
        return round(float(row["start_s"]), 3), round(float(row["end_s"]), 3)
    except (KeyError, ValueError):
        return None


def _plain(name: str) -> str:
    """The name of a recording in one spelling.

    >>> _plain("./a//b.wav")
    'a/b.wav'
    """
    return os.path.normpath(name).replace(os.sep, "/") if name else ""
