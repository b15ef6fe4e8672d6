"""Which rows belong together, and by what they are stratified, when a table is split."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tympan._words import plural
from tympan.data.leaks import Groups
from tympan.data.parts import Parts, find_parts
from tympan.data.table import Table

GROUP_COLUMNS = ("source", "speaker")

Strata = list[tuple[str, ...]]


@dataclass(frozen=True)
class Grouping:
    """What keeps rows of a table together.

    Attributes:
        table: the rows.
        keys: of each row's content.
        columns: rows with equal values in one of these belong together.
        parts: and so do parts of one recording.
    """

    table: Table
    keys: Sequence[str]
    columns: Sequence[str]
    parts: Parts

    @classmethod
    def of(
        cls,
        table: Table,
        keys: Sequence[str],
        group_by: Sequence[str] | None,
        least: int = 3,
    ) -> Grouping:
        """The grouping by these columns.

        Args:
            table: the rows.
            keys: of each row's content.
            group_by: the columns; None: those of `GROUP_COLUMNS` that have several values, and
                names that mark parts of one recording, unless a column `source` says it.
            least: how many recordings a label needs, if names that only may mark parts are obeyed.

        Raises:
            DataError: a column that no row has.
        """
        alone = Parts((None,) * len(table))
        if group_by is not None:
            for name in group_by:
                table.column(name)
            return cls(table, keys, list(group_by), alone)
        # One value in all rows (a single speaker) says nothing about who is where.
        columns = [c for c in GROUP_COLUMNS if len(_values(table, c)) > 1]
        bare = cls(table, keys, columns, alone)
        # The numbers of a machine's recordings count recordings, not parts of one.
        if "source" in columns or table.has("machine"):
            return bare

        def numbers(parts: Sequence[str | None]) -> list[int]:
            return cls(table, keys, columns, Parts(tuple(parts)))._roots(range(len(table)))

        return cls(table, keys, columns, find_parts(table, strata_of(table)[0], numbers, least))

    def groups(self, rows: Sequence[int]) -> list[list[int]]:
        """These rows in groups that belong together."""
        members: dict[int, list[int]] = defaultdict(list)
        for i, root in zip(rows, self._roots(rows), strict=True):
            members[root].append(i)
        return list(members.values())

    def _roots(self, rows: Sequence[int]) -> list[int]:
        groups = Groups(len(rows))
        groups.join([self.keys[i] for i in rows])
        for column in self.columns:
            values = self.table.column(column)
            groups.join([values[i] or None for i in rows])
        groups.join([self.parts.keys[i] for i in rows])
        return groups.roots()

    @property
    def words(self) -> str:
        """What rows of a group have in common, for the user."""
        return " and ".join([*self.columns, "content"])

    def shared(self, sets: Sequence[str]) -> str:
        """A clause for each column (or recording cut into parts) with a value in several sets."""
        found = [
            f"its sets share {count} {column}s"
            for column in self.columns
            if (count := _count_shared(self.table.column(column), sets))
        ]
        if count := _count_shared(self.parts.keys, sets):
            found.append(f"warning: its sets share {plural(count, 'recording')} cut into parts")
        return "; ".join(found)


def same_source(table: Table, keys: Sequence[str], rows: Iterable[int]) -> set[int]:
    """The rows given and all others of their sources, speakers, recordings or contents.

    Args:
        table: the recordings.
        keys: of each row's content.
        rows: some of them.

    >>> from pathlib import Path
    >>> from tympan.data import recording
    >>> a, b, c = (recording(Path(n), {"source": s}) for n, s in ("ax", "bx", "cy"))
    >>> same_source(Table(Path(), (a, b, c)), ["1", "2", "3"], [0])
    {0, 1}
    """
    wanted = set(rows)
    groups = Grouping.of(table, keys, None).groups(range(len(table)))
    return {i for group in groups if wanted & set(group) for i in group}


def strata_of(table: Table) -> list[Strata]:
    """The labels of each row by which sets are stratified, in ways to be tried one after another.

    Without supervisions there is one way, the labels of the rows. With them: the labels of rows and
    supervisions (their speakers where there is no label); only those of several recordings, as a
    word that is in one recording only would keep it in training; none.
    """
    if not any(example.supervisions for example in table):
        return [[example.tags or ("",) for example in table]]
    labelled = bool(table.event_labels or table.labels)
    full = [
        set(e.tags) | {(s.label if labelled else s.speaker) for s in e.supervisions} - {""}
        for e in table
    ]
    count = Counter(label for labels in full for label in labels)
    common = [{label for label in labels if count[label] > 1} for labels in full]
    ways = (full, common, [set[str]()] * len(table))
    return [[tuple(sorted(labels)) or ("",) for labels in way] for way in ways]


def _count_shared(values: Sequence[str | None], sets: Sequence[str]) -> int:
    """How many of the values, but for empty ones, are in several sets."""
    where: dict[str, set[str]] = defaultdict(set)
    for value, name in zip(values, sets, strict=True):
        if value and name:
            where[value].add(name)
    return sum(len(names) > 1 for names in where.values())


def _values(table: Table, column: str) -> set[str]:
    return set(table.column(column)) - {""} if table.has(column) else set()
