"""The task is guessed from the columns, with a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tympan.data import Table, guess_task, read_folder, recording
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
def test_columns_tell_the_task(rows: list[dict[str, str]], task: str, reason: str) -> None:
    guess = guess_task(table(*rows))
    assert guess.task == task
    assert reason in guess.reason


def test_midi_beside_each_file(tmp_path: Path) -> None:
    for name in ("a.wav", "a.mid", "b.wav", "b.midi"):
        (tmp_path / name).write_bytes(b"")
    assert guess_task(read_folder(tmp_path)).task == "notes"
    (tmp_path / "c.wav").write_bytes(b"")
    with pytest.raises(DataError, match="says nothing about its recordings"):
        guess_task(read_folder(tmp_path))


def test_one_label_only() -> None:
    with pytest.raises(DataError, match=r"only one label, 'dog' .*another label"):
        guess_task(table({"label": "dog"}, {"label": "dog"}))


def test_rows_left_out_are_told() -> None:
    rows = (recording(Path("a.wav"), {"label": "x"}), recording(Path("b.wav"), {"label": "y"}))
    guess = guess_task(Table(Path("d"), rows, unlabelled=3, origin="metadata.csv"))
    assert guess.reason.startswith("3 rows without a label left out, metadata.csv gives 2 labels")
