"""Which columns of a table name files, and what these files are."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from tympan.data._formats import AUDIO_SUFFIXES, SCORE_SUFFIXES
from tympan.data._walk import is_audio, is_score
from tympan.data.columns import SYNONYMS, plain, recognise
from tympan.data.files import Finder
from tympan.data.rows import Rows
from tympan.errors import DataError

_ANNOTATION_SUFFIXES = frozenset((".rttm", ".textgrid", ".srt", ".vtt"))
_END = re.compile(r"[_ ](path|file|filename|file_name)$", re.IGNORECASE)


@dataclass(frozen=True)
class Roles:
    """The columns of files.

    Attributes:
        files: role → column; the first one names the main file.
        annotations: columns that name annotations.
        means: our names of the other columns, and which column is taken for each.
    """

    files: dict[str, str]
    annotations: tuple[str, ...] = ()
    means: dict[str, str] = field(default_factory=dict)


def find_roles(
    table: Rows, finder: Finder, file_column: str | None, label_column: str | None
) -> Roles:
    """Find out which columns name files and what the others mean.

    Args:
        table: the rows.
        finder: tells which names are files.
        file_column, label_column: the user's choice; None: by their names and values.

    Raises:
        DataError: a chosen column is not there, or none names files.
    """
    for column in (file_column, label_column):
        if column is not None and column not in table.names:
            raise DataError(
                f"has no column {column!r}",
                file=table.path,
                fix=f"its columns are: {_listed(table.names)}",
            )
    columns = _Columns(table, finder)
    taken = {c for c in (file_column, label_column) if c is not None}
    free = [name for name in table.names if name not in taken]
    files = columns.files(file_column, free)
    if not files:
        raise DataError(
            "has no column 'file_name', and no other that names its files"
            if table.names
            else "has no column 'file_name': its first line is empty",
            file=table.path,
            fix=f"its columns are: {_listed(table.names)}; --file-column NAME says which it is",
        )
    free = [name for name in free if name not in files.values()]
    annotations = tuple(name for name in free if columns.holds_annotations(name))
    means = recognise([name for name in free if name not in annotations])
    for name in ("file_name", "mixture", "midi", "annotation"):
        means.pop(name, None)
    if label_column is not None:
        means["label"] = label_column
    elif "text" in means and means.get("label") != "label":
        means.pop("label", None)  # what is spoken asks another question than its category
    if means.get("split", "split") != "split" and not columns.names_sets(means["split"]):
        del means["split"]
    return Roles(files, annotations, means)


class _Columns:
    """What the cells of each column are."""

    def __init__(self, table: Rows, finder: Finder) -> None:
        self._table, self._finder = table, finder

    def files(self, file_column: str | None, free: list[str]) -> dict[str, str]:
        names = list(free)
        mixture = self._first("mixture", names) if file_column is None else None
        if mixture is not None:
            own = [c for c in names if c != mixture and self._means_sources(c)]
            main = self._first("file_name", own)  # the mixture once more
            return {"mixture": mixture, **{_role(c): c for c in own if c != main}}
        audio = file_column or self._main(names)
        midi = self._first("midi", [c for c in names if c != audio], SCORE_SUFFIXES)
        return {role: c for role, c in (("audio", audio), ("midi", midi)) if c is not None}

    def _main(self, names: list[str]) -> str | None:
        if "file_name" in names:
            return "file_name"
        named = self._first("file_name", names)
        if named is not None:
            return named
        return next((c for c in names if self._all_audio(c)), None)

    def _first(
        self, wanted: str, names: Iterable[str], suffixes: frozenset[str] = AUDIO_SUFFIXES
    ) -> str | None:
        """The first column of such a name whose cells are files."""
        known = {plain(name): name for name in names}
        for other in (plain(wanted), *SYNONYMS[wanted]):
            if other in known and self._means_files(known[other], suffixes):
                return known[other]
        return None

    def _cells(self, column: str) -> list[str]:
        return [value for _, cells in self._table.rows if (value := cells.get(column, ""))]

    def _means_sources(self, column: str) -> bool:
        """Whether its cells look like sound files and one of them is there, so all should be."""
        return self._means_files(column, AUDIO_SUFFIXES) and any(
            self._is_file(cell, AUDIO_SUFFIXES) for cell in self._cells(column)
        )

    def _means_files(self, column: str, suffixes: frozenset[str]) -> bool:
        """Whether its cells look like files: then one that is missing is an error, and is named."""
        cells = self._cells(column)
        some = cells[:20]
        if any(PurePosixPath(cell).suffix.lower() in suffixes for cell in some):
            return True
        return bool(some) and all(self._is_file(cell, suffixes) for cell in some)

    def _all_audio(self, column: str) -> bool:
        cells = self._cells(column)
        return bool(cells) and all(self._is_file(cell, AUDIO_SUFFIXES) for cell in cells)

    def _is_file(self, cell: str, suffixes: frozenset[str]) -> bool:
        try:
            path = self._finder.find(cell)
        except ValueError:
            return False
        fits = is_score if suffixes is SCORE_SUFFIXES else is_audio
        return path is not None and fits(path)

    def holds_annotations(self, column: str) -> bool:
        cells = self._cells(column)
        if not cells:
            return False
        if plain(column) in SYNONYMS["annotation"] and PurePosixPath(cells[0]).suffix:
            return True
        return all(PurePosixPath(c).suffix.lower() in _ANNOTATION_SUFFIXES for c in cells)

    def names_sets(self, column: str) -> bool:
        from tympan.data._formats import SPLIT_NAMES

        cells = {cell.lower().replace("_", "-").split("-")[0] for cell in self._cells(column)}
        return bool(cells) and cells <= SPLIT_NAMES.keys()


def _role(column: str) -> str:
    return _END.sub("", column) or column


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)[:200] or "none"
