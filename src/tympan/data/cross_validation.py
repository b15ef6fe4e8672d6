"""Cross-validation: cut a table into folds, each of which is the test set once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tympan._words import plural
from tympan.data.grouping import Grouping, strata_of
from tympan.data.leaks import content_keys, report_shared
from tympan.data.split import Split, assign, make_split, natural, require_all
from tympan.data.stratified import stratified_folds
from tympan.data.table import Table
from tympan.errors import ArgumentError, DataError


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
    """Yield (fold name, split) for k-fold cross-validation; each row is in one test set.

    Args:
        table: the rows.
        column: the column that names the folds; where the table lacks it (or None), groups of rows
            are assigned to `k` folds, stratified by label, as in `split_table`.
        k: number of folds.
        val_fraction: share of each fold's training rows held out for validation.
        seed, group_by, keys: as in `split_table`.

    Yields:
        The fold's name and the split whose test set it is.

    Raises:
        DataError: the same sound is in two folds, a row has none, or there are fewer than two.

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
    grouping = Grouping.of(table, content_keys(table, keys), group_by, least=max(3, k))
    if column is not None and table.has(column):
        require_all(table, column)
        names = table.column(column)
        order = {name: i for i, name in enumerate(sorted(set(names), key=natural))}
        report_shared(table, grouping.keys, [order[name] for name in names])
        reason = "; ".join(filter(None, (f"the column {column} is obeyed", grouping.shared(names))))
    else:
        names, reason = _stratified(grouping, k, seed)
    if len(set(names)) < 2:
        raise DataError("has only one fold", file=table.place)
    for name in sorted(set(names), key=natural):
        sets = ["test" if n == name else "train" for n in names]
        why = f"fold {name} is the test set; {reason}"
        if val_fraction:
            why += "; " + assign(grouping, sets, {"val": val_fraction}, seed)
        yield name, make_split(table, sets, why)


def too_few(table: Table, groups: int, k: int, words: str = "") -> DataError:
    """What is said of a table of which so many groups are not enough for `k` folds."""
    what = f"has {plural(groups, 'recording')}"
    if groups < len(table):
        what = f"has {plural(groups, 'group')} of recordings (by {words})"
    fewer = f"--folds {groups}{' or fewer' * (groups > 2)}, or more recordings"
    fix = fewer if groups > 1 else "more recordings"
    return DataError(f"{what}, too few for {k} folds", file=table.place, fix=fix)


def _stratified(grouping: Grouping, k: int, seed: int) -> tuple[list[str], str]:
    if k < 2:
        raise ArgumentError(f"k must be at least 2, not {k}")
    table = grouping.table
    groups = grouping.groups(range(len(table)))
    if len(groups) < k:
        raise too_few(table, len(groups), k, grouping.words)
    names = [""] * len(table)
    for group, fold in zip(
        groups, stratified_folds(groups, strata_of(table)[0], k, seed), strict=True
    ):
        for i in group:
            names[i] = str(fold + 1)
    reasons = (
        f"{k} folds grouped by {grouping.words}",
        grouping.parts.reason,
        grouping.parts.warning,
    )
    return names, "; ".join(filter(None, reasons))
