"""Labels in a folder's `metadata.csv`: nobody's edit is lost, and nothing else is touched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tympan.data import read_folder
from tympan.data.label_sheet import ChangedMeanwhileError, LabelSheet
from tympan.data.marks import LabelMark
from tympan.errors import DataError


def sheet(root: Path, **more: object) -> LabelSheet:
    return LabelSheet(root, length_s=lambda name: 4.0, **more)  # type: ignore[arg-type]


def put(own: LabelSheet, name: str, *marks: LabelMark) -> None:
    own.change(name, marks, own.state().base(name))


def test_a_stale_change_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    one, two = sheet(tmp_path), sheet(tmp_path)
    seen = two.state().base("a.wav")
    put(one, "a.wav", LabelMark.of("dog"))
    before = one.path.read_bytes()
    with pytest.raises(ChangedMeanwhileError, match=r"a\.wav"):
        two.change("a.wav", [LabelMark.of("cat")], seen)
    assert one.path.read_bytes() == before
    # Another recording is nobody's business.
    two.change("b.wav", [LabelMark.of("cat")], two.state().base("b.wav"))
    assert one.state().labels == {"cat": 1, "dog": 1}


def test_a_name_that_no_table_can_hold_is_refused(tmp_path: Path) -> None:
    own = sheet(tmp_path)
    put(own, "a.wav", LabelMark.of("dog"))
    before = own.path.read_bytes()
    with pytest.raises(DataError, match=r"caf\?\.wav: has a name that is not UTF-8") as caught:
        put(own, "caf\udce9.wav", LabelMark.of("cat"))
    str(caught.value).encode()  # it can be told to a browser
    assert own.path.read_bytes() == before
    assert sheet(tmp_path).state().labels == {"dog": 1}


def test_columns_and_rows_of_others_stay(tmp_path: Path) -> None:
    text = "fold,file_name,label,speaker\n1,a.wav,dog,ann\n2,gone.wav,cat,bob\n1,c.wav,,cid\n"
    (tmp_path / "metadata.csv").write_text(text)
    own = sheet(tmp_path)
    put(own, "a.wav", LabelMark.of("wolf"))
    put(own, "c.wav")
    assert own.path.read_text().splitlines() == [
        "file_name,label,fold,speaker",
        "a.wav,wolf,1,ann",
        "gone.wav,cat,2,bob",
        "c.wav,,1,cid",
    ]


def test_parts_make_labels_of_whole_recordings_parts_too(tmp_path: Path) -> None:
    (tmp_path / "metadata.csv").write_text("file_name,label,fold\na.wav,dog,1\n")
    own = sheet(tmp_path)
    put(own, "b.wav", LabelMark(1.0, 2.5, "frog"), LabelMark(0.25, 0.5, "cat"))
    put(own, "c.wav", LabelMark.of(""))
    assert own.path.read_text().splitlines() == [
        "file_name,start_s,end_s,label,fold",
        "a.wav,0.000,4.000,dog,1",
        "b.wav,0.250,0.500,cat,",
        "b.wav,1.000,2.500,frog,",
        "c.wav,,,,",
    ]
    for name in ("a.wav", "b.wav", "c.wav"):
        (tmp_path / name).touch()
    found = {one.path.name: one.supervisions for one in read_folder(tmp_path)}
    assert [(one.start_s, one.label) for one in found["b.wav"]] == [(0.25, "cat"), (1.0, "frog")]
    assert found["c.wav"] == ()


def test_of_an_event_that_stays_everything_stays(tmp_path: Path) -> None:
    head = "file_name,start_s,end_s,label,text,speaker\n"
    (tmp_path / "metadata.csv").write_text(f"{head}a.wav,1,2.50,speech,hello,ann\n")
    own = sheet(tmp_path)
    put(own, "a.wav", LabelMark(1.0, 2.5, "voice"), LabelMark(3.0, 4.0, "dog"))
    assert own.path.read_text().splitlines()[1:] == [
        "a.wav,1.000,2.500,voice,hello,ann",
        "a.wav,3.000,4.000,dog,,ann",
    ]


def test_labels_of_sub_folders_are_written_with_the_first_change(tmp_path: Path) -> None:
    own = sheet(tmp_path, first={"dog/a.wav": [LabelMark.of("dog")]})
    assert own.state().of("dog/a.wav") == (LabelMark.of("dog"),)
    assert not own.path.exists()
    put(own, "b.wav", LabelMark.of("cat"))
    assert own.path.read_text() == "file_name,label\ndog/a.wav,dog\nb.wav,cat\n"


def test_what_another_program_wrote_is_seen(tmp_path: Path) -> None:
    own = sheet(tmp_path)
    put(own, "a.wav", LabelMark.of("dog"))
    version = own.state().version
    own.path.write_text("file_name;label\r\n./a.wav;wolf\r\n")
    assert own.state().of("a.wav") == (LabelMark.of("wolf"),)
    assert own.state().version != version


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name,label\na.wav,dog\n", "no column 'file_name'"),
        ("file_name,start_s,label\na.wav,1,dog\n", "has times"),
        ("file_name,start_s,end_s,label\na.wav,2,1,dog\n", "line 2"),
        ("file_name,start_s,end_s,text\na.wav,0,1,hello\n", "has times"),
    ],
)
def test_a_table_that_is_none_of_labels_is_refused(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "metadata.csv").write_text(text)
    own = sheet(tmp_path)
    with pytest.raises(DataError, match=told):
        own.state()
    assert (tmp_path / "metadata.csv").read_text() == text


WRITER = """
import sys
from tympan.data.label_sheet import LabelSheet
from tympan.data.marks import LabelMark
own = LabelSheet(sys.argv[1])
for i in range(25):
    name = f"{sys.argv[2]}{i}.wav"
    own.change(name, [LabelMark.of(sys.argv[2])], own.state().base(name))
"""


@pytest.mark.skipif(os.name == "nt", reason="no lock of files")
def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name]) for name in "ab"
    ]
    assert [one.wait(120) for one in running] == [0, 0]
    assert sheet(tmp_path).state().labels == {"a": 25, "b": 25}


def test_a_recording_that_is_gone_does_not_keep_others_from_labels(tmp_path: Path) -> None:
    def length_s(name: str) -> float:
        if name == "gone.wav":
            raise DataError("does not exist", file=name)
        return 4.0

    (tmp_path / "metadata.csv").write_text("file_name,label\na.wav,dog\ngone.wav,cat\n")
    own = LabelSheet(tmp_path, length_s=length_s)
    put(own, "b.wav", LabelMark(1.0, 2.0, "owl"))
    assert own.path.read_text().splitlines() == [
        "file_name,start_s,end_s,label",
        "a.wav,0.000,4.000,dog",
        "gone.wav,,,cat",
        "b.wav,1.000,2.000,owl",
    ]
    assert own.state().labels == {"cat": 1, "dog": 1, "owl": 1}
