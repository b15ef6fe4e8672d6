"""Split a table so that what is tested was never heard in training.

The rows of one source, one speaker, one file or one content stay on one side; labels keep their
share on each side as far as that allows. The stratification follows Sechidis, Tsoumakas, Vlahavas,
"On the stratification of multi-label data" (ECML 2011), on groups in place of rows.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tympan.data.folder import SPLIT_NAMES
from tympan.data.leaks import Groups, content_keys, report_shared
from tympan.data.table import Table
from tympan.errors import ArgumentError, DataError

if TYPE_CHECKING:
    from tympan.data.cache import WaveCache

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
    cache: WaveCache | None = None,
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
        cache: a decoded cache of this table, to find copies without decoding again.

    Raises:
        DataError: the obeyed column puts the same sound on both sides, or there is nothing to
            hold out.

    >>> from pathlib import Path
    >>> import tempfile
    >>> from tympan.data import Example
    >>> root = Path(tempfile.mkdtemp())
    >>> for i in range(10):
    ...     _ = (root / f"{i}.wav").write_bytes(bytes([i]))
    >>> rows = [Example(root / f"{i}.wav", {"label": "ab"[i % 2]}) for i in range(10)]
    >>> split = split_table(Table(root, tuple(rows)))
    >>> len(split.train), len(split.val), split.val.labels
    (8, 2, ['a', 'b'])
    """
    _check_fractions(val_fraction, test_fraction)
    if not len(table):
        raise DataError("has no examples to split", file=table.root)
    keys = content_keys(table, cache)
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
    cache: WaveCache | None = None,
) -> Iterator[tuple[str, Split]]:
    """Yield (fold name, split) for k-fold cross-validation; each row is in one `test` side.

    Args:
        table: the rows.
        column: the column that names the folds; where the table lacks it (or None), `k` folds
            are dealt by groups and labels as in `split_table`.
        k: number of folds to deal.
        val_fraction: share of each fold's training rows held out for validation.
        seed, group_by, cache: as in `split_table`.

    Raises:
        DataError: the same sound is in two folds, or there are fewer than two folds.
    """
    keys = content_keys(table, cache)
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
        meaning = {value: _meaning(value) for value in set(values)}
        if any(meaning.values()):
            unknown = sorted(v for v, m in meaning.items() if not m)
            if unknown:
                raise DataError(
                    f"has the split {unknown[0]!r}", file=table.root, fix="use train, val or test"
                )
            sides = [meaning[value] for value in values]
            if "train" not in sides:
                raise DataError("its split column names no training rows", file=table.root)
            return sides, "the split column is obeyed; "
    if table.has("fold") and len(set(table.column("fold"))) > 1:
        values = table.column("fold")
        names = sorted(set(values), key=_natural)
        given = {names[-1]: "val" if fractions["val"] > 0 or not fractions["test"] else "test"}
        if fractions["test"] > 0 and len(names) > 2:
            given = {names[-1]: "test", names[-2]: "val"}
        said = " and ".join(f"fold {n} is the {s} side" for n, s in given.items())
        return [given.get(value, "train") for value in values], f"{said}; "
    return None, ""


def _meaning(value: str) -> str:
    """`train-clean-100` → `train`; empty text for a name that is no split."""
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
    total = len(table) if len(rows) == len(table) else len(rows)
    shares = {side: fraction * total / len(rows) for side, fraction in fractions.items()}
    assigned = deal_groups(groups, [_strata(table, i) for i in range(len(table))], shares, seed)
    for group, side in zip(groups, assigned, strict=True):
        for i in group:
            sides[i] = side
    how = f"grouped by {' and '.join([*columns, 'content'])}"
    for side in fractions:
        if side not in sides:
            raise DataError(
                f"leaves nothing for the {side} side, {how}: {len(groups)} groups in "
                f"{len(rows)} rows",
                file=table.root,
                fix="add recordings of more sources",
            )
    missing = sorted(set(table.labels) - {table[i].label for i in _rows(sides, [*fractions])})
    said = f"; {len(missing)} labels only in training ({missing[0]} …)" if missing else ""
    counts = ", ".join(f"{side} {sides.count(side)}" for side in SIDES if side in sides)
    return f"{how} ({len(groups)} groups): {counts} rows{said}"


def _rows(sides: Sequence[str], which: Sequence[str]) -> list[int]:
    return [i for i, side in enumerate(sides) if side in which]


def _strata(table: Table, i: int) -> tuple[str, ...]:
    return table[i].tags or ("",)


def deal_groups(
    groups: Sequence[Sequence[int]],
    strata: Sequence[Sequence[str]],
    shares: dict[str, float],
    seed: int,
) -> list[str]:
    """Deal groups of rows to `train` and the sides of `shares`, each label by its share.

    Labels are taken from the rarest; of each, the largest groups first, to the side that lacks
    most of this label. The quotas are whole numbers (largest remainders), so that labels with two
    or three rows are held out in some labels rather than in none.
    """
    rng = random.Random(seed)
    counts = [Counter(s for i in group for s in strata[i]) for group in groups]
    totals: Counter[str] = Counter()
    for count in counts:
        totals.update(count)
    quota = _quotas(totals, counts, shares, rng)
    order = list(range(len(groups)))
    rng.shuffle(order)
    order.sort(key=lambda g: -len(groups[g]))
    by_label: dict[str, list[int]] = defaultdict(list)
    for g in order:
        for label in counts[g]:
            by_label[label].append(g)
    side_of: dict[int, str] = {}
    for label in sorted(totals, key=lambda s: (len(by_label[s]), totals[s], s)):
        for g in by_label[label]:
            if g not in side_of:
                side_of[g] = side = max(quota, key=lambda s: quota[s][label])
                for other, n in counts[g].items():
                    quota[side][other] -= n
    _repair(side_of, groups, counts, shares)
    return [side_of[g] for g in range(len(groups))]


def _quotas(
    totals: Counter[str],
    counts: Sequence[Counter[str]],
    shares: dict[str, float],
    rng: random.Random,
) -> dict[str, dict[str, int]]:
    """side → label → rows wanted. A label of one group stays in training."""
    groups_of = Counter(label for count in counts for label in count)
    labels = sorted(totals)
    rng.shuffle(labels)
    quota: dict[str, dict[str, int]] = {}
    left = dict(totals)
    for side, share in shares.items():
        exact = {s: share * totals[s] if groups_of[s] > 1 else 0.0 for s in labels}
        quota[side] = {s: int(exact[s]) for s in labels}
        spare = round(sum(exact.values())) - sum(quota[side].values())
        for s in sorted(labels, key=lambda s: int(exact[s]) - exact[s])[: max(0, spare)]:
            quota[side][s] += 1 if groups_of[s] > 1 else 0
        for s in labels:
            left[s] -= quota[side][s]
    return {"train": left, **quota}


def _repair(
    side_of: dict[int, str],
    groups: Sequence[Sequence[int]],
    counts: Sequence[Counter[str]],
    shares: dict[str, float],
) -> None:
    """No open side may be empty, nor a label absent from training that need not be."""

    def on(side: str) -> list[int]:
        return [g for g in side_of if side_of[g] == side]

    for side in shares:
        if not on(side) and len(on("train")) > 1:
            seen = Counter(label for g in on("train") for label in counts[g])
            # Prefer the smallest group whose labels training keeps in another group.
            spare = min(
                on("train"), key=lambda g: (min(seen[s] for s in counts[g]) < 2, len(groups[g]), g)
            )
            side_of[spare] = side
    if not on("train") and len(side_of) > 1:
        side_of[max(side_of, key=lambda g: (len(groups[g]), -g))] = "train"


def _deal_folds(
    table: Table, keys: Sequence[str], columns: Sequence[str], k: int, seed: int
) -> tuple[list[str], str]:
    if k < 2:
        raise ArgumentError(f"k must be at least 2, not {k}")
    groups = _groups(table, keys, columns, range(len(table)))
    if len(groups) < k:
        raise DataError(
            f"has {len(groups)} groups of rows, too few for {k} folds",
            file=table.root,
            fix="ask for fewer folds",
        )
    strata = [_strata(table, i) for i in range(len(table))]
    rng = random.Random(seed)
    order = list(range(len(groups)))
    rng.shuffle(order)
    order.sort(key=lambda g: -len(groups[g]))
    have: list[Counter[str]] = [Counter() for _ in range(k)]
    size = [0] * k
    names = [""] * len(table)
    for g in order:  # to the fold that has least of this group's labels, then fewest rows
        count = Counter(s for i in groups[g] for s in strata[i])
        best = min(range(k), key=lambda f: (sum(have[f][s] * n for s, n in count.items()), size[f]))
        have[best].update(count)
        size[best] += len(groups[g])
        for i in groups[g]:
            names[i] = str(best + 1)
    return names, f"{k} folds grouped by {' and '.join([*columns, 'content'])}"


def _make(table: Table, sides: Sequence[str], reason: str) -> Split:
    indices = {s: tuple(i for i, side in enumerate(sides) if side == s) for s in SIDES}
    tables = {s: table.subset(indices[s]) for s in SIDES}
    return Split(tables["train"], tables["val"], tables["test"], reason, indices)
