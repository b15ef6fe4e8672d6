"""Split a table so that what is tested was never heard in training.

The rows of one source, one speaker, one file or one content stay on one side; labels keep their
share on each side as far as that allows (see `tympan.data.deal`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tympan.data.deal import deal_folds, deal_groups
from tympan.data.folder import SPLIT_NAMES
from tympan.data.leaks import Groups, content_keys, report_shared
from tympan.data.table import Table
from tympan.errors import ArgumentError, DataError

GROUP_COLUMNS = ("source", "speaker")
SIDES = ("train", "val", "test")


@dataclass(frozen=True)
class Split:
    """The sides of a split.

    Args:
        train, val, test: tables; val and test may be empty.
        reason: one sentence for the user: what decided who is where.
        indices: side → row numbers in the table that was split.
    """

    train: Table
    val: Table
    test: Table
    reason: str
    indices: dict[str, tuple[int, ...]]


def split_table(
    table: Table,
    *,
    val_fraction: float = 0.2,
    test_fraction: float = 0.0,
    seed: int = 0,
    group_by: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
) -> Split:
    """Split a table into training, validation and test rows.

    A `split` column (or `train`/`val`/`test` folders) is obeyed; what it leaves open (usually
    validation) is taken from its training rows. Else a `fold` column is obeyed: the last fold is
    the validation side; with a `test_fraction`, the last is the test side and the one before it
    validation. Else rows are grouped by `source` and `speaker` and by content, and the groups are
    dealt out so that each label keeps its share.

    Args:
        table: the rows.
        val_fraction: share of the rows for validation.
        test_fraction: share of the rows for the test.
        seed: same seed, same split.
        group_by: columns whose values stay on one side; default `source` and `speaker`, where
            they have more than one value. `()` groups by content only.
        keys: the content of each row, see `AudioStore.keys`, to find copies without decoding again.

    Raises:
        DataError: the obeyed column puts the same sound on both sides, or there is nothing to
            hold out.

    >>> from pathlib import Path
    >>> import tempfile
    >>> from tympan.data import recording
    >>> root = Path(tempfile.mkdtemp())
    >>> for i in range(10):
    ...     _ = (root / f"{i}.wav").write_bytes(bytes([i]))
    >>> rows = [recording(root / f"{i}.wav", {"label": "ab"[i % 2]}) for i in range(10)]
    >>> split = split_table(Table(root, tuple(rows)))
    >>> len(split.train), len(split.val), split.val.labels
    (8, 2, ['a', 'b'])
    """
    _check_fractions(val_fraction, test_fraction)
    if not len(table):
        raise DataError("has no examples to split", file=table.root)
    keys = content_keys(table, keys)
    fractions = {"val": val_fraction, "test": test_fraction}
    sides, reason = _given(table, fractions)
    if sides is not None:
        report_shared(table, keys, [SIDES.index(s) if s else -1 for s in sides])
        reason += _shared_groups(table, sides, _group_columns(table, group_by))
    else:
        sides = ["train"] * len(table)
    open_sides = {s: f for s, f in fractions.items() if f > 0 and s not in sides}
    if open_sides:
        reason += _deal(table, sides, keys, open_sides, seed, _group_columns(table, group_by))
    return _make(table, sides, reason.strip("; "))


def folds(
    table: Table,
    *,
    column: str | None = "fold",
    k: int = 5,
    val_fraction: float = 0.0,
    seed: int = 0,
    group_by: Sequence[str] | None = None,
    keys: Sequence[str] | None = None,
) -> Iterator[tuple[str, Split]]:
    """Yield (fold name, split) for k-fold cross-validation; each row is in one `test` side.

    Args:
        table: the rows.
        column: the column that names the folds; where the table lacks it (or None), `k` folds
            are dealt by groups and labels as in `split_table`.
        k: number of folds to deal.
        val_fraction: share of each fold's training rows held out for validation.
        seed, group_by, keys: as in `split_table`.

    Yields:
        The fold's name and the split whose test side it is.

    Raises:
        DataError: the same sound is in two folds, or there are fewer than two folds.

    >>> from pathlib import Path
    >>> import tempfile
    >>> from tympan.data import recording
    >>> root = Path(tempfile.mkdtemp())
    >>> for i in range(6):
    ...     _ = (root / f"{i}.wav").write_bytes(bytes([i]))
    >>> rows = [recording(root / f"{i}.wav", {"fold": str(i % 3)}) for i in range(6)]
    >>> [(name, split.indices["test"]) for name, split in folds(Table(root, tuple(rows)))]
    [('0', (0, 3)), ('1', (1, 4)), ('2', (2, 5))]
    """
    keys = content_keys(table, keys)
    columns = _group_columns(table, group_by)
    if column is not None and table.has(column):
        names = table.column(column)
        if "" in names:
            raise DataError(f"has rows without a {column}", file=table.root)
        order = {name: i for i, name in enumerate(sorted(set(names), key=_natural))}
        report_shared(table, keys, [order[name] for name in names])
        reason = f"the column {column} is obeyed"
    else:
        names, reason = _deal_folds(table, keys, columns, k, seed)
    if len(set(names)) < 2:
        raise DataError("has only one fold", file=table.root)
    for name in sorted(set(names), key=_natural):
        sides = ["test" if n == name else "train" for n in names]
        why = f"fold {name} is the test side; {reason}"
        if val_fraction:
            why += _deal(table, sides, keys, {"val": val_fraction}, seed, columns)
        yield name, _make(table, sides, why)


def same_source(table: Table, keys: Sequence[str], rows: Iterable[int]) -> set[int]:
    """The rows given and all others of their sources, speakers or contents.

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
    groups = _groups(table, keys, _group_columns(table, None), range(len(table)))
    return {i for group in groups if wanted & set(group) for i in group}


def _check_fractions(val: float, test: float) -> None:
    if not (0 <= val < 1 and 0 <= test < 1 and val + test < 1):
        raise ArgumentError(f"val_fraction {val} and test_fraction {test} must sum below 1")


def _group_columns(table: Table, group_by: Sequence[str] | None) -> list[str]:
    if group_by is not None:
        for name in group_by:
            table.column(name)
        return list(group_by)
    # One value in all rows (a single speaker) says nothing about who is where.
    return [c for c in GROUP_COLUMNS if table.has(c) and len(set(table.column(c)) - {""}) > 1]


def _given(table: Table, fractions: dict[str, float]) -> tuple[list[str] | None, str]:
    """The sides that a split or fold column gives, and the sentence about it."""
    if table.has("split"):
        values = table.column("split")
        meaning = {value: side_of(value) for value in set(values)}
        unknown = sorted(v for v, m in meaning.items() if not m)
        if "train" in meaning.values() and not unknown:
            return [meaning[value] for value in values], "the split column is obeyed; "
        if "train" in meaning.values():
            raise DataError(
                f"has the split {unknown[0]!r}", file=table.root, fix="use train, val or test"
            )
        if not unknown:
            raise DataError(
                "its split column names no training rows", file=table.root, fix="call some train"
            )
        # It says something else: parts of a corpus, for instance.
        said = f"the split column ({_few(sorted(meaning))}) names no training side; "
        sides, more = _given_folds(table, fractions)
        return sides, said + more
    return _given_folds(table, fractions)


def _given_folds(table: Table, fractions: dict[str, float]) -> tuple[list[str] | None, str]:
    asked = [side for side in ("test", "val") if fractions[side] > 0]
    if not asked or not table.has("fold"):
        return None, ""
    values = table.column("fold")
    names = sorted(set(values), key=_natural)
    if len(names) <= len(asked):
        return None, ""
    given = dict(zip(reversed(names), asked, strict=False))
    said = " and ".join(f"fold {n} is the {s} side" for n, s in given.items())
    return [given.get(value, "train") for value in values], f"{said}; "


def side_of(value: str) -> str:
    """The side that a value of a split column names; empty text for a name that is no split.

    >>> side_of("train-clean-100"), side_of("January")
    ('train', '')
    """
    word = value.lower().replace("_", "-").split("-")[0]
    return SPLIT_NAMES.get(word, "")


def _natural(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


def _shared_groups(table: Table, sides: Sequence[str], columns: Sequence[str]) -> str:
    """Say it if the obeyed column puts one speaker on both sides: it is the owner's choice."""
    said = ""
    for column in columns:
        where: dict[str, set[str]] = defaultdict(set)
        for value, side in zip(table.column(column), sides, strict=True):
            where[value].add(side)
        shared = [v for v, s in where.items() if v and len(s) > 1]
        if shared:
            said += f"its sides share {len(shared)} {column}s; "
    return said


def _groups(
    table: Table, keys: Sequence[str], columns: Sequence[str], rows: Sequence[int]
) -> list[list[int]]:
    groups = Groups(len(rows))
    groups.join([keys[i] for i in rows])
    for column in columns:
        values = table.column(column)
        groups.join([values[i] or None for i in rows])
    members: dict[int, list[int]] = defaultdict(list)
    for i, root in zip(rows, groups.roots(), strict=True):
        members[root].append(i)
    return list(members.values())


def _deal(
    table: Table,
    sides: list[str],
    keys: Sequence[str],
    fractions: dict[str, float],
    seed: int,
    columns: Sequence[str],
) -> str:
    """Move whole groups of the training rows to the open sides; the sentence about it."""
    rows = [i for i, side in enumerate(sides) if side == "train"]
    groups = _groups(table, keys, columns, rows)
    strata = _strata(table)
    for group, side in zip(groups, deal_groups(groups, strata, fractions, seed), strict=True):
        for i in group:
            sides[i] = side
    kept = " and ".join([*columns, "content"])
    how = f"recordings of the same {kept} stay on one side"
    for side in fractions:
        if side not in sides:
            raise DataError(
                f"leaves nothing for the {side} side: {len(rows)} recordings come from "
                f"{len(groups)} sources (the same {kept}), and each label needs two",
                file=table.root,
                fix="add recordings of other sources",
            )
    held = {s for i, side in enumerate(sides) if side in fractions for s in strata[i]}
    only = sorted({s for i in rows for s in strata[i]} - held)
    said = f"; only in training: {_few(only)}" if only else ""
    counts = ", ".join(f"{side} {sides.count(side)}" for side in SIDES if side in sides)
    return f"{how} ({len(groups)} sources): {counts} recordings{said}"


def _few(names: Sequence[str], limit: int = 5) -> str:
    shown = ", ".join(name if len(name) <= 24 else name[:23] + "…" for name in names[:limit])
    return shown + (f" and {len(names) - limit} more" if len(names) > limit else "")


def _strata(table: Table) -> list[tuple[str, ...]]:
    return [example.tags or ("",) for example in table]


def _deal_folds(
    table: Table, keys: Sequence[str], columns: Sequence[str], k: int, seed: int
) -> tuple[list[str], str]:
    if k < 2:
        raise ArgumentError(f"k must be at least 2, not {k}")
    groups = _groups(table, keys, columns, range(len(table)))
    if len(groups) < k:
        raise DataError(
            f"has {len(groups)} groups of recordings, too few for {k} folds",
            file=table.root,
            fix="ask for fewer folds",
        )
    names = [""] * len(table)
    for group, fold in zip(groups, deal_folds(groups, _strata(table), k, seed), strict=True):
        for i in group:
            names[i] = str(fold + 1)
    return names, f"{k} folds grouped by {' and '.join([*columns, 'content'])}"


def _make(table: Table, sides: Sequence[str], reason: str) -> Split:
    indices = {s: tuple(i for i, side in enumerate(sides) if side == s) for s in SIDES}
    tables = {s: table.subset(indices[s]) for s in SIDES}
    return Split(tables["train"], tables["val"], tables["test"], reason, indices)
