"""How a page shows an answer of any kind, from what its `to_json` gives."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tympan.report.page import NBSP, percent, words
from tympan.report.parts import AnswerParts, Part, Shown
from tympan.report.sections import Fact, moment
from tympan.report.tracks import MOST_ROWS, PageTable, Row, Span, TableRow, Track, track

# What every answer has, and what the page shows elsewhere.
_SHARED = ("file", "model", "duration_s", "warnings")
_UNITS = {"s": "s", "hz": "Hz", "db": "dB", "bpm": "BPM", "lufs": "LUFS", "ms": "ms"}
_FEW = 12  # so many plain values are listed one by one, and so many bars drawn
_OPEN = 8  # a table of more rows is folded
_LONG_TEXT, _SHORT_TEXT = 60, 16
# Where a span's lane gets its name from, and its text.
_NAMES, _TEXTS = ("label", "speaker", "instrument", "name"), ("text",)


def parts(shown: Shown[Any]) -> AnswerParts:
    """Its fields as facts, texts, bars and tables; what has times as a track, too."""
    values = {k: v for k, v in shown.answer.to_json().items() if k not in _SHARED}
    facts: list[Fact] = []
    texts: list[tuple[str, str]] = []
    lists: list[Listed] = []
    tracks: list[Track] = []
    for name, value in values.items():
        title = _title(name)
        rows = _rows(value)
        if rows:
            bars = _bars(rows)
            fits = 0 < len(rows) == len(bars)
            lists.append(Listed(title, bars, None if fits else table_of(rows), len(rows) > _OPEN))
            spans = _spans(rows, title)
            if spans:
                tracks.append(track(title, spans, shown.duration_s, listed=False))
        elif len(text := cell(value, name)) > _LONG_TEXT:
            texts.append((title, text))
        else:
            facts.append(Fact(title, text, headline=len(text) <= _SHORT_TEXT))
    section = Part(
        "hear_any.html.j2",
        {
            "title": shown.question,
            "nothing": shown.nothing,
            "facts": facts,
            "texts": texts,
            "lists": lists,
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
    ('–', 'yes', '0.1235', '2.5\xa0s', '1, 2')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and name.endswith("_s"):
        return moment(value).replace(" ", NBSP)
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
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


@dataclass(frozen=True)
class Listed:
    """A list of objects on the page.

    Attributes:
        title: the name of the field.
        bars: those with a label and a score.
        table: all of them; None where the bars say it all.
        folded: whether the table is folded.
    """

    title: str
    bars: Sequence[Row]
    table: PageTable | None
    folded: bool


def _bars(rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The first rows as bars, if each is no more than a label with a score of 0 … 1."""
    plain = all(set(row) <= {"label", "score", "chosen"} and "label" in row for row in rows)
    if not plain or not _are_shares(rows, "score"):
        return []
    return [
        Row(words(str(row["label"])), round(100 * row["score"], 1), percent(row["score"]))
        for row in rows[:_FEW]
    ]


def table_of(rows: Sequence[Mapping[str, Any]]) -> PageTable:
    """Rows as a table of the page; those with times can be played."""
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    # A column in which nothing stands says nothing.
    names = [n for n in names if any(row.get(n) not in (None, "", [], {}, ()) for row in rows)]
    shares = {name for name in names if _is_score(name) and _are_shares(rows, name)}
    found = []
    for row in rows[:MOST_ROWS]:
        start_s, end_s = _times(row)
        cells = [
            percent(float(row[n])) if n in shares and n in row else cell(row.get(n), n)
            for n in names
        ]
        name = _first(row, (*_TEXTS, *_NAMES)) or "it"
        found.append(TableRow(cells, start_s, end_s, name))
    numbers = [
        i
        for i, name in enumerate(names)
        if not name.endswith("_s") and all(_is_number(row.get(name)) for row in rows)
    ]
    titles = [{"start_s": "From", "end_s": "To"}.get(name, _title(name)) for name in names]
    return PageTable(titles, found, numbers)


def _times(row: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Where a row begins and ends in the recording, if it says so."""
    start_s, end_s = row.get("start_s"), row.get("end_s")
    if not (_is_number(start_s) and _is_number(end_s)):
        return None, None
    return float(str(start_s)), float(str(end_s))


def _is_score(name: str) -> bool:
    return name in ("score", "probability")


def _are_shares(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    """Whether a column holds numbers of 0 … 1 and nothing else."""
    values = [row.get(name) for row in rows]
    return all(_is_number(v) and 0 <= float(str(v)) <= 1 for v in values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _first(row: Mapping[str, Any], names: Iterable[str]) -> str:
    """The first field of these names that says something."""
    found = (cell(row[name], name) for name in names if row.get(name) not in (None, ""))
    return next(found, "")


def _spans(rows: Sequence[Mapping[str, Any]], title: str) -> list[Span]:
    """The rows that have a beginning and an end, in lanes by what they name."""
    timed = [row for row in rows if None not in _times(row)]
    shares = _are_shares(timed, "score")
    scores = [float(row["score"]) for row in timed if _is_number(row.get("score"))]
    low, span = min(scores, default=0.0), max(scores, default=0.0) - min(scores, default=0.0)
    found = []
    for row in timed:
        start_s, end_s = _times(row)
        assert start_s is not None
        assert end_s is not None
        text, shade = _first(row, _TEXTS), None
        if not shares and _is_number(row.get("score")):
            shade = (float(row["score"]) - low) / span if span else 1.0
            text = text or f"{title}{NBSP}{cell(row['score'])}"
        name = str(next((row[n] for n in _NAMES if row.get(n) not in (None, "")), title))
        found.append(
            Span(start_s, end_s, name, float(row["score"]) if shares else None, text, shade)
        )
    return found
