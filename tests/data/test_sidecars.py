"""Scores and annotations beside the recordings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tympan.data import Supervision, guess_task, read_folder
from tympan.data import annotations as an
from tympan.errors import DataError

EVENTS = [Supervision(0.5, 1.5, "dog"), Supervision(2.0, 3.0, "cat")]


def sound(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"RIFF....WAVE" + name.encode())


@pytest.mark.parametrize(
    "name",
    ["a.txt", "a.csv", "a.TextGrid", "a.Table.1.selections.txt", "a.BirdNET.selection.table.txt"],
)
def test_an_annotation_beside_a_recording(tmp_path: Path, name: str) -> None:
    sound(tmp_path, "a.wav", "b.wav")
    if "selection" in name:
        an.write_raven(tmp_path / name, EVENTS)
    else:
        an.write_annotation(tmp_path / name, EVENTS)
    table = read_folder(tmp_path)
    assert [e.supervisions for e in table] == [tuple(EVENTS), ()]
    assert table.ignored == 0
    assert table.notes == (f"annotations ({Path(name).suffix}) give events in 1 of 2 recordings",)
    assert guess_task(table).task == "segment"


def test_subtitles_are_texts(tmp_path: Path) -> None:
    sound(tmp_path, "a.wav")
    an.write_srt(tmp_path / "a.srt", [Supervision(0, 1, text="hello")])
    table = read_folder(tmp_path)
    assert table[0].supervisions[0].text == "hello"
    assert guess_task(table).task == "transcribe"


def test_annotations_in_a_folder_of_their_own(tmp_path: Path) -> None:
    sound(tmp_path, "audio/a.wav", "audio/b.wav")
    (tmp_path / "labels").mkdir()
    for name in "ab":
        an.write_audacity(tmp_path / "labels" / f"{name}.txt", EVENTS)
    table = read_folder(tmp_path)
    assert table.event_labels == ["cat", "dog"]
    assert not table.has("label")  # "audio" is none
    assert table.ignored == 0


def test_two_recordings_of_one_name_need_theirs_beside(tmp_path: Path) -> None:
    sound(tmp_path, "x/a.wav", "y/a.wav")
    (tmp_path / "labels").mkdir()
    an.write_audacity(tmp_path / "labels" / "a.txt", EVENTS)
    an.write_audacity(tmp_path / "x" / "a.txt", EVENTS[:1])
    table = read_folder(tmp_path)
    assert [e.supervisions for e in table] == [tuple(EVENTS[:1]), ()]
    assert table.labels == ["x", "y"]


def test_one_rttm_for_many_recordings(tmp_path: Path) -> None:
    sound(tmp_path, "a.wav", "b.wav", "c.wav")
    turns = {name: [Supervision(0, 1, speaker=name * 2)] for name in "abz"}
    an.write_rttm(tmp_path / "all.rttm", turns)
    table = read_folder(tmp_path)
    assert [[s.speaker for s in e.supervisions] for e in table] == [["aa"], ["bb"], []]
    assert table.ignored == 0
    assert guess_task(table).reason == "2 parts of 2 recordings have times and 2 speakers"


def test_one_rttm_for_those_without_their_own(tmp_path: Path) -> None:
    sound(tmp_path, "a.wav", "b.wav")
    an.write_csv(tmp_path / "a.csv", EVENTS)
    turns = {name: [Supervision(0, 1, speaker=name * 2)] for name in "ab"}
    an.write_rttm(tmp_path / "all.rttm", turns)
    table = read_folder(tmp_path)
    assert [[s.label or s.speaker for s in e.supervisions] for e in table] == [
        ["dog", "cat"],
        ["bb"],
    ]


def test_the_name_in_a_recordings_own_rttm_may_be_another(tmp_path: Path) -> None:
    sound(tmp_path, "a.wav")
    an.write_rttm(tmp_path / "a.rttm", EVENTS, recording="meeting 7")
    assert len(read_folder(tmp_path)[0].supervisions) == 2


def test_what_says_what_it_is_comes_first(tmp_path: Path) -> None:
    sound(tmp_path, "a.wav")
    an.write_audacity(tmp_path / "a.txt", EVENTS)
    an.write_textgrid(tmp_path / "a.TextGrid", EVENTS[:1])
    table = read_folder(tmp_path)
    assert len(table[0].supervisions) == 1
    assert table.ignored == 1


def test_what_only_looks_like_labels_comes_last(tmp_path: Path) -> None:
    sound(tmp_path, "a.wav")
    (tmp_path / "a.csv").write_text("0.5,1.5,0.9\n")
    an.write_srt(tmp_path / "a.srt", [Supervision(0, 1, text="hello")])
    assert read_folder(tmp_path)[0].supervisions[0].text == "hello"


def test_empty_annotations_say_that_nothing_happens(tmp_path: Path) -> None:
    sound(tmp_path, "a.wav", "b.wav")
    an.write_csv(tmp_path / "a.csv", EVENTS)
    an.write_csv(tmp_path / "b.csv", [])
    table = read_folder(tmp_path)
    assert [len(e.supervisions) for e in table] == [2, 0]
    assert table.notes[0].endswith("1 annotations are empty: nothing happens there")


def test_damaged_annotations_are_named_all_at_once(tmp_path: Path) -> None:
    sound(tmp_path, "a.wav", "b.wav", "c.wav")
    (tmp_path / "a.TextGrid").write_text("hello")
    (tmp_path / "b.srt").write_text("hello")
    an.write_csv(tmp_path / "c.csv", EVENTS)
    with pytest.raises(DataError, match=r"cannot be read: a.TextGrid: .*; b.srt: line 1 has no"):
        read_folder(tmp_path)


def test_text_that_only_began_like_labels_is_left_with_a_warning(tmp_path: Path) -> None:
    sound(tmp_path, "a.wav", "b.wav")
    (tmp_path / "a.txt").write_text("0.00\t220.5\t1\n0.01\t0.0\t0\n")  # a pitch track
    (tmp_path / "b.txt").write_text("Recorded on Monday.\n")
    table = read_folder(tmp_path)
    assert not any(e.supervisions for e in table)
    assert table.warnings == (
        "warning: a.txt is not taken for labels: line 2 ends at 0, before it starts at 0.01",
    )
    assert table.ignored == 2


def test_annotations_beside_the_recordings_of_a_table(tmp_path: Path) -> None:
    sound(tmp_path, "audio/a.wav")
    an.write_textgrid(tmp_path / "audio" / "a.TextGrid", EVENTS)
    (tmp_path / "metadata.csv").write_text("file_name,room\naudio/a.wav,7\n")
    table = read_folder(tmp_path)
    assert len(table[0].supervisions) == 2
    assert table.column("room") == ["7"]


def test_events_of_the_table_come_first(tmp_path: Path) -> None:
    sound(tmp_path, "a.wav")
    an.write_textgrid(tmp_path / "a.TextGrid", EVENTS)
    (tmp_path / "metadata.csv").write_text("file_name,start_s,end_s,label\na.wav,0,1,owl\n")
    assert read_folder(tmp_path).event_labels == ["owl"]


def test_a_few_annotations_beside_labelled_recordings_change_no_question(tmp_path: Path) -> None:
    sound(tmp_path, *(f"{x}/{i}.wav" for x in "ab" for i in range(3)))
    an.write_audacity(tmp_path / "a" / "0.txt", EVENTS)
    assert guess_task(read_folder(tmp_path)).task == "classify"


def test_a_score_beside_each_recording(tmp_path: Path) -> None:
    sound(tmp_path, "a.wav", "b.wav")
    for name in ("a.mid", "b.midi", "c.mid"):
        (tmp_path / name).write_bytes(b"MThd")
    table = read_folder(tmp_path)
    assert [sorted(e.files) for e in table] == [["audio", "midi"]] * 2
    assert table.notes == ("a score (.mid, .abc) lies beside 2 of 2 recordings",)
    assert table.ignored == 1
    assert guess_task(table).task == "notes"


def test_real_turns(shared_data: Path) -> None:
    table = read_folder(shared_data / "ami")
    assert all(e.supervisions for e in table)
    assert len(table.speakers) == 17
