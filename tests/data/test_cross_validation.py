"""Cross-validation: each row is tested once, by a fold that shares no source with training."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests_training import write_tone
from tympan.data import Table, folds, read_folder, recording
from tympan.errors import ArgumentError, DataError


def make_table(root: Path, *rows: dict[str, str]) -> Table:
    """A table of different files; they need no sound for a split."""
    root.mkdir(exist_ok=True)
    for i in range(len(rows)):
        (root / f"{i}.bin").write_bytes(bytes(i + 1))  # sizes differ, so no content is shared
    return Table(root, tuple(recording(root / f"{i}.bin", row) for i, row in enumerate(rows)))


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


def test_groups_are_cut_into_folds_where_no_column_names_them(tmp_path: Path) -> None:
    rows = [{"label": "ab"[(i // 2) % 2], "speaker": str(i // 2)} for i in range(40)]
    table = make_table(tmp_path, *rows)
    found = list(folds(table, k=4))
    assert len(found) == 4
    for _, split in found:
        assert not set(split.train.column("speaker")) & set(split.test.column("speaker"))
        assert len(split.test) == 10
    with pytest.raises(DataError, match=r"too few for 30 folds \(--folds \d+ or fewer, or more"):
        list(folds(table, k=30))
    with pytest.raises(ArgumentError, match="at least 2"):
        list(folds(table, k=1))


def test_the_rows_of_each_fold_stay_what_they_were(tmp_path: Path) -> None:
    """Who is where decides figures that have been published; it changes only on purpose."""
    rows = [{"label": "ab"[i % 2], "source": str(i // 3)} for i in range(36)]
    found = [split.indices["test"] for _, split in folds(make_table(tmp_path, *rows), k=3)]
    assert found == [
        (0, 1, 2, 3, 4, 5, 9, 10, 11, 30, 31, 32),
        (6, 7, 8, 18, 19, 20, 21, 22, 23, 27, 28, 29),
        (12, 13, 14, 15, 16, 17, 24, 25, 26, 33, 34, 35),
    ]
    speakers = [{"text": "x", "speaker": str(i // 4)} for i in range(24)]
    table = make_table(tmp_path, *speakers)
    assert [split.indices["test"] for _, split in folds(table, k=3, seed=7)] == [
        (12, 13, 14, 15, 16, 17, 18, 19),
        (0, 1, 2, 3, 4, 5, 6, 7),
        (8, 9, 10, 11, 20, 21, 22, 23),
    ]


def test_gaps_in_the_fold_column_are_named(tmp_path: Path) -> None:
    rows = [{"label": "x", "fold": "" if i == 2 else str(i % 2)} for i in range(6)]
    with pytest.raises(DataError, match=r"1 row without a fold: 2.bin"):
        list(folds(make_table(tmp_path, *rows)))


def test_keys_join_copies(tmp_path: Path) -> None:
    table = make_table(tmp_path, *[{"label": "x"} for _ in range(8)])
    for _, split in folds(table, k=4, keys=[str(i % 4) for i in range(8)]):
        first, second = split.indices["test"]
        assert second - first == 4


def test_the_same_sound_in_two_folds_is_refused(tmp_path: Path) -> None:
    lines = ["file_name,label,fold"]
    for i in range(4):
        write_tone(tmp_path / f"{i}.wav", 300, seed=i % 3)
        lines.append(f"{i}.wav,x,{i % 2}")
    (tmp_path / "metadata.csv").write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"0.wav = 3.wav"):
        list(folds(read_folder(tmp_path)))
