"""Read the rows of CSV, TSV and JSON lines, and refuse what is wrong in them by line."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tympan.data._text import read_text
from tympan.data.table import TAG_SEPARATOR
from tympan.errors import DataError

# Excel's way of naming the delimiter, in a line before the header.
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<delimiter>[,;\t|])"?[,;\t|]*\r?(\n|$)', re.IGNORECASE)
_DELIMITERS: tuple[str, ...] = (",", ";", "\t", "|")

Row = tuple[int, dict[str, str]]  # line number in the file, its columns


@dataclass(frozen=True)
class Rows:
    """The content of a table file.

    Attributes:
        path: the file.
        names: its columns, in their order.
        rows: line number and cells by column, for each row that is not blank.
    """

    path: Path
    names: tuple[str, ...]
    rows: tuple[Row, ...]


def read_rows(
    path: Path,
    knows: Callable[[Sequence[str]], bool] = lambda names: False,
    headless: Callable[[Sequence[str]], Sequence[str]] = lambda cells: (),
) -> Rows:
    """Read a table file.

    Args:
        path: `.csv`, `.tsv` or `.jsonl`. A CSV may be separated by comma, semicolon, tab or `|`.
        knows: whether these are column names that make sense; decides between separators.
        headless: the column names, if these cells of the first line are no names but a row.

    Raises:
        DataError: wrong encoding, no such format, a row that is ragged, a column that is double.

    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "a.csv"
    >>> _ = path.write_text("file;label\\na.wav;dog\\n")
    >>> read_rows(path).rows
    ((2, {'file': 'a.wav', 'label': 'dog'}),)
    """
    text = read_text(path, fix="save it as CSV UTF-8")
    if path.suffix.lower() == ".jsonl":
        return _jsonl(text, path)
    return _csv(text, path, knows, headless)


def read_names(path: Path, knows: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    """The column names of a table file; none if it is no such file.

    Args:
        path: `.csv`, `.tsv` or `.jsonl`.
        knows: as in `read_rows`.
    """
    try:
        with path.open("rb") as file:
            head = file.read(65536)
        beside = head.decode("utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as error:
        beside = head[: error.start].decode("utf-8-sig", "ignore")
    except OSError:
        return ()
    try:
        if path.suffix.lower() == ".jsonl":
            return _jsonl(beside.split("\n")[0], path).names
        return tuple(_header(beside, path, knows, lambda cells: ())[0])
    except DataError:
        return ()


def _csv(
    text: str,
    path: Path,
    knows: Callable[[Sequence[str]], bool],
    headless: Callable[[Sequence[str]], Sequence[str]],
) -> Rows:
    header, reader, skipped = _header(text, path, knows, headless)
    double = {name for name in header if name and header.count(name) > 1}
    if double:
        raise DataError(f"has the column {min(double)!r} twice", file=path)
    needed = len(_without_blank_end(header, 0))
    rows: list[Row] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            cells = _without_blank_end(cells, len(header))
            line = reader.line_num + skipped
            if not needed <= len(cells) <= len(header):
                raise DataError(
                    f"line {line} has {len(cells)} cells, the header {len(header)}",
                    file=path,
                    fix="put text that holds a comma into double quotes",
                )
            rows.append((line, {k: v.strip() for k, v in zip(header, cells, strict=False) if k}))
    except csv.Error as error:
        line = reader.line_num + skipped
        raise DataError(f"is not CSV (line {line}: {error})", file=path) from error
    return Rows(path, tuple(name for name in header if name), tuple(rows))


def _without_blank_end(cells: list[str], least: int) -> list[str]:
    """Drop the empty cells that spreadsheets leave at the end of a line, down to a number."""
    end = len(cells)
    while end > least and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _header(
    text: str,
    path: Path,
    knows: Callable[[Sequence[str]], bool],
    headless: Callable[[Sequence[str]], Sequence[str]],
) -> tuple[list[str], Any, int]:
    """The column names, the reader behind them, and how many lines stand before them.

    The separator is the one that the header shows: under which it has names that make sense, else
    the most names.
    """
    named = _SEPARATOR_LINE.match(text)
    delimiters = _DELIMITERS if path.suffix.lower() != ".tsv" else ("\t", ",", ";", "|")
    if named:
        text, delimiters = text[named.end() :], (named["delimiter"],)

    def reader(delimiter: str) -> Any:
        return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)

    headers: dict[str, list[str]] = {}
    for delimiter in delimiters:
        try:
            first: list[str] = next(reader(delimiter), [])
        except csv.Error as error:
            raise DataError(f"is not CSV (line 1: {error})", file=path) from error
        headers[delimiter] = [name.strip() for name in first]
    chosen = max(headers, key=lambda d: (knows(headers[d]), len(headers[d])))
    header, rows = headers[chosen], reader(chosen)
    names = list(headless(header))
    if names:
        return names + [""] * (len(header) - len(names)), rows, 1 if named else 0
    next(rows, None)
    return header, rows, 1 if named else 0


def _jsonl(text: str, path: Path) -> Rows:
    rows: list[Row] = []
    names: dict[str, None] = {}
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            row = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise DataError(f"line {line} is not JSON: {error}", file=path) from error
        if not isinstance(row, dict):
            raise DataError(f"line {line} is not a JSON object", file=path)
        rows.append((line, {str(key): _as_text(value) for key, value in row.items()}))
        names.update(dict.fromkeys(rows[-1][1]))
    return Rows(path, tuple(names), tuple(rows))


def _as_text(value: object) -> str:
    # Python's json writes a missing number as NaN, which is no value and no text.
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return TAG_SEPARATOR.join(value)
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError:
        return str(type(value))
