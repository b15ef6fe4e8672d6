"""Rows as Parquet, JSONL or CSV. The schema is the same whatever is asked, but for two columns of
each question.

`files`: a row for each file. `parts`: a row for each thing that an answer lists: a label, a
segment, a word.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tympan.errors import MissingDependencyError

if TYPE_CHECKING:
    from tympan.scale.one_pass import FileRow

TABLES = ("files", "parts")
FILES: dict[str, type] = {
    "file": str, "error": str, "warnings": str, "duration_s": float, "rate_hz": int,
    "channels": int, "bytes": int, "seconds": float,
}  # fmt: skip
PARTS: dict[str, type] = {
    "file": str, "question": str, "list": str, "place": int, "start_s": float, "end_s": float,
    "label": str, "score": float, "text": str, "speaker": str, "values": str,
}  # fmt: skip
_SHARED = ("file", "model", "duration_s", "warnings")


def schema(columns: Sequence[str]) -> dict[str, dict[str, type]]:
    """Table → column → type of its values, each of which may be missing.

    Args:
        columns: of the questions, see `Asked.column`.

    >>> list(schema(["classify"])["files"])[-2:]
    ['classify', 'classify_json']
    """
    asked = {name: str for one in columns for name in (one, f"{one}_json")}
    return {"files": FILES | asked, "parts": dict(PARTS)}


def plain_rows(rows: Iterable[FileRow], columns: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Rows as plain values, of both tables."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    for row in rows:
        answers = {column: answer.to_json() for column, answer in row.answers.items()}
        warnings = dict.fromkeys(w for one in row.answers.values() for w in one.warnings)
        errors = [f"{column}: {text}" if column else text for column, text in row.errors.items()]
        values: dict[str, Any] = {
            "file": _text(row.file), "error": "; ".join(errors) or None,
            "warnings": "; ".join(map(str, warnings)) or None, "duration_s": row.duration_s,
            "rate_hz": row.rate_hz, "channels": row.channels, "bytes": row.bytes,
            "seconds": round(row.seconds, 4),
        }  # fmt: skip
        for column in columns:
            own = {k: v for k, v in answers.get(column, {}).items() if k not in _SHARED}
            answer = row.answers.get(column)
            values[column] = None if answer is None else _shown(answer)
            values[f"{column}_json"] = None if answer is None else _json(own)
            found["parts"] += _parts(row.file, column, own)
        found["files"].append(values)
    return found


def failed_row(file: str, error: str) -> FileRow:
    """The row of a file that no worker could finish."""
    from tympan.scale.one_pass import FileRow

    return FileRow(file, errors={"": error})


def _parts(file: str, column: str, answer: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """A row for each object in each list of an answer."""
    for name, items in answer.items():
        if not isinstance(items, list) or not items or not isinstance(items[0], dict):
            continue
        for place, item in enumerate(items):
            row: dict[str, Any] = dict.fromkeys(PARTS)
            row |= {"file": _text(file), "question": column, "list": name, "place": place}
            for key in ("start_s", "end_s", "score"):
                row[key] = _number(item.get(key))
            for key in ("label", "text", "speaker"):
                row[key] = item[key] if isinstance(item.get(key), str) else None
            row["values"] = _json(item)
            yield row


def encoded(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, type], kind: str) -> bytes:
    """A part of a table as the bytes of a file.

    Args:
        rows: plain values.
        columns: name → type.
        kind: `"parquet"`, `"jsonl"` or `"csv"`.

    Raises:
        MissingDependencyError: Parquet needs pyarrow.
    """
    if kind == "parquet":
        return _parquet(rows, columns)
    if kind == "jsonl":
        lines = (_json({name: row.get(name) for name in columns}) for row in rows)
        return "".join(f"{line}\n" for line in lines).encode()
    import csv

    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(columns), extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def has_parquet() -> bool:
    """Whether Parquet can be written here."""
    import importlib.util

    return importlib.util.find_spec("pyarrow") is not None


def _parquet(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, type]) -> bytes:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        fix = "pip install 'tympan[batch]', or --format jsonl"
        raise MissingDependencyError("Parquet needs pyarrow", fix=fix) from error
    types = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
    arrow_schema = pyarrow.schema([(name, types[kind]) for name, kind in columns.items()])
    data = {name: [row.get(name) for row in rows] for name in columns}
    table = pyarrow.table(data, schema=arrow_schema)
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(table, sink, compression="zstd")
    return bytes(sink.getvalue().to_pybytes())


def _shown(answer: Any) -> str:
    """An answer in words, without the name of its file."""
    shown = getattr(answer, "shown", None)
    text = shown() if shown is not None else str(answer).removeprefix(f"{answer.file}:")
    return _text(text.strip())


def _json(values: Any) -> str:
    text = json.dumps(values, ensure_ascii=False, default=str)
    return _text(text)


def _text(value: str) -> str:
    """Text that every format holds; bytes of a file name that are no UTF-8 are escaped."""
    return value.encode("utf-8", "backslashreplace").decode()


def _number(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number else None
