"""No source, speaker, recording or content is in two sets, and labels keep their share."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from tests_training import write_tone
from tympan.data import Supervision, Table, folds, read_folder, recording, split_table
from tympan.data.split import few, set_of
from tympan.errors import ArgumentError, DataError


def make_table(root: Path, *rows: dict[str, str]) -> Table:
    """A table of different files; they need no sound for a split."""
    root.mkdir(exist_ok=True)
    for i in range(len(rows)):
        (root / f"{i}.bin").write_bytes(bytes(i + 1))  # sizes differ, so no content is shared
    return Table(root, tuple(recording(root / f"{i}.bin", row) for i, row in enumerate(rows)))


def sets_of(table: Table, column: str, **options: object) -> dict[str, set[str]]:
    """value → the sets it is in."""
    split = split_table(table, **options)  # type: ignore[arg-type]
    found: dict[str, set[str]] = defaultdict(set)
    for name, rows in split.indices.items():
        for i in rows:
            found[table.column(column)[i]].add(name)
    return found


# -- tables ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["source", "speaker"])
def test_a_source_stays_in_one_set(tmp_path: Path, column: str) -> None:
    rows = [{"label": "ab"[i % 2], column: str(i // 4)} for i in range(48)]
    table = make_table(tmp_path, *rows)
    for seed in range(3):
        found = sets_of(table, column, test_fraction=0.2, seed=seed)
        assert all(len(sets) == 1 for sets in found.values())
        assert {s for sets in found.values() for s in sets} == {"train", "val", "test"}
    split = split_table(table)
    assert f"of the same {column} and content stay in one set (12 sources)" in split.reason
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
    with pytest.raises(DataError, match="leaves nothing for the validation set"):
        split_table(table)  # each label has one speaker only
    found = sets_of(table, "room", group_by=["room"])
    assert all(len(sets) == 1 for sets in found.values())
    assert len(split_table(table, group_by=()).val) == 5
    with pytest.raises(DataError, match="no column 'song'"):
        split_table(table, group_by=["song"])


def test_the_same_sound_stays_in_one_set(tmp_path: Path) -> None:
    for i in range(10):
        wav = write_tone(tmp_path / "a" / f"{i}.wav", 300 + 10 * i, seed=i)
        (tmp_path / "b").mkdir(exist_ok=True)
        (tmp_path / "b" / f"copy {i}.wav").write_bytes(wav.read_bytes())
    table = read_folder(tmp_path)
    split = split_table(table, val_fraction=0.3)
    numbers = [{path.stem[-1] for path in name.paths} for name in (split.train, split.val)]
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
    assert [len(split.indices[name]) for name in ("train", "val", "test")] == [10, 3, 2]
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
    assert "names no training set" in split.reason
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
    found = sets_of(make_table(tmp_path, *rows), "fold", val_fraction=val, test_fraction=test)
    assert found == {name: {expected.get(name, "train")} for name in ("1", "2", "3", "10")}


@pytest.mark.parametrize("column", ["split", "fold"])
def test_the_same_sound_in_two_sets_of_a_given_split(tmp_path: Path, column: str) -> None:
    lines = [f"file_name,label,{column}"]
    for i in range(6):
        write_tone(tmp_path / f"{i}.wav", 300, seed=i % 5)  # 0.wav and 5.wav are the same
        value = ("train" if i < 4 else "test") if column == "split" else str(i // 3)
        lines.append(f"{i}.wav,x,{value}")
    (tmp_path / "metadata.csv").write_text("\n".join(lines))
    table = read_folder(tmp_path)
    with pytest.raises(DataError, match=r"several sets of the split: 0.wav = 5.wav .remove"):
        split_table(table)
    if column == "fold":
        with pytest.raises(DataError, match=r"0.wav = 5.wav"):
            list(folds(table))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no examples to split"),
        ([{"label": "a"}], "leaves nothing for the validation set: 1 recording from 1 source"),
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


def test_official_splits_of_real_sets(shared_data: Path) -> None:
    digits = split_table(read_folder(shared_data / "fsdd").subset(range(0, 3000, 10)))
    assert "share 6 speakers" in digits.reason
    assert not set(digits.train.column("speaker")) & set(digits.val.column("speaker"))
    speech = split_table(read_folder(shared_data / "librispeech"))
    assert (len(speech.train) + len(speech.val), len(speech.test)) == (251, 100)


def test_keys_find_copies_without_decoding(tmp_path: Path) -> None:
    for i in range(6):
        write_tone(tmp_path / "x" / f"{i}.wav", 300, seed=i)
    table = read_folder(tmp_path)
    keys = [str(i % 5) for i in range(6)]
    split = split_table(table, val_fraction=0.4, keys=keys)
    assert "(5 sources)" in split.reason
    assert any({0, 5} <= set(rows) for rows in split.indices.values())


def test_the_rows_of_each_set_stay_what_they_were(tmp_path: Path) -> None:
    """Who is where decides figures that have been published; it changes only on purpose."""
    kinds: dict[str, list[dict[str, str]]] = {
        "plain": [{"label": "abc"[i % 3]} for i in range(30)],
        "source": [{"label": "ab"[i % 2], "source": str(i // 3)} for i in range(36)],
        "tags": [
            {"label": ["a", "a;b", "b;c", "c", ""][i % 5], "speaker": str(i % 7)} for i in range(35)
        ],
        "speaker": [{"text": "x", "speaker": str(i // 4)} for i in range(24)],
    }
    expected: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
        "plain": ((6, 12, 16, 17, 25, 26), (1, 8, 15, 18)),
        "source": ((9, 10, 11, 18, 19, 20, 24, 25, 26), (12, 13, 14)),
        "tags": ((4, 11, 18, 25, 32), (2, 9, 16, 23, 30)),
        "speaker": ((0, 1, 2, 3), (20, 21, 22, 23)),
    }
    for kind, rows in kinds.items():
        split = split_table(make_table(tmp_path / kind, *rows), test_fraction=0.15)
        assert (split.indices["val"], split.indices["test"]) == expected[kind], kind


@pytest.mark.parametrize("column", ["fold", "split"])
def test_a_column_with_gaps_is_refused_by_name(tmp_path: Path, column: str) -> None:
    values = [str(1 + i // 8) if column == "fold" else "train" for i in range(40)]
    values[7] = ""
    table = make_table(tmp_path, *[{"label": "ab"[i % 2], column: v} for i, v in enumerate(values)])
    with pytest.raises(DataError, match=rf"has 1 row without a {column}: 7.bin .fill in"):
        split_table(table, test_fraction=0.2)


def test_a_fold_column_that_is_too_short_is_not_used_in_silence(tmp_path: Path) -> None:
    rows = [{"label": "x", "fold": str(i % 2)} for i in range(20)]
    split = split_table(make_table(tmp_path, *rows), test_fraction=0.2)
    assert "the fold column is not used, it has too few folds (0, 1)" in split.reason


def test_event_labels_are_in_all_sets(tmp_path: Path) -> None:
    bare = make_table(tmp_path, *[{} for _ in range(30)])
    rows = [
        recording(e.path, {}, [Supervision(0, 1, ("dog", "cat", "owl")[i % 3])])
        for i, e in enumerate(bare)
    ]
    split = split_table(Table(tmp_path, tuple(rows)), test_fraction=0.2)
    assert split.val.event_labels == split.test.event_labels == ["cat", "dog", "owl"]
    assert (len(split.train), len(split.val), len(split.test)) == (18, 6, 6)


def test_words_that_come_once_do_not_keep_recordings_in_training(tmp_path: Path) -> None:
    bare = make_table(tmp_path, *[{} for _ in range(10)])
    rows = [
        recording(e.path, {}, [Supervision(0, 1, f"word {i}"), Supervision(1, 2, "ab"[i % 2])])
        for i, e in enumerate(bare)
    ]
    for seed in range(5):
        split = split_table(Table(tmp_path, tuple(rows)), test_fraction=0.2, seed=seed)
        assert (len(split.train), len(split.val), len(split.test)) == (6, 2, 2)
        # What comes more often still is in each set.
        assert {"a", "b"} <= set(split.val.event_labels) & set(split.test.event_labels)


def test_speakers_of_turns_are_stratified_where_nothing_has_a_label(tmp_path: Path) -> None:
    bare = make_table(tmp_path, *[{} for _ in range(20)])
    rows = [
        recording(e.path, {}, [Supervision(0, 1, speaker="ab"[i % 2])]) for i, e in enumerate(bare)
    ]
    split = split_table(Table(tmp_path, tuple(rows)))
    assert split.val.speakers == ["a", "b"]


def test_names_of_sets() -> None:
    assert [set_of(v) for v in ("dev", "TESTING", "train_1", "training data", "")] == [
        "val",
        "test",
        "train",
        "",
        "",
    ]
    assert few(["x" * 30, "b"], limit=1) == "x" * 23 + "… and 1 more"
