"""Read `metadata.csv` and `metadata.jsonl`, and refuse what is wrong in them by line."""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from tympan.data.table import TAG_SEPARATOR, Example, recording
from tympan.errors import DataError

NAMES = ("metadata.csv", "metadata.jsonl")
# Several rows for one file are events in it, and need these.
_EVENT_COLUMNS = ("start_s", "end_s")
# Excel's way of naming the delimiter, in a line before the header.
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<delimiter>[,;\t|])"?[,;\t|]*\r?(\n|$)', re.IGNORECASE)

Row = tuple[int, dict[str, str]]  # line number in the file, its columns


def find(root: Path) -> Path | None:
    """The folder's metadata file, or None.

    Raises:
        DataError: there are two.
    """
    found = [root / name for name in NAMES if (root / name).is_file()]
    if len(found) > 1:
        raise DataError(
            "holds both metadata.csv and metadata.jsonl", file=root, fix="keep one of them"
        )
    return found[0] if found else None


def read(path: Path, root: Path) -> tuple[tuple[Example, ...], int]:
    """The rows of a metadata file as examples, and how many were left out for want of a label.

    Raises:
        DataError: wrong encoding, no `file_name` column, a row that is ragged, empty, double, or
            names a file that is missing or outside the folder.
    """
    text = _decode(path)
    rows = list(_jsonl(text, path) if path.suffix == ".jsonl" else _csv(text, path))
    if not rows:
        raise DataError("has no rows", file=path, fix="add one row for each recording")
    rows, unlabelled = _labelled(rows, path)
    _check_doubles(rows, path)
    examples, missing = [], []
    for line, columns in rows:
        name = columns.pop("file_name")
        # One text has one spelling: macOS writes "ü" as two characters.
        columns = {k: unicodedata.normalize("NFC", v) for k, v in columns.items()}
        found = _resolve(name, root, path, line)
        if found is None:
            missing.append(f"{name} (line {line})")
        else:
            examples.append(recording(found, columns))
    if missing:
        raise DataError(
            f"names {_several(missing)} that {'do' if len(missing) > 1 else 'does'} not exist",
            file=path,
            fix="file_name is relative to the folder of the metadata file",
        )
    return tuple(examples), unlabelled


def _decode(path: Path) -> str:
    raw = path.read_bytes()
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig"
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise DataError(
            f"is not UTF-8 text (line {line})", file=path, fix="save it as CSV UTF-8"
        ) from error


def _csv(text: str, path: Path) -> Iterator[Row]:
    # NUL bytes are no text; the csv module would keep them silently.
    if "\0" in text:
        raise DataError("holds NUL bytes, it is not text", file=path, fix="save it as CSV UTF-8")
    named = _SEPARATOR_LINE.match(text)
    skipped = 1 if named else 0
    delimiters = (named["delimiter"],) if named else (",", ";", "\t")
    header, reader = _csv_header(text[named.end() :] if named else text, path, delimiters)
    needed = len(_without_blank_end(header, 0))
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            cells = _without_blank_end(cells, len(header))
            if not needed <= len(cells) <= len(header):
                raise DataError(
                    f"line {reader.line_num + skipped} has {len(cells)} cells, "
                    f"the header {len(header)}",
                    file=path,
                    fix="put text that holds a comma into double quotes",
                )
            columns = {k: v.strip() for k, v in zip(header, cells, strict=False) if k}
            yield reader.line_num + skipped, columns
    except csv.Error as error:
        line = reader.line_num + skipped
        raise DataError(f"is not CSV (line {line}: {error})", file=path) from error


def _without_blank_end(cells: list[str], least: int) -> list[str]:
    """Drop the empty cells that spreadsheets leave at the end of a line, down to a number."""
    end = len(cells)
    while end > least and not cells[end - 1].strip():
        end -= 1
    return cells[:end]


def _csv_header(text: str, path: Path, delimiters: tuple[str, ...]) -> tuple[list[str], Any]:
    """The column names and the reader behind them; the delimiter is the one the header shows."""
    names: list[str] = []
    for delimiter in delimiters:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
        except csv.Error as error:
            raise DataError(f"is not CSV (line 1: {error})", file=path) from error
        names = max(names, header, key=len)
        if "file_name" in header:
            double = {name for name in header if name and header.count(name) > 1}
            if double:
                raise DataError(f"has the column {min(double)!r} twice", file=path)
            _check_spelling(header, path)
            return header, reader
    _check_spelling(names, path)
    raise DataError(
        "has no column 'file_name'",
        file=path,
        fix=f"its first line must name the columns; it is: {', '.join(names)[:120] or 'empty'}",
    )


def _check_spelling(names: Iterable[str], path: Path, where: str = "") -> None:
    """Refuse a column that is almost `file_name` or `label` where the right one is missing."""
    names = list(names)
    for right in ("file_name", "label"):
        for name in names if right not in names else ():
            if re.sub(r"[\W_]", "", name).casefold() == right.replace("_", ""):
                raise DataError(
                    f"has no column {right!r}{where}, but one called {name!r}",
                    file=path,
                    fix=f"write it {right!r}; the columns here are: {', '.join(names)[:120]}",
                )


def _jsonl(text: str, path: Path) -> Iterator[Row]:
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            row = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise DataError(f"line {line} is not JSON: {error}", file=path) from error
        if not isinstance(row, dict):
            raise DataError(f"line {line} is not a JSON object", file=path)
        _check_spelling(row, path, f" in line {line}")
        if not isinstance(row.get("file_name"), str):
            raise DataError(f"line {line} has no 'file_name' text", file=path)
        yield line, {str(key): _as_text(value) for key, value in row.items()}


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        return TAG_SEPARATOR.join(value)
    return json.dumps(value, ensure_ascii=False)


def _labelled(rows: list[Row], path: Path) -> tuple[list[Row], int]:
    """Leave out rows with an empty label where others have one; they are counted and reported.

    Where rows hold several labels (`dog;rain`), an empty one means: none of them.
    """
    if not any("label" in columns for _, columns in rows):
        return rows, 0
    if any(TAG_SEPARATOR in columns.get("label", "") for _, columns in rows):
        return rows, 0
    kept = [(line, columns) for line, columns in rows if columns.get("label")]
    if not kept:
        raise DataError("has an empty label in every row", file=path, fix="fill in the labels")
    return kept, len(rows) - len(kept)


def _check_doubles(rows: list[Row], path: Path) -> None:
    first: dict[str, int] = {}
    for line, columns in rows:
        name = os.path.normpath(columns["file_name"])
        events = all(columns.get(c) for c in _EVENT_COLUMNS)
        if name in first and not events:
            raise DataError(
                f"names {columns['file_name']} twice (lines {first[name]} and {line})",
                file=path,
                fix="one row for each file; for several labels write them as 'a;b'; "
                "for events in a file add start_s and end_s",
            )
        first.setdefault(name, line)


def _resolve(name: str, root: Path, path: Path, line: int) -> Path | None:
    """The file a row names, None if it is missing; refuses what leads out of the folder."""
    if not name:
        raise DataError(f"has an empty file_name in line {line}", file=path)
    if "\0" in name:
        raise DataError(f"has a NUL character in the file_name of line {line}", file=path)
    for candidate in _spellings(name):
        pure = PurePosixPath(candidate)
        if pure.is_absolute() or ".." in pure.parts or PureWindowsPath(candidate).drive:
            raise DataError(
                f"names {name} (line {line}), which leads out of the folder",
                file=path,
                fix="file_name must lie below the folder of the metadata file",
            )
        try:
            if (root / candidate).is_file():
                return root / candidate
        except OSError:  # a name too long for the file system
            return None
    return None


def _spellings(name: str) -> Iterator[str]:
    """A file name as it stands, as Windows would mean it, and in both ways to write accents."""
    for one in (name, name.replace("\\", "/")):
        yield one
        yield unicodedata.normalize("NFC", one)
        yield unicodedata.normalize("NFD", one)


def _several(items: list[str], limit: int = 5) -> str:
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more
