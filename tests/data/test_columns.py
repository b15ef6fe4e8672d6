"""Columns are known by their usual names, each for one thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.data import Supervision
from tympan.data.columns import SYNONYMS, event_of, names_events, recognise, recognise_events


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["file_name", "label"], {"file_name": "file_name", "label": "label"}),
        (["label", "Label", "category"], {"label": "label"}),
        (["target", "category", "class"], {"label": "category"}),
        (["LABELS"], {"label": "LABELS"}),
        (
            ["client_id", "path", "sentence"],
            {"file_name": "path", "text": "sentence", "speaker": "client_id"},
        ),
        (["emotion"], {}),
        ([], {}),
    ],
)
def test_usual_names(names: list[str], expected: dict[str, str]) -> None:
    assert recognise(names) == expected


@given(st.lists(st.sampled_from([n for names in SYNONYMS.values() for n in names]), unique=True))
def test_a_column_is_one_thing(names: list[str]) -> None:
    found = recognise(names)
    assert len(set(found.values())) == len(found)
    assert set(found.values()) <= set(names)
    events = recognise_events(names)
    assert len(set(events.values())) == len(events)


@pytest.mark.parametrize(
    ("names", "sure", "likely"),
    [
        (["start_s", "end_s"], True, True),
        (["Onset", "OFFSET"], True, True),
        (["Begin Time (s)", "End Time (s)"], True, True),
        (["start", "end"], False, True),
        (["start_time", "stop"], False, True),
        (["start_s", "duration"], False, False),
    ],
)
def test_times_of_events(names: list[str], sure: bool, likely: bool) -> None:
    assert ({"start_s", "end_s"} <= recognise_events(names, sure=True).keys()) == sure
    assert names_events(names) == likely


def test_an_event() -> None:
    cells = {"start_s": "1", "end_s": "2", "label": "dog", "low_hz": "", "high_hz": "9e3"}
    assert event_of(cells) == Supervision(1, 2, "dog", high_hz=9000.0)
    with pytest.raises(ValueError, match="has the end '', which is no time"):
        event_of({"start_s": "1"})
