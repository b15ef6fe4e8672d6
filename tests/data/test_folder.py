"""Folders of recordings as people have them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests_training import write_tone
from tympan.data import read_folder
from tympan.errors import DataError


def names(root: Path) -> list[str]:
    table = read_folder(root)
    return [table.relative(path) for path in table.paths]


def test_sub_folders_are_labels_at_any_depth(tmp_path: Path) -> None:
    write_tone(tmp_path / "dog" / "2.wav", 300, 0)
    write_tone(tmp_path / "cat" / "monday" / "morning" / "b.WAV", 300, 1)
    write_tone(tmp_path / "cat" / "a.flac", 300, 2)
    table = read_folder(tmp_path)
    assert [table.relative(p) for p in table.paths] == [
        "cat/a.flac",
        "cat/monday/morning/b.WAV",
        "dog/2.wav",
    ]
    assert table.column("label") == ["cat", "cat", "dog"]
    assert table.labels == ["cat", "dog"]
    assert table.ignored == 0


def test_hidden_files_are_passed_over_and_others_counted(tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "a" / "1.wav", 300, 0)
    for hidden in (".DS_Store", "a/._1.wav", "a/.2.wav", ".git/3.wav", "__MACOSX/a/4.wav"):
        path = tmp_path / hidden
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(tone.read_bytes())
    (tmp_path / "a" / "notes.txt").write_text("RIFF")
    (tmp_path / "readme").write_text("no sound")
    (tmp_path / "loose.wav").write_bytes(tone.read_bytes())  # beside the label folders
    table = read_folder(tmp_path)
    assert len(table) == 1
    assert table.ignored == 3


def test_sound_is_known_by_suffix_or_by_its_first_bytes(tmp_path: Path) -> None:
    tone = write_tone(tmp_path / "x" / "1.wav", 300, 0).read_bytes()
    (tmp_path / "x" / "no_suffix").write_bytes(tone)
    (tmp_path / "x" / "take.final").write_bytes(b"fLaC" + bytes(20))
    (tmp_path / "x" / "other.bin").write_bytes(b"PK\3\4" + bytes(20))
    (tmp_path / "x" / "voice.M4A").write_bytes(b"")
    assert names(tmp_path) == ["x/1.wav", "x/no_suffix", "x/take.final", "x/voice.M4A"]


def test_folders_called_train_and_test_are_splits(tmp_path: Path) -> None:
    for i, part in enumerate(("train/dog", "train/cat", "test/dog", "Validation/cat")):
        write_tone(tmp_path / part / "1.wav", 300, i)
    table = read_folder(tmp_path)
    assert table.labels == ["cat", "dog"]
    assert sorted(zip(table.column("split"), table.column("label"), strict=True)) == [
        ("test", "dog"),
        ("train", "cat"),
        ("train", "dog"),
        ("val", "cat"),
    ]


def splits(root: Path) -> None:
    for i, part in enumerate(("train/dog", "train/cat", "test/dog", "test/cat")):
        write_tone(root / part / "1.wav", 300, i)


def test_a_folder_of_notes_beside_the_splits_is_passed_over(tmp_path: Path) -> None:
    splits(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("windy")
    (tmp_path / "val").mkdir()
    (tmp_path / "readme.txt").write_text("two days")
    table = read_folder(tmp_path)
    assert table.labels == ["cat", "dog"]
    assert set(table.column("split")) == {"train", "test"}
    assert (len(table), table.ignored) == (4, 2)


def test_recordings_beside_the_splits_are_refused(tmp_path: Path) -> None:
    splits(tmp_path)
    write_tone(tmp_path / "extra" / "dog" / "1.wav", 300, 9)
    with pytest.raises(DataError, match=r"recordings in extra/ beside the splits test/, train/"):
        read_folder(tmp_path)


def test_folders_called_train_and_ship_are_labels(tmp_path: Path) -> None:
    write_tone(tmp_path / "train" / "1.wav", 300, 0)
    write_tone(tmp_path / "ship" / "1.wav", 300, 1)
    table = read_folder(tmp_path)
    assert table.labels == ["ship", "train"]
    assert not table.has("split")


def test_splits_may_have_a_metadata_file_each(tmp_path: Path) -> None:
    for part, label in (("train", "dog"), ("test", "cat")):
        write_tone(tmp_path / part / "1.wav", 300, 0)
        (tmp_path / part / "metadata.csv").write_text(f"file_name,label\n1.wav,{label}\n")
    table = read_folder(tmp_path)
    assert [(e.columns["split"], e.label) for e in table] == [("test", "cat"), ("train", "dog")]


def test_recordings_without_folder_have_no_label(tmp_path: Path) -> None:
    write_tone(tmp_path / "b.wav", 300, 0)
    write_tone(tmp_path / "a.wav", 300, 1)
    table = read_folder(tmp_path)
    assert len(table) == 2
    assert table.labels == []
    with pytest.raises(DataError, match="no column 'label'"):
        table.column("label")


def test_links_are_followed_once(tmp_path: Path) -> None:
    root, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    write_tone(elsewhere / "1.wav", 300, 0)
    (root / "dog").mkdir(parents=True)
    (root / "dog" / "linked.wav").symlink_to(elsewhere / "1.wav")
    (root / "cat").symlink_to(elsewhere)
    (root / "dog" / "loop").symlink_to(root)
    (elsewhere / "self").symlink_to(elsewhere)
    (root / "dog" / "broken.wav").symlink_to(tmp_path / "nothing")
    assert names(root) == ["cat/1.wav", "dog/linked.wav"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: None, "does not exist"),
        (lambda p: p.write_text("x"), "is a file, not a folder"),
        (lambda p: p.mkdir(), "holds no files at all"),
        (lambda p: (p.mkdir(), (p / "a.txt").write_text("x")), "no recordings: 1 other files"),
    ],
)
def test_a_folder_that_cannot_be_used(tmp_path: Path, make, message: str) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "folder"
    make(folder)
    with pytest.raises(DataError, match=message) as caught:
        read_folder(folder)
    assert str(folder) in str(caught.value)


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    write_tone(tmp_path / "a" / "1.wav", 300, 0)
    (tmp_path / "a").chmod(0)
    try:
        with pytest.raises(DataError, match="permission denied"):
            read_folder(tmp_path)
    finally:
        (tmp_path / "a").chmod(0o700)


def test_a_tables_digest_knows_files_and_columns(tmp_path: Path) -> None:
    write_tone(tmp_path / "a" / "1.wav", 300, 0)
    write_tone(tmp_path / "b" / "1.wav", 300, 1)
    table = read_folder(tmp_path)
    digest = table.digest
    assert read_folder(tmp_path).digest == digest
    assert table.subset([0]).digest != digest
    (tmp_path / "b").rename(tmp_path / "c")
    with pytest.raises(DataError, match=r"b/1.wav: cannot be read"):
        _ = table.digest
    renamed = read_folder(tmp_path).digest
    assert renamed != digest
    os.utime(tmp_path / "c" / "1.wav", ns=(1, 1))
    assert read_folder(tmp_path).digest != renamed


def test_real_folders(shared_data: Path) -> None:
    esc = read_folder(shared_data / "esc50")
    assert (len(esc), len(esc.labels), esc.ignored) == (2000, 50, 0)
    assert sorted(set(esc.column("fold"))) == ["1", "2", "3", "4", "5"]
    motor = read_folder(shared_data / "motor")
    assert (len(motor), motor.unlabelled) == (212, 2)
