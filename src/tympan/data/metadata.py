"""Read `metadata.csv`, `metadata.jsonl` and other tables; say by line all that is wrong in them."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tympan._words import agrees, plural
from tympan.data.columns import EVENT_COLUMNS, SYNONYMS, find_column, names_events, plain
from tympan.data.events import event_columns, gather_events
from tympan.data.files import Finder
from tympan.data.roles import Roles, find_roles
from tympan.data.rows import Row, Rows, read_rows
from tympan.data.sidecars import annotate
from tympan.data.table import TAG_SEPARATOR, Example
from tympan.data.values import unify
from tympan.errors import DataError

# What a missing value in these would be taken for is a label, a fold, a speaker of its own.
_STEERING = ("label", "fold", "split", "speaker", "source")
_WORDS = {"label": "labels", "text": "texts", "speaker": "speakers", "source": "sources"}
_MOST_PROBLEMS = 8
_RELATIVE = "file names are relative to the folder of the table or of the recordings"

Files = list[dict[str, Path]]


@dataclass(frozen=True)
class Listed:
    """What a table file says.

    Attributes:
        examples: one for each recording or score.
        unlabelled: how many rows were left out, because their label is empty.
        notes, warnings: sentences for the user.
    """

    examples: tuple[Example, ...]
    unlabelled: int
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def read(
    path: Path,
    root: Path,
    *,
    chosen: bool = False,
    file_column: str | None = None,
    label_column: str | None = None,
) -> Listed:
    """The rows of a table file as examples.

    Args:
        path: the file.
        root: the folder of the recordings.
        chosen: the user named the file, so it may name files outside the folder.
        file_column, label_column: the columns; None: by their names and values.

    Raises:
        DataError: wrong encoding, no column that names files, rows that are ragged, empty or
            double, or name files that are missing or outside the folder; all that is wrong at once.
    """
    table = read_rows(path, _names_files)
    if not table.rows and (path.suffix == ".jsonl" or _names_files(table.names)):
        raise DataError("has no rows", file=path, fix="add one row for each recording")
    finder = Finder(root, path, anywhere=chosen)
    roles = find_roles(table, finder, file_column, label_column)
    files, problems, missing = _resolve(table, roles, finder)
    events = event_columns(table.names, _repeated(files), roles.means)
    means = {**roles.means, **events}
    rows, warnings = _rows(table, roles, means, path.name)
    warnings += _other_spellings(table, means)
    warnings += _left_out(path.name, rows, files, missing)
    notes = [_about(path, roles, means, finder)]
    if events:
        examples, more = gather_events(rows, files, problems)
        unlabelled = 0
        notes += more
    else:
        kept, unlabelled = _labelled(rows, path)
        _check_doubles([rows[i] for i in kept], [files[i] for i in kept], problems)
        examples = [Example(files[i], rows[i][1]) for i in kept if files[i]]
        if names_events(table.names):
            notes.append(
                f"{path.name}: its columns of start and end are not taken for times of events, as "
                "each file is in one row (name them start_s and end_s if they are)"
            )
    named = _annotations(table, roles, files, finder, problems)
    if problems or not any(files):
        raise _error(path, [*problems, *missing])
    examples = [annotate(one, named.get(one.path, ())) for one in examples]
    return Listed(tuple(examples), unlabelled, tuple(filter(None, notes)), tuple(warnings))


def _other_spellings(table: Rows, means: dict[str, str]) -> list[str]:
    """Warnings about columns that differ in spelling only from one that is taken."""
    return [
        f"warning: {table.path.name}: the column {other!r} is not used beside {column!r}"
        for name, column in means.items()
        for other in table.names
        if other != column and plain(other) == plain(name)
    ]


def _names_files(names: Sequence[str]) -> bool:
    return any(
        find_column(names, wanted, SYNONYMS[wanted]) for wanted in ("file_name", "mixture", "midi")
    )


def _left_out(name: str, rows: list[Row], files: Files, missing: list[str]) -> list[str]:
    """Warnings about rows without their file, and about labels that are lost with them."""
    if not missing:
        return []
    lost = sum(not one for one in files)
    found = [
        f"warning: {name} {'; '.join(missing)}: {lost} of {plural(len(rows), 'row')} "
        f"{agrees(lost)} left out ({_RELATIVE})"
    ]
    labels = [
        {one.strip() for one in cells.get("label", "").split(TAG_SEPARATOR)} - {""}
        for _, cells in rows
    ]
    all_of = Counter(label for one in labels for label in one)
    left = Counter(
        label for one, there in zip(labels, files, strict=True) if there for label in one
    )
    for label, n in sorted(all_of.items()):
        if not left[label]:
            found.append(
                f"warning: nothing is left of label {label!r}: the files of its "
                f"{plural(n, 'row')} do not exist"
            )
        elif 2 * left[label] < n:
            found.append(f"warning: label {label!r} has lost {n - left[label]} of its {n} rows")
    return found


def _resolve(table: Rows, roles: Roles, finder: Finder) -> tuple[Files, list[str], list[str]]:
    """The files of each row, none where one is missing.

    Also clauses about what is wrong, and about files that are not there.
    """
    files: Files = []
    missing: dict[str, list[str]] = {column: [] for column in roles.files.values()}
    refused: list[str] = []
    main = next(iter(roles.files.values()))
    for line, cells in table.rows:
        found: dict[str, Path] = {}
        for role, column in roles.files.items():
            name = cells.get(column, "")
            if not name and column != main:
                continue
            try:
                path = finder.find(name) if name else None
            except ValueError as error:
                refused.append(f"names {_short(name)} (line {line}), {error}")
                continue
            if path is not None:
                found[role] = path
            elif name:
                missing[column].append(f"{_short(name)} (line {line})")
            else:
                refused.append(f"has an empty {column} in line {line}")
        needed = sum(column == main or bool(cells.get(column)) for column in roles.files.values())
        files.append(found if len(found) == needed else {})
    lost = [
        f"names {_several(names)} that {'does' if len(names) == 1 else 'do'} not exist"
        for names in missing.values()
        if names
    ]
    return files, refused, lost


def _repeated(files: Files) -> bool:
    mains = [next(iter(one.values())) for one in files if one]
    return len(set(mains)) < len(mains)


def _rows(
    table: Rows, roles: Roles, means: dict[str, str], name: str
) -> tuple[list[Row], list[str]]:
    """The rows under our names of columns, with missing values and numbers in one form."""
    of_files = {*roles.files.values(), *roles.annotations}
    ours = {column: name for name, column in means.items()}
    names = {column: ours.get(column, column) for column in table.names if column not in of_files}
    # A column that bears our name, but is not what was taken for it, gives way.
    names = {c: n for c, n in names.items() if n not in means or means[n] == c}
    # One text has one spelling: macOS writes "ü" as two characters.
    rows = [
        (line, {n: unicodedata.normalize("NFC", cells[c]) for c, n in names.items() if c in cells})
        for line, cells in table.rows
    ]
    warnings = []
    for column in _STEERING:
        having = [cells for _, cells in rows if column in cells]
        values, unset = unify([cells[column] for cells in having])
        for cells, value in zip(having, values, strict=True):
            cells[column] = value
        if unset:
            words = " and ".join(f"{text!r} ({n} times)" for text, n in sorted(unset.items()))
            warnings.append(
                f"warning: {name}: {words} in the column {column} is taken for no value"
            )
    return rows, warnings


def _labelled(rows: list[Row], path: Path) -> tuple[list[int], int]:
    """The rows with a label, where any has one; the others are counted and reported.

    Where rows hold several labels (`dog;rain`), an empty one means: none of them.
    """
    every = list(range(len(rows)))
    if not any("label" in columns for _, columns in rows):
        return every, 0
    if any(TAG_SEPARATOR in columns.get("label", "") for _, columns in rows):
        return every, 0
    kept = [i for i, (_, columns) in enumerate(rows) if columns.get("label")]
    if not kept:
        raise DataError("has an empty label in every row", file=path, fix="fill in the labels")
    return kept, len(rows) - len(kept)


def _check_doubles(rows: list[Row], files: Files, problems: list[str]) -> None:
    first: dict[Path, int] = {}
    for (line, _), found in zip(rows, files, strict=True):
        if not found:
            continue
        path = next(iter(found.values()))
        if path in first:
            problems.append(f"names {path.name} twice (lines {first[path]} and {line})")
        first.setdefault(path, line)


def _annotations(
    table: Rows, roles: Roles, files: Files, finder: Finder, problems: list[str]
) -> dict[Path, list[Path]]:
    """The annotations that the rows name, by the main file of the row."""
    named: dict[Path, list[Path]] = {}
    for (line, cells), found in zip(table.rows, files, strict=True):
        for column in roles.annotations if found else ():
            name = cells.get(column, "")
            try:
                path = finder.find(name) if name else None
            except ValueError as error:
                problems.append(f"names {_short(name)} (line {line}), {error}")
                continue
            if path is not None:
                named.setdefault(next(iter(found.values())), []).append(path)
            elif name:
                problems.append(f"names {_short(name)} (line {line}) that does not exist")
    return named


def _about(path: Path, roles: Roles, means: dict[str, str], finder: Finder) -> str:
    """A sentence about what was taken for what, where it is not plain."""
    taken = [f"files in {_quoted(roles.files.values())}"]
    taken += [
        f"{_WORDS.get(name, name)} in {column!r}"
        for name, column in means.items()
        if column != name or name in EVENT_COLUMNS
    ]
    plain = [*roles.files.values()] == ["file_name"] and all(n == c for n, c in means.items())
    note = "" if plain else f"{path.name}: {', '.join(taken)}"
    if finder.moved:
        name, found = finder.moved
        where = found.relative_to(finder.root).as_posix()
        note = (note or path.name) + f"; files are found by their names ({name} is {where})"
    return note


def _error(path: Path, problems: list[str]) -> DataError:
    more = len(problems) - _MOST_PROBLEMS
    what = "; ".join(problems[:_MOST_PROBLEMS]) + (f"; and {more} more faults" if more > 0 else "")
    return DataError(what, file=path, fix="; ".join(_fixes(what)) or None)


def _fixes(what: str) -> list[str]:
    known = {
        "not exist": _RELATIVE,
        "leads out": "file names must lie below the folder, unless --metadata names the table",
        "twice": "one row for each file; for several labels write them as 'a;b'; "
        "for events in a file add start_s and end_s",
    }
    return [fix for words, fix in known.items() if words in what]


def _several(items: list[str], limit: int = 5) -> str:
    more = f" and {len(items) - limit} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))


def _short(name: str) -> str:
    return name if len(name) <= 80 else name[:79] + "…"
