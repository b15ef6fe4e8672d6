"""Events of one recording as CSV: start, end and label, with or without a line of names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path

from tympan.data._text import number
from tympan.data.annotations._common import check, in_order, write_text, wrong
from tympan.data.columns import EVENT_COLUMNS, event_of, names_events, recognise_events
from tympan.data.rows import read_rows
from tympan.data.table import Supervision
from tympan.errors import DataError


def read_csv(path: str | Path) -> tuple[Supervision, ...]:
    """Read events (`.csv` or `.tsv`), separated by comma, semicolon or tab.

    Args:
        path: the file. Its first line names the columns `start_s,end_s,label` and, as needed,
            `low_hz,high_hz,speaker,text` (or other usual names of these); without such a line the
            first three columns are start, end and label.

    Returns:
        One supervision for each row, in order of time.

    Raises:
        DataError: no such table, with the line.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text("onset,offset,label\\n0.5,2,dog\\n")
    >>> read_csv(path)[0].label
    'dog'
    """
    path = Path(path)
    table = read_rows(
        path,
        knows=lambda names: names_events(names) or has_no_header(names),
        headless=lambda cells: EVENT_COLUMNS[:3] if has_no_header(cells) else (),
    )
    if not table.names:
        raise DataError("is empty", file=path, fix="its first line is start_s,end_s,label")
    columns = recognise_events(table.names)
    if "start_s" not in columns or "end_s" not in columns:
        what = f"names no columns start_s and end_s; they are: {', '.join(table.names)[:120]}"
        raise DataError(what, file=path)
    found = []
    for line, cells in table.rows:
        try:
            found.append(event_of({name: cells.get(c, "") for name, c in columns.items()}))
        except ValueError as error:
            raise wrong(path, line, str(error)) from None
    return in_order(found)


def has_no_header(names: Iterable[str]) -> bool:
    """Whether the first line holds an event (two numbers and a label), not names.

    >>> has_no_header(["0.5", "2", "dog"]), has_no_header(["time", "pitch"])
    (True, False)
    """
    cells = list(names)
    try:
        return len(cells) >= 3 and number(cells[0]) <= number(cells[1])
    except ValueError:
        return False


def write_csv(path: str | Path, supervisions: Iterable[Supervision]) -> Path:
    """Write events with a line of names; columns that nothing fills are left out.

    Args:
        path: the file, `.csv`.
        supervisions: what to write.

    Raises:
        ArgumentError: times that cannot be written.
    """
    items = check(supervisions)
    names = [n for n in EVENT_COLUMNS if n in EVENT_COLUMNS[:3] or any(_cell(i, n) for i in items)]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(one, name) for name in names] for one in items)
    # A text may hold line breaks, so its lines are not ours to cut.
    return write_text(path, [text.getvalue().removesuffix("\n")])


def _cell(one: Supervision, name: str) -> str:
    value = getattr(one, name)
    if isinstance(value, float):
        return repr(value)
    # A bare return would end the row for some readers.
    return "" if value is None else str(value).replace("\r\n", "\n").replace("\r", "\n")
