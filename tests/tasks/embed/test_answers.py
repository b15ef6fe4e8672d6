"""The table of answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tympan.data import read_folder
from tympan.errors import ArgumentError, DataError, TympanError
from tympan.tasks.embed import answers as module
from tympan.tasks.embed.answers import Answers, Judgement, Moment


def one(file: str, start_s: float, label: str, yes: bool = True) -> Judgement:
    return Judgement(Moment(file, start_s, start_s + 2), label, yes)


def rows(path: Path) -> list[str]:
    return path.read_text().splitlines()[1:]


def test_rows_of_a_moment_are_one_and_others_are_none_of_the_labels(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "labels.csv")
    a, b = str(tmp_path / "x" / "a.wav"), "/elsewhere/b.wav"
    answers.add([one(a, 0, "frog"), one(a, 0, "crow")])
    answers.add([one(b, 1, "frog", False)])
    assert rows(answers.path) == ["x/a.wav,0.000,2.000,frog;crow,", f"{b},1.000,3.000,,frog"]
    answers.add([one(b, 1, "crow", False)])
    assert rows(answers.path)[1] == f"{b},1.000,3.000,other,frog;crow"
    assert answers.count("frog") == (1, 1)


def test_it_goes_on_from_the_file(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "labels.csv")
    said = [one("/a, b.wav", 0, "tree frog"), one("/ü.wav", 5, "crow", False)]
    for answer in said:
        answers.add([answer])
    again = Answers(answers.path)
    assert list(again) == said
    assert again.labels == ("tree frog", "crow")
    again.add([one("/c.wav", 0, "crow")])
    assert len(rows(answers.path)) == 3


def test_an_answer_is_changed_by_a_later_one_and_taken_back(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "labels.csv")
    answers.add([one("/a.wav", 0, "frog")])
    answers.add([one("/a.wav", 0, "frog", False), one("/a.wav", 0, "crow")])
    assert rows(answers.path) == ["/a.wav,0.000,2.000,crow,frog"]
    assert [answer.label for answer in answers.undo()] == ["frog", "crow"]
    assert rows(answers.path) == ["/a.wav,0.000,2.000,frog,"]
    answers.undo()
    assert answers.undo() == []
    assert rows(answers.path) == []


def test_what_could_not_be_written_was_not_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Answers(tmp_path / "labels.csv")
    answers.add([one("/a.wav", 0, "frog")])

    def full(*_: object) -> None:
        raise TympanError("cannot be written: No space left on device")

    monkeypatch.setattr(module, "write_table", full)
    with pytest.raises(TympanError, match="No space"):
        answers.add([one("/b.wav", 0, "frog")])
    assert len(answers) == 1
    assert len(rows(answers.path)) == 1


@pytest.mark.parametrize("label", ["", " ", "a;b", "other", "No", "x" * 101, "a\x00b"])
def test_what_cannot_be_a_label(tmp_path: Path, label: str) -> None:
    answers = Answers(tmp_path / "labels.csv")
    with pytest.raises(ArgumentError, match="cannot be a label"):
        answers.add([one("/a.wav", 0, label)])
    assert not answers.path.exists()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a,b\n1,2\n", "no column 'file_name'"),
        ("file_name,start_s,end_s,label,species\na,0,1,x,y\n", "'species', which would be lost"),
        ("file_name,start_s,end_s,label\na.wav,x,1,frog\n", "line 2 has the start 'x'"),
        ("file_name,start_s,end_s,label\na.wav,2,1,frog\n", "line 2 ends at 1"),
        ("file_name,label\na.wav,frog\n", "has no times for a.wav"),
        ("file_name,start_s,end_s,label\n,0,1,frog\n", "no file in line 2"),
        ('file_name,start_s,end_s,label\n"a.wav,0,1,frog\n', "is not CSV"),
        ("file_name,start_s,end_s,label\na.wav,0,1,frog,x,y,z\n", "line 2 has 7 cells"),
        ("file_name\0", "NUL"),
        ("file_name,start_s,end_s,label\na.wav,nan,1,frog\n", "no time"),
    ],
)
def test_a_broken_table_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(DataError, match=told) as caught:
        Answers(tmp_path / "labels.csv")
    assert "\n" not in str(caught.value)


def test_train_reads_it_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF....WAVE")
    answers = Answers(tmp_path / "sub.csv")
    answers.add([one(str(tmp_path / "a.wav"), 0, "frog")])
    answers.add([one(str(tmp_path / "a.wav"), 4, "frog", False)])
    (found,) = read_folder(tmp_path, metadata=answers.path)
    assert [(s.start_s, s.label) for s in found.supervisions] == [(0.0, "frog"), (4.0, "other")]


def test_a_name_that_no_table_can_hold_is_refused_and_costs_no_other(tmp_path: Path) -> None:
    answers = Answers(tmp_path / "labels.csv")
    answers.add([one("/a.wav", 0, "frog")])
    with pytest.raises(DataError, match=r"b\?\.wav: has a name that is not UTF-8.*rename it"):
        answers.add([one("/b\udce9.wav", 0, "frog")])
    answers.add([one("/c.wav", 0, "frog")])
    assert [row.partition(",")[0] for row in rows(answers.path)] == ["/a.wav", "/c.wav"]
    answers.path.read_bytes().decode("utf-8", "strict")
