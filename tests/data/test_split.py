"""No source, speaker or content is on two sides, and labels keep their share."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests_training import write_tone
from tympan.data import AudioStore, Table, folds, read_folder, recording, split_table
from tympan.data.deal import deal_folds, deal_groups
from tympan.errors import ArgumentError, DataError


def make_table(root: Path, *rows: dict[str, str]) -> Table:
    """A table of different files; they need no sound for a split."""
    root.mkdir(exist_ok=True)
    for i in range(len(rows)):
        (root / f"{i}.bin").write_bytes(bytes(i + 1))  # sizes differ, so no content is shared
    return Table(root, tuple(recording(root / f"{i}.bin", row) for i, row in enumerate(rows)))


def sides_of(table: Table, column: str, **options: object) -> dict[str, set[str]]:
    """value → the sides it is on."""
    split = split_table(table, **options)  # type: ignore[arg-type]
    found: dict[str, set[str]] = defaultdict(set)
    for side, rows in split.indices.items():
        for i in rows:
            found[table.column(column)[i]].add(side)
    return found


# -- the arithmetic, on groups of rows -----------------------------------------------------------

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
def test_dealing_groups(drawn: list[list[str]], val: float, test: float, seed: int) -> None:
    groups, strata = as_groups(drawn)
    shares = {"val": val} | ({"test": test} if test else {})
    sides = deal_groups(groups, strata, shares, seed)
    assert sides == deal_groups(groups, strata, shares, seed)
    assert set(sides) <= {"train", *shares}

    size = Counter(dict.fromkeys(shares, 0))  # rows on each side
    for group, side in zip(drawn, sides, strict=True):
        size[side] += len(group)
    groups_of = Counter(label for group in drawn for label in set(group))
    # Nothing is held out that training has never heard.
    kept = [group for group, side in zip(drawn, sides, strict=True) if side == "train"]
    assert {label for group in kept for label in group} == set(groups_of)
    # The shares are kept up to whole groups, one for each label that could be off by one.
    largest = max(len(group) for group in drawn)
    for side, share in shares.items():
        assert size[side] <= share * len(strata) + largest * len(groups_of) + 1


@settings(max_examples=100, deadline=None)
@given(st.lists(labels, min_size=10, max_size=150), st.floats(0.1, 0.5), st.integers(0, 10**6))
def test_single_rows_meet_the_shares_to_one(rows: list[str], val: float, seed: int) -> None:
    groups, strata = as_groups([[label] for label in rows])
    sides = deal_groups(groups, strata, {"val": val}, seed)
    total = Counter(rows)
    held = Counter(label for label, side in zip(rows, sides, strict=True) if side == "val")
    for label, n in total.items():
        assert abs(held[label] - val * n) < 1 or n == 1 or (held[label] == n - 1)
    alone = sum(n == 1 for n in total.values())
    assert abs(held.total() - val * len(rows)) <= 1 + alone


@settings(max_examples=100, deadline=None)
@given(grouped, st.integers(2, 6), st.integers(0, 10**6))
def test_dealing_folds(drawn: list[list[str]], k: int, seed: int) -> None:
    groups, strata = as_groups(drawn)
    found = deal_folds(groups, strata, k, seed)
    assert found == deal_folds(groups, strata, k, seed)
    assert set(found) <= set(range(k))
    if len(groups) >= k and all(len(group) == 1 for group in groups):
        for label in {s for group in drawn for s in group}:
            count = Counter(f for f, g in zip(found, drawn, strict=True) if g == [label])
            each = [count[f] for f in range(k)]
            assert max(each) - min(each) <= 1


def test_many_labels_of_two_rows_still_have_a_validation_side() -> None:
    groups, strata = as_groups([[f"label {i // 2}"] for i in range(100)])
    sides = deal_groups(groups, strata, {"val": 0.2}, 0)
    held = [strata[i][0] for i, side in enumerate(sides) if side == "val"]
    assert len(held) == len(set(held)) == 20


# -- tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["source", "speaker"])
def test_a_source_stays_on_one_side(tmp_path: Path, column: str) -> None:
    rows = [{"label": "ab"[i % 2], column: str(i // 4)} for i in range(48)]
    table = make_table(tmp_path, *rows)
    for seed in range(3):
        found = sides_of(table, column, test_fraction=0.2, seed=seed)
        assert all(len(sides) == 1 for sides in found.values())
        assert {s for sides in found.values() for s in sides} == {"train", "val", "test"}
    split = split_table(table)
    assert f"of the same {column} and content stay on one side (12 sources)" in split.reason
    assert split.val.labels == ["a", "b"]
    assert {len(split.train), len(split.val)} == {40, 8}


def test_a_chain_of_source_and_speaker_is_one_group(tmp_path: Path) -> None:
    # 0 and 1 share the source, 1 and 2 the speaker; so do the others.
    chain = [("s0", "p0"), ("s0", "p1"), ("s1", "p1"), ("s2", "p2"), ("s2", "p3"), ("s3", "p3")]
    rows = [{"label": "x", "source": s, "speaker": p} for s, p in chain]
    split = split_table(make_table(tmp_path, *rows), val_fraction=0.4)
    assert set(split.indices.values()) == {(0, 1, 2), (3, 4, 5), ()}


def test_rows_without_a_source_are_alone(tmp_path: Path) -> None:
    rows = [{"label": "x", "source": "" if i else "s"} for i in range(10)]
    rows[1] = {"label": "x", "source": "t"}
    split = split_table(make_table(tmp_path, *rows))
    assert len(split.val) == 2


def test_one_speaker_for_all_is_no_group(tmp_path: Path) -> None:
    rows = [{"text": "x", "speaker": "kerstin"} for _ in range(10)]
    split = split_table(make_table(tmp_path, *rows))
    assert (len(split.train), len(split.val)) == (8, 2)


def test_group_by_is_the_callers(tmp_path: Path) -> None:
    rows = [{"label": str(i // 5), "speaker": str(i // 5), "room": str(i % 5)} for i in range(25)]
    table = make_table(tmp_path, *rows)
    with pytest.raises(DataError, match="leaves nothing for the val side"):
        split_table(table)  # each label has one speaker only
    found = sides_of(table, "room", group_by=["room"])
    assert all(len(sides) == 1 for sides in found.values())
    assert len(split_table(table, group_by=()).val) == 5
    with pytest.raises(DataError, match="no column 'song'"):
        split_table(table, group_by=["song"])


def test_the_same_sound_stays_on_one_side(tmp_path: Path) -> None:
    for i in range(10):
        wav = write_tone(tmp_path / "a" / f"{i}.wav", 300 + 10 * i, seed=i)
        (tmp_path / "b").mkdir(exist_ok=True)
        (tmp_path / "b" / f"copy {i}.wav").write_bytes(wav.read_bytes())
    table = read_folder(tmp_path)
    split = split_table(table, val_fraction=0.3)
    numbers = [{path.stem[-1] for path in side.paths} for side in (split.train, split.val)]
    assert not numbers[0] & numbers[1]
    assert "(10 sources)" in split.reason


@pytest.mark.parametrize("seed", [0, 1])
def test_same_seed_same_split(tmp_path: Path, seed: int) -> None:
    rows = [{"label": "abc"[i % 3], "source": str(i // 2)} for i in range(60)]
    table = make_table(tmp_path, *rows)
    assert split_table(table, seed=seed).indices == split_table(table, seed=seed).indices
    assert split_table(table, seed=seed).indices != split_table(table, seed=seed + 1).indices


def test_a_split_column_is_obeyed(tmp_path: Path) -> None:
    parts = ["train-clean"] * 10 + ["Validation"] * 3 + ["test_other"] * 2
    rows = [{"label": "x", "split": part} for part in parts]
    split = split_table(make_table(tmp_path, *rows), val_fraction=0.5, test_fraction=0.5 - 1e-9)
    assert [len(split.indices[side]) for side in ("train", "val", "test")] == [10, 3, 2]
    assert "the split column is obeyed" in split.reason


def test_validation_is_taken_from_the_training_rows_of_a_split_column(tmp_path: Path) -> None:
    rows = [{"label": "x", "split": "test" if i < 5 else "train"} for i in range(25)]
    split = split_table(make_table(tmp_path, *rows), val_fraction=0.25)
    assert split.indices["test"] == (0, 1, 2, 3, 4)
    assert (len(split.train), len(split.val)) == (15, 5)


def test_a_given_split_that_shares_speakers_is_obeyed_and_told(tmp_path: Path) -> None:
    rows = [
        {"label": "x", "speaker": str(i % 3), "split": "test" if i < 4 else "train"}
        for i in range(24)
    ]
    split = split_table(make_table(tmp_path, *rows), val_fraction=0.0)
    assert "share 3 speakers" in split.reason
    assert len(split.val) == 0


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["train", "train", "holdout"], "has the split 'holdout'.*use train, val or test"),
        (["test", "test", "val"], "names no training rows"),
    ],
)
def test_a_split_column_that_cannot_be_obeyed(
    tmp_path: Path, parts: list[str], message: str
) -> None:
    table = make_table(tmp_path, *[{"label": "x", "split": part} for part in parts])
    with pytest.raises(DataError, match=message):
        split_table(table)


def test_a_split_column_about_something_else(tmp_path: Path) -> None:
    rows = [{"label": "x", "split": "takes" if i % 2 else "events"} for i in range(10)]
    split = split_table(make_table(tmp_path, *rows))
    assert "names no training side" in split.reason
    assert len(split.val) == 2


@pytest.mark.parametrize(
    ("val", "test", "expected"),
    [
        (0.2, 0.0, {"10": "val"}),
        (0.2, 0.2, {"10": "test", "3": "val"}),
        (0.0, 0.2, {"10": "test"}),
    ],
)
def test_a_fold_column_is_obeyed(
    tmp_path: Path, val: float, test: float, expected: dict[str, str]
) -> None:
    rows = [{"label": "x", "fold": ["1", "2", "3", "10"][i % 4]} for i in range(16)]
    found = sides_of(make_table(tmp_path, *rows), "fold", val_fraction=val, test_fraction=test)
    assert found == {name: {expected.get(name, "train")} for name in ("1", "2", "3", "10")}


@pytest.mark.parametrize("column", ["split", "fold"])
def test_the_same_sound_on_both_sides_of_a_given_split(tmp_path: Path, column: str) -> None:
    lines = [f"file_name,label,{column}"]
    for i in range(6):
        write_tone(tmp_path / f"{i}.wav", 300, seed=i % 5)  # 0.wav and 5.wav are the same
        value = ("train" if i < 4 else "test") if column == "split" else str(i // 3)
        lines.append(f"{i}.wav,x,{value}")
    (tmp_path / "metadata.csv").write_text("\n".join(lines))
    table = read_folder(tmp_path)
    with pytest.raises(DataError, match=r"both sides of the split: 0.wav = 5.wav .remove"):
        split_table(table)
    if column == "fold":
        with pytest.raises(DataError, match=r"0.wav = 5.wav"):
            list(folds(table))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no examples to split"),
        ([{"label": "a"}], "leaves nothing for the val side: 1 recordings"),
        ([{"label": "a"}, {"label": "b"}, {"label": "c"}], "each label needs two"),
    ],
)
def test_too_little_to_split(tmp_path: Path, rows: list[dict[str, str]], message: str) -> None:
    with pytest.raises(DataError, match=message):
        split_table(make_table(tmp_path, *rows))


def test_one_example_of_a_label_stays_in_training_and_is_told(tmp_path: Path) -> None:
    rows = [{"label": "rare" if i == 0 else "often"} for i in range(11)]
    split = split_table(make_table(tmp_path, *rows))
    assert 0 in split.indices["train"]
    assert len(split.val) == 2
    assert "only in training: rare" in split.reason


@pytest.mark.parametrize(("val", "test"), [(-0.1, 0.0), (1.0, 0.0), (0.6, 0.5)])
def test_fractions_out_of_range(tmp_path: Path, val: float, test: float) -> None:
    with pytest.raises(ArgumentError, match="must sum below 1"):
        split_table(make_table(tmp_path, {"label": "a"}), val_fraction=val, test_fraction=test)


def test_folds_of_a_column(tmp_path: Path) -> None:
    rows = [{"label": "ab"[i % 2], "fold": str(8 + i % 5)} for i in range(40)]
    table = make_table(tmp_path, *rows)
    found = list(folds(table, val_fraction=0.25))
    assert [name for name, _ in found] == ["8", "9", "10", "11", "12"]
    tested = sorted(i for _, split in found for i in split.indices["test"])
    assert tested == list(range(40))
    for name, split in found:
        assert set(split.test.column("fold")) == {name}
        assert (len(split.train), len(split.val), len(split.test)) == (24, 8, 8)
        rows_used = [i for side in split.indices.values() for i in side]
        assert sorted(rows_used) == list(range(40))


def test_folds_are_dealt_by_groups_where_no_column_says(tmp_path: Path) -> None:
    rows = [{"label": "ab"[(i // 2) % 2], "speaker": str(i // 2)} for i in range(40)]
    table = make_table(tmp_path, *rows)
    found = list(folds(table, k=4))
    assert len(found) == 4
    for _, split in found:
        assert not set(split.train.column("speaker")) & set(split.test.column("speaker"))
        assert len(split.test) == 10
    with pytest.raises(DataError, match="too few for 30 folds"):
        list(folds(table, k=30))
    with pytest.raises(ArgumentError, match="at least 2"):
        list(folds(table, k=1))


def test_official_splits_of_real_sets(shared_data: Path) -> None:
    digits = split_table(read_folder(shared_data / "fsdd").subset(range(0, 3000, 10)))
    assert "share 6 speakers" in digits.reason
    assert not set(digits.train.column("speaker")) & set(digits.val.column("speaker"))
    speech = split_table(read_folder(shared_data / "librispeech"))
    assert (len(speech.train) + len(speech.val), len(speech.test)) == (251, 100)


def test_a_cache_finds_copies_without_decoding(tmp_path: Path) -> None:
    for i in range(6):
        write_tone(tmp_path / "d" / "x" / f"{i}.wav", 300, seed=i % 5)
    table = read_folder(tmp_path / "d")
    store = AudioStore.open(table, 4000, tmp_path / "cache")
    split = split_table(table, val_fraction=0.4, keys=store.keys(table))
    assert "(5 sources)" in split.reason
    assert split.indices == split_table(table, val_fraction=0.4).indices
