"""By what rows are kept together and stratified."""

from __future__ import annotations

from pathlib import Path

import pytest

from tympan.data import Supervision, Table, recording
from tympan.data.grouping import Grouping, same_source, strata_of
from tympan.errors import DataError


def table_of(*rows: dict[str, str]) -> Table:
    return Table(Path("d"), tuple(recording(Path(f"d/{i}.wav"), r) for i, r in enumerate(rows)))


def test_rows_of_one_source_speaker_or_content_belong_together() -> None:
    table = table_of(
        {"source": "s", "speaker": "a"},
        {"source": "s", "speaker": "b"},
        {"source": "", "speaker": "b"},
        {"source": "t", "speaker": ""},
        {"source": "u", "speaker": "c"},
    )
    keys = ["0", "1", "2", "3", "3"]
    grouping = Grouping.of(table, keys, None)
    assert grouping.groups(range(5)) == [[0, 1, 2], [3, 4]]
    assert grouping.groups([0, 2, 3]) == [[0], [2], [3]]
    assert grouping.words == "source and speaker and content"
    assert Grouping.of(table, keys, ["speaker"]).groups(range(5)) == [[0], [1, 2], [3, 4]]
    assert Grouping.of(table, keys, []).groups(range(5)) == [[0], [1], [2], [3, 4]]
    assert same_source(table, keys, [3]) == {3, 4}
    assert same_source(table, keys, []) == set()
    with pytest.raises(DataError, match="no column 'song'"):
        Grouping.of(table, keys, ["song"])


def test_values_that_several_sets_share_are_counted() -> None:
    table = table_of(*[{"speaker": s} for s in ("a", "a", "b", "")])
    grouping = Grouping.of(table, list("0123"), None)
    assert grouping.shared(["train", "test", "test", "train"]) == "its sets share 1 speakers"
    assert grouping.shared(["train", "", "test", "test"]) == ""


def test_without_supervisions_labels_alone_count() -> None:
    table = table_of({"label": "a;b"}, {"label": ""}, {"label": "b"})
    assert strata_of(table) == [[("a", "b"), ("",), ("b",)]]


def test_labels_of_events_count_once_for_each_recording() -> None:
    events = [
        [Supervision(0, 1, "x"), Supervision(1, 2, "x")],
        [Supervision(0, 1, "x", "", "s")],
        [],
    ]
    rows = [recording(Path(f"{i}.wav"), {}, e) for i, e in enumerate(events)]
    full, common, none = strata_of(Table(Path(), tuple(rows)))
    assert full == common == [("x",), ("x",), ("",)]
    assert none == [("",)] * 3
