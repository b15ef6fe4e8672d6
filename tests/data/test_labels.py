"""Labels that are probably not what was meant are named, all at once."""

from __future__ import annotations

from pathlib import Path

from tympan.data import Supervision, Table, label_conflicts, label_warnings, read_folder, recording


def table_of(*labels: str) -> Table:
    rows = [recording(Path(f"{i}.wav"), {"label": label}) for i, label in enumerate(labels)]
    return Table(Path("."), tuple(rows))


def test_labels_that_differ_in_spelling_only() -> None:
    found = label_warnings(
        table_of("Flute", "flute", "flute", "drum kit", "drum_kit", "1", "1.0", "10", "cat")
    )
    assert found == (
        "warning: labels that differ in spelling only are different labels: "
        "'1' (1) and '1.0' (1); 'Flute' (1) and 'flute' (2); 'drum kit' (1) and 'drum_kit' (1)",
    )


def test_labels_that_differ_stay_quiet() -> None:
    assert label_warnings(table_of("A", "a", "C#", "C", "1-2", "12", "-6", "6", "1*", "1")) == ()
    assert label_warnings(table_of('{"a": 1, "b": 2}', '{"A": 1, "b": 2}')) == ()


def test_a_label_with_a_comma_and_others_at_once() -> None:
    found = label_warnings(table_of("dog, rain", "Dog", "dog", "None"))
    assert len(found) == 3
    assert (
        "labels that hold a comma are one label each: 'dog, rain' (separate several by ';')"
        in (found[1])
    )
    assert "'None' (1) is a label like others" in found[2]


def test_labels_of_events_and_tags_count() -> None:
    rows = [
        recording(Path("a.wav"), {"label": "Rain;dog"}, [Supervision(0, 1, "rain")]),
    ]
    assert "'Rain' (1) and 'rain' (1)" in label_warnings(Table(Path("."), tuple(rows)))[0]


def test_a_folder_says_it_when_it_is_read(tmp_path: Path) -> None:
    for label in ("Flute", "flute ", "oboe"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.wav").write_bytes(b"RIFF....WAVE")
    (tmp_path / "viola").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("windy")
    warnings = read_folder(tmp_path).warnings
    assert warnings[0] == "warning: sub-folders without recordings are no labels: notes/, viola/"
    assert "'Flute' (1) and 'flute' (1)" in warnings[1]


def test_one_sound_under_two_labels() -> None:
    table = table_of("a", "b", "a", "a;b", "b;a")
    assert label_conflicts(table, ["1", "2", "1", "3", "3"]) == ()
    assert label_conflicts(table, ["1", "1", "1", "1", "2"]) == (
        "warning: the same sound has several labels: 0.wav ('a') = 1.wav ('b'); "
        "0.wav ('a') = 3.wav ('a;b')",
    )
    many = table_of(*[str(i) for i in range(9)])
    assert label_conflicts(many, ["1"] * 9)[0].endswith("and 3 more")
