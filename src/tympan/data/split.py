"""Split a table so that what is tested was not trained on.

The rows of one source, one speaker, one file or one content stay in one set; labels keep their
share in each set as far as that allows (see `tympan.data.stratified`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tympan._words import few, plural
from tympan.data._formats import SPLIT_NAMES
from tympan.data.grouping import Grouping, Strata, strata_of
from tympan.data.leaks import content_keys, report_shared
from tympan.data.stratified import stratified_split
from tympan.data.table import Table
from tympan.errors import ArgumentError, DataError

SETS = ("train", "val", "test")
TITLES = {"train": "training", "val": "validation", "test": "test"}


@dataclass(frozen=True)
class Split:
    """The sets of a split.

    Args:
        train, val, test: tables; val and test may be empty.
        reason: one sentence for the user: what decided which row is where.
        indices: set → row numbers in the table that was split.
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
    the validation set; with a `test_fraction`, the last is the test set and the one before it
    validation. Else rows are grouped by `source` and `speaker`, by content, and by names that mark
    parts of one recording (`rec003_seg07.wav`), and the groups are assigned so that each label
    keeps its share.

    Args:
        table: the rows.
        val_fraction: share of the rows for validation.
        test_fraction: share of the rows for the test.
        seed: same seed, same split.
        group_by: columns whose values stay in one set; default `source` and `speaker`, where they
            have more than one value, and the names of parts. `()` groups by content only.
        keys: a key of each row's decoded content, to find copies without decoding again.

    Raises:
        DataError: the obeyed column has gaps or puts the same sound into several sets, or there is
            nothing to hold out.

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
    if not (0 <= val_fraction < 1 and 0 <= test_fraction < 1 and val_fraction + test_fraction < 1):
        what = f"val_fraction {val_fraction} and test_fraction {test_fraction} must sum below 1"
        raise ArgumentError(what)
    if not len(table):
        raise DataError("has no examples to split", file=table.place)
    grouping = Grouping.of(table, content_keys(table, keys), group_by)
    fractions = {"val": val_fraction, "test": test_fraction}
    sets, *reasons = _given(table, fractions)
    if sets is not None:
        report_shared(table, grouping.keys, [SETS.index(s) if s else -1 for s in sets])
        reasons.append(grouping.shared(sets))
    else:
        sets = ["train"] * len(table)
    open_sets = {s: f for s, f in fractions.items() if f > 0 and s not in sets}
    if open_sets:
        reasons.append(assign(grouping, sets, open_sets, seed))
    return make_split(table, sets, "; ".join(filter(None, reasons)))


def set_of(value: str) -> str:
    """The set that a value of a split column names; empty text for a name that is no split.

    >>> set_of("train-clean-100"), set_of("January")
    ('train', '')
    """
    word = value.lower().replace("_", "-").split("-")[0]
    return SPLIT_NAMES.get(word, "")


def _given(table: Table, fractions: dict[str, float]) -> tuple[list[str] | None, str]:
    """The sets that a split or fold column gives, and the sentence about it."""
    if not table.has("split"):
        return _given_folds(table, fractions)
    values = table.column("split")
    meaning = {value: set_of(value) for value in set(values)}
    unknown = sorted(value for value, name in meaning.items() if value and not name)
    if "train" in meaning.values():
        if unknown:
            fix = "use train, val or test"
            raise DataError(f"has the split {unknown[0]!r}", file=table.place, fix=fix)
        require_all(table, "split")
        return [meaning[value] for value in values], "the split column is obeyed"
    if not unknown:
        fix = "call some train"
        raise DataError("its split column names no training rows", file=table.place, fix=fix)
    # It means something else: parts of a corpus, for instance.
    names = few(sorted(value for value in meaning if value))
    sets, more = _given_folds(table, fractions)
    return sets, f"the split column ({names}) names no training set" + (f"; {more}" if more else "")


def _given_folds(table: Table, fractions: dict[str, float]) -> tuple[list[str] | None, str]:
    wanted = [name for name in ("test", "val") if fractions[name] > 0]
    if not wanted or not table.has("fold"):
        return None, ""
    values = table.column("fold")
    names = sorted(set(values) - {""}, key=natural)
    if len(names) <= len(wanted):
        return None, f"the fold column is not used, it has too few folds ({few(names)})"
    require_all(table, "fold")
    given = dict(zip(reversed(names), wanted, strict=False))
    words = " and ".join(f"fold {n} is the {TITLES[s]} set" for n, s in given.items())
    return [given.get(value, "train") for value in values], words


def require_all(table: Table, column: str) -> None:
    """Refuse a table with rows that have no value in a column.

    Raises:
        DataError: naming these rows.
    """
    empty = [table.name(i) for i, value in enumerate(table.column(column)) if not value]
    if empty:
        raise DataError(
            f"has {plural(len(empty), 'row')} without a {column}: {few(empty)}",
            file=table.place,
            fix=f"fill in the column {column}, or leave it out",
        )


def natural(name: str) -> tuple[int, float, str]:
    """A key that sorts numbers by their value, before words."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


def assign(grouping: Grouping, sets: list[str], fractions: dict[str, float], seed: int) -> str:
    """Move whole groups of the training rows to the open sets; the sentence about it.

    Args:
        grouping: what belongs together.
        sets: the set of each row, which is changed in place.
        fractions: open set → share of the training rows.
        seed: same seed, same sets.

    Raises:
        DataError: nothing is left for one of them.
    """
    table = grouping.table
    rows = [i for i, name in enumerate(sets) if name == "train"]
    groups = grouping.groups(rows)
    for strata in strata_of(table):
        chosen = stratified_split(groups, strata, fractions, seed)
        if set(fractions) <= set(chosen):
            break
    for group, name in zip(groups, chosen, strict=True):
        for i in group:
            sets[i] = name
    for name in fractions:
        if name not in sets:
            raise DataError(
                f"leaves nothing for the {TITLES[name]} set: {plural(len(rows), 'recording')} "
                f"from {plural(len(groups), 'source')} (the same {grouping.words}), and each label "
                "needs two",
                file=table.place,
                fix="add recordings of other sources",
            )
    counts = ", ".join(f"{TITLES[name]} {sets.count(name)}" for name in SETS if name in sets)
    sources = plural(len(groups), "source")
    how = f"recordings of the same {grouping.words} stay in one set ({sources})"
    reasons = (
        f"{how}: {counts} recordings",
        grouping.parts.reason,
        grouping.parts.warning,
        _only_in_training(strata, sets, rows, fractions),
    )
    return "; ".join(filter(None, reasons))


def _only_in_training(
    strata: Strata, sets: Sequence[str], rows: Sequence[int], fractions: dict[str, float]
) -> str:
    held = {s for i, name in enumerate(sets) if name in fractions for s in strata[i]}
    only = sorted({s for i in rows for s in strata[i]} - held - {""})
    return f"only in training: {few(only)}" if only else ""


def make_split(table: Table, sets: Sequence[str], reason: str) -> Split:
    """The split that puts each row into the set named for it."""
    indices = {s: tuple(i for i, name in enumerate(sets) if name == s) for s in SETS}
    tables = {s: table.subset(indices[s]) for s in SETS}
    return Split(tables["train"], tables["val"], tables["test"], reason, indices)
