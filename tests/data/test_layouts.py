"""What sub-folders mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from tympan.data import guess_task, read_folder


def sound(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"RIFF....WAVE" + name.encode())


def test_loose_recordings_in_train_and_test_are_splits(tmp_path: Path) -> None:
    sound(tmp_path, "train/a.wav", "train/b.wav", "test/c.wav")
    table = read_folder(tmp_path)
    assert table.labels == []
    assert sorted(table.column("split")) == ["test", "train", "train"]


def test_a_split_without_labels_is_left_out_and_counted(tmp_path: Path) -> None:
    sound(tmp_path, "train/x/a.wav", "train/y/b.wav", "test/c.wav")
    table = read_folder(tmp_path)
    assert (len(table), table.unlabelled) == (2, 1)


DCASE = [
    "train/section_00_source_train_normal_0000_strength_1_ambient.wav",
    "train/section_01_target_train_normal_0001_strength_2_ambient.wav",
    "test/section_00_source_test_normal_0000_strength_1_ambient.wav",
    "test/section_00_source_test_anomaly_0001_strength_1_ambient.wav",
]
DCASE_2020 = ["train/normal_id_00_00000000.wav", "test/anomaly_id_00_00000000.wav"]
MIMII = ["id_00/normal/00000000.wav", "id_00/abnormal/00000000.wav", "id_02/normal/00000000.wav"]


@pytest.mark.parametrize("top", ["", "fan/", "dev_data/fan/"])
def test_the_layout_of_dcase(tmp_path: Path, top: str) -> None:
    sound(tmp_path, *(top + name for name in DCASE))
    table = read_folder(tmp_path)
    rows = sorted((e.columns["split"], e.label, e.columns["machine"]) for e in table)
    place = top.replace("/", " ")
    assert rows == [
        ("test", "anomaly", f"{place}section_00"),
        ("test", "normal", f"{place}section_00"),
        ("train", "normal", f"{place}section_00"),
        ("train", "normal", f"{place}section_01"),
    ]
    assert guess_task(table).task == "monitor"
    assert "DCASE task 2" in guess_task(table).reason


def test_the_layout_of_dcase_2020(tmp_path: Path) -> None:
    sound(tmp_path, *DCASE_2020)
    table = read_folder(tmp_path)
    assert {e.columns["machine"] for e in table} == {"id_00"}
    assert guess_task(table).task == "monitor"


def test_the_layout_of_mimii(tmp_path: Path) -> None:
    sound(tmp_path, *MIMII)
    table = read_folder(tmp_path)
    assert [(e.label, e.columns["machine"]) for e in table] == [
        ("abnormal", "id_00"),
        ("normal", "id_00"),
        ("normal", "id_02"),
    ]
    assert not table.has("split")
    assert guess_task(table).task == "monitor"


def test_folders_called_normal_and_abnormal_are_labels(tmp_path: Path) -> None:
    sound(tmp_path, "normal/a.wav", "abnormal/b.wav")
    table = read_folder(tmp_path)
    assert table.labels == ["abnormal", "normal"]
    assert not table.has("machine")
    assert guess_task(table).task == "classify"


def test_a_name_without_a_machine_is_no_label(tmp_path: Path) -> None:
    sound(tmp_path, "normal_1.wav", "anomaly_2.wav")
    assert read_folder(tmp_path).labels == []


def test_one_other_name_is_no_data_set_of_machines(tmp_path: Path) -> None:
    sound(tmp_path, *MIMII, "id_00/broken/1.wav")
    assert read_folder(tmp_path).labels == ["id_00", "id_02"]


def test_labels_that_may_lie_one_folder_deeper(tmp_path: Path) -> None:
    for day in ("day1", "day2"):
        sound(tmp_path, f"{day}/flute/a.wav", f"{day}/oboe/b.wav")
    (found,) = read_folder(tmp_path).warnings
    assert "the labels are the outer sub-folders (day1, day2)" in found
    assert "(flute, oboe)" in found
    assert "(flute/day1)" in found


@pytest.mark.parametrize(
    "names",
    [
        ("cat/monday/a.wav", "dog/tuesday/b.wav"),
        ("cat/monday/a.wav", "cat/b.wav", "dog/monday/c.wav"),
        ("cat/a.wav", "dog/b.wav"),
        ("cat/x/y/a.wav",),
    ],
)
def test_other_folders_in_labels_are_fine(tmp_path: Path, names: tuple[str, ...]) -> None:
    sound(tmp_path, *names)
    assert read_folder(tmp_path).warnings == ()


def test_scores_alone(tmp_path: Path) -> None:
    for name in ("a.mid", "b.MIDI", "c.abc", "c.mid", "notes.txt", "sub/d.abc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    table = read_folder(tmp_path)
    # Only what lies in sub-folders has a label.
    assert [table.relative(p) for p in table.paths] == ["sub/d.abc"]
    (tmp_path / "sub" / "d.abc").unlink()
    table = read_folder(tmp_path)
    assert [e.files for e in table] == [
        {"midi": tmp_path / name} for name in ("a.mid", "b.MIDI", "c.mid")
    ]
    assert table.ignored == 2
    assert guess_task(table).task == "compose"


def test_scores_have_labels_and_splits_as_recordings_have(tmp_path: Path) -> None:
    for name in ("train/jig/a.mid", "train/reel/b.mid", "test/jig/c.abc"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    table = read_folder(tmp_path)
    assert table.labels == ["jig", "reel"]
    assert sorted(table.column("split")) == ["test", "train", "train"]


def test_real_scores_and_machines(shared_data: Path) -> None:
    table = read_folder(shared_data / "real_music" / "babyslakh")
    assert sum("midi" in e.files for e in table) == 10
    assert guess_task(table).task == "notes"
    with pytest.raises(Exception, match="holds no recordings"):
        read_folder(shared_data / "symbolic")
