"""Groups of rows go to sets and folds as wholes, and labels keep their share."""

from __future__ import annotations

import hashlib
import random
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.data.stratified import stratified_folds, stratified_split

labels = st.sampled_from(["a", "b", "c", "d"])
grouped = st.lists(st.lists(labels, min_size=1, max_size=6), min_size=1, max_size=40)


def as_groups(drawn: list[list[str]]) -> tuple[list[list[int]], list[tuple[str, ...]]]:
    groups, strata = [], []
    for group in drawn:
        groups.append(list(range(len(strata), len(strata) + len(group))))
        strata += [(label,) for label in group]
    return groups, strata


@settings(max_examples=100, deadline=None)
@given(grouped, st.floats(0.05, 0.45), st.floats(0.0, 0.4), st.integers(0, 10**6))
def test_groups_go_to_sets(drawn: list[list[str]], val: float, test: float, seed: int) -> None:
    groups, strata = as_groups(drawn)
    shares = {"val": val} | ({"test": test} if test else {})
    sets = stratified_split(groups, strata, shares, seed)
    assert sets == stratified_split(groups, strata, shares, seed)
    assert set(sets) <= {"train", *shares}

    size = Counter(dict.fromkeys(shares, 0))  # rows in each set
    for group, name in zip(drawn, sets, strict=True):
        size[name] += len(group)
    groups_of = Counter(label for group in drawn for label in set(group))
    # No label is held out that is not in training.
    kept = [group for group, name in zip(drawn, sets, strict=True) if name == "train"]
    assert {label for group in kept for label in group} == set(groups_of)
    # The shares are kept up to whole groups, one for each label that could be off by one.
    largest = max(len(group) for group in drawn)
    for name, share in shares.items():
        assert size[name] <= share * len(strata) + largest * len(groups_of) + 1


@settings(max_examples=100, deadline=None)
@given(st.lists(labels, min_size=10, max_size=150), st.floats(0.1, 0.5), st.integers(0, 10**6))
def test_single_rows_meet_the_shares_to_one(rows: list[str], val: float, seed: int) -> None:
    groups, strata = as_groups([[label] for label in rows])
    sets = stratified_split(groups, strata, {"val": val}, seed)
    total = Counter(rows)
    held = Counter(label for label, name in zip(rows, sets, strict=True) if name == "val")
    for label, n in total.items():
        assert abs(held[label] - val * n) < 1 or n == 1 or (held[label] == n - 1)
    alone = sum(n == 1 for n in total.values())
    assert abs(held.total() - val * len(rows)) <= 1 + alone


@settings(max_examples=100, deadline=None)
@given(grouped, st.integers(2, 6), st.integers(0, 10**6))
def test_groups_go_to_folds(drawn: list[list[str]], k: int, seed: int) -> None:
    groups, strata = as_groups(drawn)
    found = stratified_folds(groups, strata, k, seed)
    assert found == stratified_folds(groups, strata, k, seed)
    assert set(found) <= set(range(k))
    if len(groups) >= k and all(len(group) == 1 for group in groups):
        for label in {s for group in drawn for s in group}:
            count = Counter(f for f, g in zip(found, drawn, strict=True) if g == [label])
            each = [count[f] for f in range(k)]
            assert max(each) - min(each) <= 1


def test_many_labels_of_two_rows_still_have_a_validation_set() -> None:
    groups, strata = as_groups([[f"label {i // 2}"] for i in range(100)])
    sets = stratified_split(groups, strata, {"val": 0.2}, 0)
    held = [strata[i][0] for i, name in enumerate(sets) if name == "val"]
    assert len(held) == len(set(held)) == 20


def test_the_same_seed_gives_the_same_sets_in_every_version() -> None:
    """Who is where decides figures that have been published; it changes only on purpose."""
    groups = [[0, 1, 2], [3], [4, 5], [6], [7], [8, 9], [10], [11]]
    strata = [("a",), ("a",), ("b",), ("b", "a"), ("c",), ("c",), ("c",), ("",)]
    strata = [strata[i % 8] for i in range(12)]
    shares = {"val": 0.2, "test": 0.2}
    assert stratified_split(groups, strata, shares, 0) == [
        "train",
        "val",
        "train",
        "val",
        "train",
        "train",
        "train",
        "test",
    ]
    assert stratified_folds(groups, strata, 3, 0) == [0, 2, 2, 0, 1, 1, 2, 1]
    rng = random.Random(1)
    found = []
    for trial in range(300):
        drawn: list[list[int]] = []
        labels: list[tuple[str, ...]] = []
        for _ in range(rng.randint(1, 40)):
            size = rng.randint(1, 6)
            drawn.append(list(range(len(labels), len(labels) + size)))
            labels += [tuple(rng.sample("abcde", rng.randint(1, 3))) for _ in range(size)]
        shares = {"val": rng.uniform(0.05, 0.4)}
        if trial % 2:
            shares["test"] = rng.uniform(0.05, 0.4)
        found.append(
            (
                stratified_split(drawn, labels, shares, trial),
                stratified_folds(drawn, labels, 2 + trial % 5, trial),
            )
        )
    assert hashlib.sha256(repr(found).encode()).hexdigest()[:16] == "7f2e5c1757394e2e"


def test_a_rare_label_of_three_rows_is_tested() -> None:
    """Or a score of 100 % would be silent about it."""
    for seed in range(20):
        rows = [["common"]] * 300 + [["rare"]] * 3 + [["once"]]
        sets = stratified_split(
            [[i] for i in range(len(rows))], rows, {"val": 0.15, "test": 0.15}, seed
        )
        assert sets[300:303].count("test") == 1
        assert sets[300:303].count("train") >= 1
        assert sets[303] == "train"
