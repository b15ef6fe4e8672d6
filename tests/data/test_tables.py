"""Which table says what the recordings of a folder are."""

from __future__ import annotations

from pathlib import Path

import pytest

from tympan.data import guess_task, read_folder
from tympan.errors import DataError


def sound(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"RIFF....WAVE" + path.name.encode())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metadata.tsv", "file_name\tlabel\na.wav\tx\nb.wav\ty\n"),
        ("labels.csv", "file,class\na.wav,x\nb.wav,y\n"),
        ("my recordings.tsv", "path\tcategory\na.wav\tx\nb.wav\ty\n"),
        ("all.jsonl", '{"path": "a.wav", "label": "x"}\n{"path": "b.wav", "label": "y"}\n'),
        ("meta/esc50.csv", "filename,category\na.wav,x\nb.wav,y\n"),
    ],
)
def test_any_single_table_counts(tmp_path: Path, name: str, text: str) -> None:
    sound(tmp_path / "a.wav", tmp_path / "b.wav")
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(text)
    table = read_folder(tmp_path)
    assert table.labels == ["x", "y"]
    assert table.origin == Path(name).name
    assert table.ignored == 0


def test_the_layout_of_esc50(tmp_path: Path) -> None:
    sound(tmp_path / "audio" / "1.wav", tmp_path / "audio" / "2.wav")
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "esc50.csv").write_text(
        "filename,fold,target,category,esc10,src_file,take\n"
        "1.wav,1,0,dog,True,100032,A\n2.wav,2,14,rain,False,100038,A\n"
    )
    table = read_folder(tmp_path)
    assert table.labels == ["dog", "rain"]
    assert table.column("source") == ["100032", "100038"]
    assert table.column("target") == ["0", "14"]
    assert "labels in 'category'" in table.notes[0]


def test_the_layout_of_urbansound(tmp_path: Path) -> None:
    names = [f"{i}-3-0-0.wav" for i in range(4)]
    sound(*(tmp_path / f"fold{1 + i % 2}" / name for i, name in enumerate(names)))
    (tmp_path / "metadata").mkdir()
    rows = [f"{n},{i},0.5,4.5,1,{1 + i % 2},3,dog" for i, n in enumerate(names)]
    header = "slice_file_name,fsID,start,end,salience,fold,classID,class"
    (tmp_path / "metadata" / "UrbanSound8K.csv").write_text("\n".join([header, *rows]))
    table = read_folder(tmp_path)
    assert table.labels == ["dog"]
    assert table.column("fold") == ["1", "2", "1", "2"]
    assert not any(e.supervisions for e in table)
    assert "start and end are not taken for times of events" in table.notes[1]


def test_the_layout_of_dcase_events(tmp_path: Path) -> None:
    sound(tmp_path / "audio" / "a.wav", tmp_path / "audio" / "b.wav")
    (tmp_path / "strong.tsv").write_text(
        "filename\tonset\toffset\tevent_label\na.wav\t0.5\t1\tDog\na.wav\t2\t3\tCat\nb.wav\t\t\t\n"
    )
    table = read_folder(tmp_path)
    assert [len(e.supervisions) for e in table] == [2, 0]
    assert guess_task(table).task == "segment"


def test_start_and_end_are_times_where_files_come_again(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    (tmp_path / "x.csv").write_text("file,start,end,label\na.wav,0,1,dog\na.wav,1,2,cat\n")
    assert read_folder(tmp_path).event_labels == ["cat", "dog"]


def test_tables_called_like_splits(tmp_path: Path) -> None:
    sound(*(tmp_path / "clips" / f"{i}.mp3" for i in range(3)))
    for i, part in enumerate(("train", "dev", "test")):
        (tmp_path / f"{part}.tsv").write_text(f"client_id\tpath\tsentence\ns{i}\t{i}.mp3\thello\n")
    table = read_folder(tmp_path)
    assert sorted(table.column("split")) == ["test", "train", "val"]
    assert guess_task(table).task == "transcribe"
    assert table.ignored == 0
    assert table.speakers == ["s0", "s1", "s2"]


def test_label_folders_win_over_a_table_of_another_name(tmp_path: Path) -> None:
    sound(tmp_path / "cat" / "a.wav", tmp_path / "dog" / "b.wav")
    (tmp_path / "predictions.csv").write_text("file,label\ncat/a.wav,dog\ndog/b.wav,dog\n")
    table = read_folder(tmp_path)
    assert table.labels == ["cat", "dog"]
    assert table.notes == (
        "predictions.csv is not used, the sub-folders are labels (--metadata takes it)",
    )
    assert read_folder(tmp_path, metadata=tmp_path / "predictions.csv").labels == ["dog"]
    (tmp_path / "predictions.csv").rename(tmp_path / "labels.csv")
    assert read_folder(tmp_path).labels == ["dog"]


def test_several_tables_are_a_question(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    for name in ("x.csv", "y.csv"):
        (tmp_path / name).write_text("file,label\na.wav,x\n")
    with pytest.raises(DataError, match=r"several tables: x.csv, y.csv .name one with --metadata"):
        read_folder(tmp_path)


def test_a_table_that_says_nothing_is_named_with_its_columns(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    (tmp_path / "x.csv").write_text("sound name,mood\na.wav,sad\n")
    table = read_folder(tmp_path)
    assert "x.csv is not used: a column of files" in table.notes[0]
    assert "sound name, mood (--file-column, --label-column)" in table.notes[0]
    with pytest.raises(DataError, match=r"says nothing .* x.csv is not used"):
        guess_task(table)
    chosen = read_folder(tmp_path, metadata=tmp_path / "x.csv", label_column="mood")
    assert chosen.labels == ["sad"]


@pytest.mark.parametrize("options", [{"label_column": "x"}, {"file_column": "x"}])
def test_a_column_of_no_table(tmp_path: Path, options: dict[str, str]) -> None:
    sound(tmp_path / "cat" / "a.wav", tmp_path / "dog" / "b.wav")
    with pytest.raises(DataError, match=r"no table with a column 'x' .name the table"):
        read_folder(tmp_path, **options)  # type: ignore[arg-type]


def test_a_table_about_one_recording_is_no_table_of_recordings(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav", tmp_path / "b.wav")
    (tmp_path / "a.csv").write_text("file,start_s,end_s,label\nx,0,1,dog\n")
    table = read_folder(tmp_path)
    assert len(table) == 2
    assert table.event_labels == ["dog"]


def test_tables_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    sound(tmp_path / "a.wav")
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00file")
    (tmp_path / "y.jsonl").write_text("[1]")
    (tmp_path / "z.csv").write_text('"file')
    assert len(read_folder(tmp_path)) == 1
