"""Selection tables of Raven (Cornell Lab of Ornithology): boxes in time and frequency."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tympan.data._text import band, times
from tympan.data.annotations._common import (
    check,
    in_order,
    numbered_lines,
    one_line,
    words_of,
    write_text,
    wrong,
)
from tympan.data.table import Supervision
from tympan.errors import DataError

_START, _END = "begin time (s)", "end time (s)"
_LOW, _HIGH = "low freq (hz)", "high freq (hz)"
# Columns that people add for what it is; the first that is there counts.
LABEL_COLUMNS = (
    "label",
    "annotation",
    "species",
    "common name",
    "species code",
    "class",
    "call type",
    "type",
    "tag",
    "tags",
    "code",
    "comments",
)


def read_raven(path: str | Path, label_column: str | None = None) -> tuple[Supervision, ...]:
    """Read a selection table (`.txt`, separated by tabs).

    A selection that is listed for two views (waveform and spectrogram) counts once, with the box of
    the spectrogram.

    Args:
        path: the file.
        label_column: the column that says what it is; default the first of the usual ones.

    Returns:
        One supervision for each selection, in order of time.

    Raises:
        DataError: it is no selection table, with the line.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.txt"
    >>> header = "Selection\\tBegin Time (s)\\tEnd Time (s)\\tSpecies"
    >>> _ = path.write_text(header + "\\n1\\t0.5\\t2\\twren\\n")
    >>> read_raven(path)[0].label
    'wren'
    """
    path = Path(path)
    lines = list(numbered_lines(path))
    header = [name.strip() for name in lines[0][1].split("\t")] if lines else []
    at = {name.casefold(): i for i, name in reversed(list(enumerate(header)))}
    if _START not in at or _END not in at:
        known = ", ".join(header)[:120] or "empty"
        what = f"line 1 has no columns 'Begin Time (s)' and 'End Time (s)'; it is: {known}"
        raise DataError(what, file=path, fix="export it from Raven with these measurements")
    wanted = [label_column.casefold()] if label_column is not None else LABEL_COLUMNS
    label_at = next((at[name] for name in wanted if name in at), None)
    if label_column is not None and label_at is None:
        what = f"has no column {label_column!r}; its columns are: {', '.join(header)[:120]}"
        raise DataError(what, file=path)
    found: dict[str, Supervision] = {}
    for line, content in lines[1:]:
        cells = [*content.split("\t"), *[""] * len(header)]
        count = content.count("\t") + 1
        if count <= at[_END]:
            raise wrong(path, line, f"has {count} cells, the header {len(header)}")
        try:
            start_s, end_s = times(cells[at[_START]], cells[at[_END]])
            low, high = (cells[at[name]] if name in at else "" for name in (_LOW, _HIGH))
            low_hz, high_hz = band(low, high)
        except ValueError as error:
            raise wrong(path, line, str(error)) from None
        label = "" if label_at is None else one_line(cells[label_at])
        number = cells[at["selection"]].strip() if "selection" in at else ""
        view = cells[at["view"]].casefold() if "view" in at else ""
        key = number if number and view else f"line {line}"
        if key not in found or "spectrogram" in view:
            found[key] = Supervision(start_s, end_s, label=label, low_hz=low_hz, high_hz=high_hz)
    return in_order(found.values())


def write_raven(path: str | Path, supervisions: Iterable[Supervision]) -> Path:
    """Write a selection table that Raven opens; times to a billionth of a second.

    The annotation is the label, else the text, else the speaker; a missing frequency is an empty
    cell.

    Args:
        path: the file, `.txt`.
        supervisions: what to write.

    Raises:
        ArgumentError: times that cannot be written.
    """
    lines = [
        "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"
        "\tAnnotation"
    ]
    for i, one in enumerate(check(supervisions), start=1):
        low, high = ("" if f is None else f"{f:.3f}" for f in (one.low_hz, one.high_hz))
        lines.append(
            f"{i}\tSpectrogram 1\t1\t{one.start_s:.9f}\t{one.end_s:.9f}\t{low}\t{high}"
            f"\t{one_line(words_of(one))}"
        )
    return write_text(path, lines)
