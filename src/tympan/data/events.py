"""Rows of events in recordings: one example for each recording, with its supervisions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tympan.data.columns import EVENT_COLUMNS, event_of, recognise_events
from tympan.data.rows import Row
from tympan.data.table import Example, Supervision

# These say where a recording belongs, so its rows cannot differ in them.
_OF_RECORDING = ("split", "fold", "source")


def event_columns(names: Sequence[str], repeated: bool, means: dict[str, str]) -> dict[str, str]:
    """Our names of the columns of events and which column each is; none if rows are no events.

    Args:
        names: the columns.
        repeated: whether a file is in several rows: then columns called just `start` and `end` are
            times in it; else they may say where a clip was cut from.
        means: what the columns have been taken for already.
    """
    found = recognise_events(names, sure=not repeated)
    if not {"start_s", "end_s"} <= found.keys():
        return {}
    return {
        **found,
        **{name: means[name] for name in ("label", "speaker", "text") if name in means},
    }


def gather_events(
    rows: Sequence[Row], files: Sequence[dict[str, Path]], problems: list[str]
) -> tuple[list[Example], tuple[str, ...]]:
    """One example for each file, with the events of all its rows.

    A row without times and label says that its recording has no events. Other columns stay where
    the rows of one recording agree; a speaker who is the same in all rows of each recording is a
    column too.

    Args:
        rows: the rows, by our names of columns.
        files: role → file of each row.
        problems: to which clauses about what is wrong are added.

    Returns:
        The examples in the order of their first rows, and sentences for the user.
    """
    order: dict[Path, list[int]] = {}
    for i, one in enumerate(files):
        if one:
            order.setdefault(next(iter(one.values())), []).append(i)
    found: list[tuple[dict[str, Path], dict[str, str], tuple[Supervision, ...]]] = []
    differing: set[str] = set()
    for path, members in order.items():
        supervisions = _events([rows[i] for i in members], problems)
        columns: dict[str, str] = {}
        for name in dict.fromkeys(name for i in members for name in rows[i][1]):
            values = {rows[i][1].get(name, "") for i in members}
            if name in EVENT_COLUMNS and name != "speaker":
                continue
            if len(values) == 1:
                columns[name] = values.pop()
            elif name in _OF_RECORDING:
                lines = f"lines {rows[members[0]][0]} to {rows[members[-1]][0]}"
                problems.append(f"gives {path.name} several values of {name} ({lines})")
            else:
                differing.add(name)
        found.append((files[members[0]], columns, supervisions))
    for _, columns, _ in found:
        for name in differing:
            columns.pop(name, None)
    # "not" holds the labels that were refused in `tympan label`, which no training takes.
    lost = sorted(differing - {"speaker", "not"})
    some = f"{'columns' if len(lost) > 1 else 'the column'} {', '.join(map(repr, lost))}"
    notes = (f"{some}: not kept, as it differs between events of a recording",) if lost else ()
    return [Example(*one) for one in found], notes


def _events(rows: Sequence[Row], problems: list[str]) -> tuple[Supervision, ...]:
    events = []
    for line, cells in rows:
        if not (cells.get("start_s") or cells.get("end_s")):
            if cells.get("label") or cells.get("text") or cells.get("speaker"):
                problems.append(
                    f"has a row without times (line {line}; only a recording without events may "
                    "leave start_s, end_s and label empty)"
                )
            continue
        try:
            events.append(event_of(cells))
        except ValueError as error:
            problems.append(f"line {line} {error}")
    return tuple(sorted(events, key=lambda one: (one.start_s, one.end_s)))
