"""Deal groups of rows to the sides of a split or to folds, each label by its share.

After Sechidis, Tsoumakas, Vlahavas, "On the stratification of multi-label data" (ECML 2011), on
groups in place of rows.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Sequence


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
        # Training keeps at least one row of each label.
        able = [s for s in labels if groups_of[s] > 1 and left[s] - quota[side][s] > 1]
        for s in sorted(able, key=lambda s: int(exact[s]) - exact[s])[: max(0, spare)]:
            quota[side][s] += 1
        for s in labels:
            left[s] -= quota[side][s]
    return {"train": left, **quota}


def _repair(
    side_of: dict[int, str],
    groups: Sequence[Sequence[int]],
    counts: Sequence[Counter[str]],
    shares: dict[str, float],
) -> None:
    """Training must have every label, and no side may be empty if whole groups allow both."""

    def on(side: str) -> list[int]:
        return [g for g in sorted(side_of) if side_of[g] == side]

    for label in sorted({label for count in counts for label in count}):
        having = [g for g in sorted(side_of) if label in counts[g]]
        if all(side_of[g] != "train" for g in having):
            side_of[max(having, key=lambda g: counts[g][label])] = "train"
    for side in shares:
        if not on(side):
            seen = Counter(label for g in on("train") for label in counts[g])
            spare = [g for g in on("train") if min(seen[s] for s in counts[g]) > 1]
            if spare:
                side_of[min(spare, key=lambda g: len(groups[g]))] = side


def deal_folds(
    groups: Sequence[Sequence[int]], strata: Sequence[Sequence[str]], k: int, seed: int
) -> list[int]:
    """The fold (0 to k - 1) of each group: the one that has least of its labels, then of rows."""
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
