"""The task is guessed from the columns, with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.data import (
    Example,
    Supervision,
    Table,
    guess_task,
    possible_task,
    read_folder,
    recording,
)
from tympan.errors import DataError


def table(*rows: dict[str, str], origin: str = "metadata.csv") -> Table:
    examples = tuple(recording(Path(f"{i}.wav"), row) for i, row in enumerate(rows))
    return Table(Path("data"), examples, origin=origin)


@pytest.mark.parametrize(
    ("rows", "task", "reason"),
    [
        ([{"label": "a"}, {"label": "b"}], "classify", "metadata.csv gives 2 labels: 'a', 'b'"),
        ([{"label": "a;b"}, {"label": "b"}], "tag", "2 labels, several in one row"),
        ([{"label": '{"x": "a;b"}'}, {"label": "c"}], "classify", "2 labels"),
        ([{"label": "Normal"}], "monitor", "only one label"),
        ([{"label": "a", "start_s": "0", "end_s": "1"}], "segment", "start_s, end_s and label"),
        ([{"rttm": "a.rttm"}], "segment", "rttm"),
        ([{"mixture": "a.wav", "voice": "b.wav"}], "separate", "mixture"),
        ([{"text": "hello", "speaker": "x"}], "transcribe", "--task speak"),
        ([{"speaker": "x"}, {"speaker": "y"}], "identify", "speaker"),
        ([{"label": "a", "speaker": "x"}, {"label": "b", "speaker": "x"}], "classify", "2 labels"),
    ],
)
def test_columns_decide_the_task(rows: list[dict[str, str]], task: str, reason: str) -> None:
    guess = guess_task(table(*rows))
    assert guess.task == task
    assert reason in guess.reason


def test_midi_beside_each_file(tmp_path: Path) -> None:
    for name in ("a.wav", "a.mid", "b.wav", "b.midi"):
        (tmp_path / name).write_bytes(b"")
    assert guess_task(read_folder(tmp_path)).task == "notes"
    (tmp_path / "c.wav").write_bytes(b"")
    assert guess_task(read_folder(tmp_path)).reason == "2 of 3 recordings have a score (.mid)"
    for name in ("d.wav", "e.wav"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(DataError, match="says nothing about its recordings"):
        guess_task(read_folder(tmp_path))


def test_one_label_only() -> None:
    with pytest.raises(DataError, match=r"only one label, 'dog' .*another label.*--task monitor"):
        guess_task(table({"label": "dog"}, {"label": "dog"}))


def test_files_and_supervisions_come_before_columns() -> None:
    a, b = Path("a.wav"), Path("b.mid")
    columns = {"label": "x", "text": "hello", "speaker": "s"}
    cases = [
        (Example({"mixture": a, "voice": a, "drums": a}, columns), "separate", "'drums', 'voice'"),
        (Example({"audio": a, "midi": b}, columns), "notes", "1 of 1 recording "),
        (Example({"midi": b}, columns), "compose", "1 scores"),
        (recording(a, columns, [Supervision(0, 1, "dog")]), "segment", "1 label: 'dog'"),
        (recording(a, columns, [Supervision(0, 1, text="hi")]), "transcribe", "times and a text"),
        (recording(a, {}, [Supervision(0, 1, speaker="s")]), "segment", "1 speakers"),
        (recording(a, {}, [Supervision(0, 1)]), "segment", "no label"),
    ]
    for example, task, reason in cases:
        guess = guess_task(Table(Path("d"), (example,)))
        assert (guess.task, reason in guess.reason) == (task, True)


def test_normal_and_faulty_recordings() -> None:
    both = [{"label": "Normal"}, {"label": "anomaly"}]
    assert guess_task(table(*both)).task == "classify"
    machine = [{**row, "machine": "fan"} for row in both]
    assert guess_task(table(*machine)).task == "monitor"
    split = [{**both[0], "split": "train"}, {**both[1], "split": "test"}]
    assert guess_task(table(*split)).reason == "all its training recordings are 'normal'"
    assert guess_task(table(*split, {**both[1], "split": "train"})).task == "classify"


def test_columns_that_nobody_knows_are_named() -> None:
    rows = [{"emotion": "sad", "room": "1"}]
    with pytest.raises(DataError, match=r"its columns are: emotion, room; --label-column NAME"):
        guess_task(table(*rows))
    assert possible_task(table(*rows)) is None
    assert possible_task(table({"label": "dog"})) is None
    assert possible_task(table({"text": "hello"})) == guess_task(table({"text": "hello"}))


CELLS = st.sampled_from(["", "normal", "a;b", "{", "hello", "train", "0.5"])
NAMES = st.sampled_from(
    ["label", "split", "text", "speaker", "mixture", "midi", "start_s", "end_s", "machine", "rttm"]
)


@given(
    st.lists(st.dictionaries(NAMES, CELLS), max_size=5),
    st.lists(st.sampled_from(["audio", "midi", "mixture", "voice"]), min_size=1, unique=True),
    st.booleans(),
)
def test_whatever_the_table_a_task_is_guessed_or_none(
    rows: list[dict[str, str]], roles: list[str], events: bool
) -> None:
    supervisions = (Supervision(0, 1, "x"),) if events else ()
    examples = [Example(dict.fromkeys(roles, Path("a")), row, supervisions) for row in rows]
    guess = possible_task(Table(Path("d"), tuple(examples)))
    assert guess is None or guess.reason


def test_rows_left_out_are_counted() -> None:
    rows = (recording(Path("a.wav"), {"label": "x"}), recording(Path("b.wav"), {"label": "y"}))
    guess = guess_task(Table(Path("d"), rows, unlabelled=3, origin="metadata.csv"))
    assert guess.reason.startswith("metadata.csv (3 rows without a label left out) gives 2 labels")
