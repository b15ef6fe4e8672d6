"""Stratified splits of groups: whole groups go to one set, each label by its share.

After Sechidis, Tsoumakas, Vlahavas, "On the stratification of multi-label data" (ECML 2011), on
groups in place of rows. Scikit-learn's `StratifiedGroupKFold` takes one label for each row and
gives folds of equal size only; here rows may have several labels, and sets any share.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence

# The set whose scores are shown.
TESTED = "test"


def stratified_split(
    groups: Sequence[Sequence[int]],
    strata: Sequence[Sequence[str]],
    shares: dict[str, float],
    seed: int,
) -> list[str]:
    """Assign groups of rows to `train` and the sets of `shares`, each label by its share.

    Labels are taken from the rarest; of each, the largest groups first, to the set that lacks
    most of this label. The quotas are whole numbers (largest remainders), so that labels with two
    rows are held out in some labels rather than in none; of three groups or more, one at least is
    in `test`.

    Args:
        groups: the rows of each group.
        strata: the labels of each row.
        shares: set → share of the rows.
        seed: of the order of groups of the same size.

    Returns:
        The set of each group.

    >>> stratified_split([[0], [1], [2], [3]], [["a"], ["b"], ["a"], ["b"]], {"val": 0.5}, seed=0)
    ['val', 'train', 'train', 'val']
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
    set_of: dict[int, str] = {}
    for label in sorted(totals, key=lambda s: (len(by_label[s]), totals[s], s)):
        for g in by_label[label]:
            if g not in set_of:
                set_of[g] = chosen = max(quota, key=lambda s: quota[s][label])
                for other, n in counts[g].items():
                    quota[chosen][other] -= n
    _repair(set_of, groups, counts, shares)
    return [set_of[g] for g in range(len(groups))]


def _quotas(
    totals: Counter[str],
    counts: Sequence[Counter[str]],
    shares: dict[str, float],
    rng: random.Random,
) -> dict[str, dict[str, int]]:
    """Set → label → rows wanted. A label of one group stays in training.

    One of three groups or more is tested, or the scores would be silent about it.
    """
    groups_of = Counter(label for count in counts for label in count)
    labels = sorted(totals)
    rng.shuffle(labels)
    quota: dict[str, dict[str, int]] = {}
    left = dict(totals)
    for name, share in shares.items():
        exact = {s: share * totals[s] if groups_of[s] > 1 else 0.0 for s in labels}
        quota[name] = {s: int(exact[s]) for s in labels}
        spare = round(sum(exact.values())) - sum(quota[name].values())
        # Training keeps at least one row of each label.
        able = [s for s in labels if groups_of[s] > 1 and left[s] - quota[name][s] > 1]
        for s in sorted(able, key=lambda s: int(exact[s]) - exact[s])[: max(0, spare)]:
            quota[name][s] += 1
        for s in labels:
            left[s] -= quota[name][s]
    for s in labels if TESTED in quota else ():
        if groups_of[s] >= 3 and not quota[TESTED][s]:
            others = [name for name in quota if name != TESTED and quota[name][s]]
            source = quota[others[0]] if others else left
            source[s] -= 1
            quota[TESTED][s] = 1
    return {"train": left, **quota}


def _repair(
    set_of: dict[int, str],
    groups: Sequence[Sequence[int]],
    counts: Sequence[Counter[str]],
    shares: dict[str, float],
) -> None:
    """Training must have every label, and no set may be empty if whole groups allow both."""

    def members(name: str) -> list[int]:
        return [g for g in sorted(set_of) if set_of[g] == name]

    for label in sorted({label for count in counts for label in count}):
        having = [g for g in sorted(set_of) if label in counts[g]]
        if all(set_of[g] != "train" for g in having):
            set_of[max(having, key=lambda g: counts[g][label])] = "train"
    for name in shares:
        if not members(name):
            seen = Counter(label for g in members("train") for label in counts[g])
            spare = [g for g in members("train") if min(seen[s] for s in counts[g]) > 1]
            if spare:
                set_of[min(spare, key=lambda g: len(groups[g]))] = name


def stratified_folds(
    groups: Sequence[Sequence[int]], strata: Sequence[Sequence[str]], k: int, seed: int
) -> list[int]:
    """The fold (0 to k - 1) of each group: the one that has least of its labels, then of rows.

    Args:
        groups, strata, seed: as in `stratified_split`.
        k: number of folds.

    >>> stratified_folds([[0], [1], [2], [3]], [["a"], ["b"], ["a"], ["b"]], k=2, seed=0)
    [1, 0, 0, 1]
    """
    rng = random.Random(seed)
    order = list(range(len(groups)))
    rng.shuffle(order)
    order.sort(key=lambda g: -len(groups[g]))
    have: list[Counter[str]] = [Counter() for _ in range(k)]
    size = [0] * k
    folds = [0] * len(groups)
    for g in order:
        count = Counter(s for i in groups[g] for s in strata[i])
        best = min(range(k), key=lambda f: (sum(have[f][s] * n for s, n in count.items()), size[f]))
        have[best].update(count)
        size[best] += len(groups[g])
        folds[g] = best
    return folds
