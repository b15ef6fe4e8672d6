import re
from dataclasses import replace
from pathlib import Path

import pytest

from tests_machine import machine
from tympan.data import Table, read_folder, recording
from tympan.data.cuts import cut_parts
from tympan.data.split import make_split, split_table
from tympan.errors import DataError
from tympan.tasks.monitor.rows import arranged, divided, is_normal, normal_label


def table(*labels: str) -> Table:
    rows = [recording(Path(f"{i}.wav"), {"label": label}) for i, label in enumerate(labels)]
    return Table(Path("."), tuple(rows))


def test_the_label_of_normal_recordings() -> None:
    assert normal_label(table("Healthy", "worn"), "") == "Healthy"
    assert normal_label(table("a", "b"), "b") == "b"
    assert normal_label(table("a", "b"), "") == ""
    assert all(is_normal(one, "") for one in table("a", "b"))
    with pytest.raises(DataError, match="no recording with the label 'c'"):
        normal_label(table("a", "b"), "c")


def test_anomalies_are_never_trained_on() -> None:
    rows = table(*["normal"] * 30, *["worn"] * 10)
    sets = [("train", "val", "test", "train", "train")[i % 5] for i in range(40)]
    split = make_split(rows, sets, "by hand")
    for drop in (False, True):
        found = arranged(rows, split, "normal", drop=drop)
        assert set(found.train.labels) == set(found.val.labels) == {"normal"}
        tested = sum(not is_normal(one, "normal") for one in found.test)
        assert tested == (2 if drop else 10)
        assert sorted(found.indices["train"]) == list(found.indices["train"])


def test_a_long_recording_is_cut_and_its_end_held_out(tmp_path: Path) -> None:
    (tmp_path / "normal").mkdir()
    machine(100, 0).save(tmp_path / "normal" / "day.wav")
    found = divided(read_folder(tmp_path), "normal")
    parts = [(one.columns["split"], one.supervisions[0]) for one in found]
    assert len(parts) == 10
    order = [split for split, _ in parts]
    assert order == sorted(order, key=["train", "val", "test"].index)
    assert set(order) == {"train", "val", "test"}
    assert parts[0][1].start_s == 0
    assert parts[-1][1].end_s == pytest.approx(100)


def test_a_split_that_is_given_is_kept(tmp_path: Path) -> None:
    """Of a healthy recording for training the end is held out; faults stay whole."""
    healthy = machine(60, 0).save(tmp_path / "healthy.wav")
    other = machine(5, 1).save(tmp_path / "other.wav")
    rows = [
        recording(healthy, {"label": "healthy", "split": "train"}),
        recording(other, {"label": "worn", "split": "train"}),
    ]
    found = divided(Table(tmp_path, tuple(rows)), "healthy")
    splits = [one.columns["split"] for one in found]
    assert splits == ["train"] * 4 + ["val", "test", "test"]
    rows.append(recording(other, {"label": "healthy", "split": "test"}))
    found = divided(Table(tmp_path, tuple(rows)), "healthy")
    splits = [one.columns["split"] for one in found]
    assert splits == ["train"] * 5 + ["val", "test", "test"]


def test_short_recordings_stay_whole(tmp_path: Path) -> None:
    path = machine(5, 0).save(tmp_path / "a.wav")
    rows = Table(tmp_path, tuple(recording(path, {"label": "normal"}) for _ in range(4)))
    assert divided(rows, "normal") is rows


def test_many_recordings_stay_whole() -> None:
    rows = table(*["normal"] * 12)
    assert divided(rows, "normal") is rows


def test_the_split_of_pieces_is_told_as_what_it_is(tmp_path: Path) -> None:
    """No column that the user does not have, and no leak that is none."""
    for i in range(2):
        machine(100, i).save(tmp_path / f"{i}.wav")
    rows = [
        recording(tmp_path / f"{i}.wav", {"label": "normal", "source": f"s{i}"}) for i in range(2)
    ]
    cut = cut_parts(divided(Table(tmp_path, tuple(rows)), "normal"), tmp_path / "cache")
    split = split_table(cut)
    assert "share 2" in split.reason, "else this tests nothing"
    told = arranged(cut, split, "normal", drop=False).reason
    assert told.startswith("the end of each normal recording is held out")
    assert not re.search("column|share|source", told)
    # A column of the user's own that has a test set is obeyed, and only validation is taken.
    rows = [replace(one, columns={**one.columns, "split": "train"}) for one in rows]
    machine(100, 2).save(tmp_path / "2.wav")
    rows.append(recording(tmp_path / "2.wav", {"label": "normal", "source": "s2", "split": "test"}))
    cut = cut_parts(divided(Table(tmp_path, tuple(rows)), "normal"), tmp_path / "cache")
    told = arranged(cut, split_table(cut), "normal", drop=False).reason
    assert told.startswith("the split column is obeyed, and the end of each normal recording is")
