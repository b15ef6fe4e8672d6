"""How a page shows an answer of any kind, from what its `to_json` gives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tympan.report.page import NBSP, percent, words
from tympan.report.parts import AnswerParts, Part, Shown
from tympan.report.sections import Fact, moment
from tympan.report.tracks import MOST_ROWS, Span, Table, TableRow, Track, track

# What every answer has, and what the page shows elsewhere.
_SHARED = ("file", "model", "duration_s", "warnings")
_UNITS = {"s": "s", "hz": "Hz", "db": "dB", "bpm": "BPM", "lufs": "LUFS", "ms": "ms"}
_FEW = 12  # so many plain values are listed one by one
_LONG_TEXT = 60
# Where a span's lane gets its name from, and its text.
_NAMES, _TEXTS = ("label", "speaker", "instrument", "name"), ("text",)


def parts(shown: Shown[Any]) -> AnswerParts:
    """Its fields as facts, texts and tables; what has times as a track, too."""
    values = {k: v for k, v in shown.answer.to_json().items() if k not in _SHARED}
    facts: list[Fact] = []
    texts: list[tuple[str, str]] = []
    tables: list[tuple[str, Table]] = []
    tracks: list[Track] = []
    for name, value in values.items():
        title = _title(name)
        rows = _rows(value)
        if rows:
            tables.append((title, table_of(rows)))
            spans = _spans(rows, title)
            if spans:
                tracks.append(track(title, spans, shown.duration_s, listed=False))
        elif isinstance(text := cell(value, name), str) and len(text) > _LONG_TEXT:
            texts.append((title, text))
        else:
            facts.append(Fact(title, text, headline=len(text) <= 16))
    section = Part(
        "hear_any.html.j2",
        {
            "title": shown.question,
            "nothing": shown.nothing,
            "facts": facts,
            "texts": texts,
            "tables": tables,
            "playable": shown.playable,
            "key": shown.key,
        },
    )
    return AnswerParts([section], [] if shown.nothing else tracks)


def _title(name: str) -> str:
    """A field's name as people write it.

    >>> _title("tempo_bpm"), _title("speaker")
    ('Tempo (BPM)', 'Speaker')
    """
    head, _, unit = name.rpartition("_")
    if head and unit in _UNITS:
        return f"{_title(head)} ({_UNITS[unit]})" if unit != "s" else _title(head)
    text = words(name)
    return text[:1].upper() + text[1:]


def cell(value: Any, name: str = "") -> str:
    """A plain value as people read it.

    >>> cell(None), cell(True), cell(0.123456), cell(2.5, "start_s"), cell([1, 2])
    ('–', 'yes', '0.1235', '2.5 s', '1, 2')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        if name.endswith("_s"):
            return moment(value)
        return f"{value:.4g}".replace("-", "−") if math.isfinite(value) else "–"
    if isinstance(value, Mapping):
        return "; ".join(f"{words(str(k))}: {cell(v, str(k))}" for k, v in value.items())
    if isinstance(value, str):
        return words(value) if name in _NAMES else value
    items = [cell(one) for one in value]
    if len(items) > _FEW and all(isinstance(one, int | float) for one in value):
        return f"{len(items):,} numbers: {', '.join(items[:_FEW])} …"
    return ", ".join(items) or "none"


def _rows(value: Any) -> list[Mapping[str, Any]]:
    """A list of objects, or an object, as rows; empty if it is neither."""
    if isinstance(value, Mapping):
        return [{"name": str(k), "value": v} for k, v in value.items()]
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [one for one in value if isinstance(one, Mapping)]
    return []


def table_of(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Rows as a table of the page; those with times can be played."""
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    numbers = [i for i, name in enumerate(names) if all(_is_number(row.get(name)) for row in rows)]
    found = []
    for row in rows[:MOST_ROWS]:
        start_s, end_s = row.get("start_s"), row.get("end_s")
        timed = _is_number(start_s) and _is_number(end_s)
        found.append(
            TableRow(
                [_scored(row.get(name), name) for name in names],
                float(start_s) if timed else None,  # type: ignore[arg-type]
                float(end_s) if timed else None,  # type: ignore[arg-type]
                _first(row, (*_TEXTS, *_NAMES)) or "it",
            )
        )
    titles = [{"start_s": "From", "end_s": "To"}.get(name, _title(name)) for name in names]
    return Table(titles, found, numbers)


def _scored(value: Any, name: str) -> str:
    is_share = name in ("score", "probability") and _is_number(value) and 0 <= value <= 1
    return percent(float(value)) if is_share else cell(value, name)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _first(row: Mapping[str, Any], names: Iterable[str]) -> str:
    """The first field of these names that says something."""
    found = (row[name] for name in names if row.get(name) not in (None, ""))
    return cell(next(found, ""))


def _spans(rows: Sequence[Mapping[str, Any]], title: str) -> list[Span]:
    """The rows that have a beginning and an end, in lanes by what they name."""
    found = []
    for row in rows:
        start_s, end_s, score = row.get("start_s"), row.get("end_s"), row.get("score")
        if not (_is_number(start_s) and _is_number(end_s)):
            continue
        is_share = _is_number(score) and 0 <= score <= 1  # type: ignore[operator]
        text = _first(row, _TEXTS)
        if not text and not is_share and score is not None:
            text = f"{cell(score)}{NBSP}({title.lower()})"
        name = str(next((row[n] for n in _NAMES if row.get(n) not in (None, "")), title))
        found.append(
            Span(float(start_s), float(end_s), name, float(score) if is_share else None, text)  # type: ignore[arg-type]
        )
    return found
