"""Rows of events become one example for each recording."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tympan.data import Supervision, read_folder
from tympan.errors import DataError

HEADER = "file_name,start_s,end_s,label"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("a.wav", "b.wav", "c.wav"):
        (tmp_path / name).write_bytes(b"RIFF....WAVE" + name.encode())
    return tmp_path


def write(root: Path, *lines: str) -> None:
    (root / "metadata.csv").write_text("\n".join(lines) + "\n")


def test_all_that_is_known_about_an_event(root: Path) -> None:
    write(
        root,
        "Filename,onset,offset,event_label,Low Freq (Hz),high_hz,speaker,text",
        "a.wav,1,2,dog,200,,anna,hello",
    )
    assert read_folder(root)[0].supervisions == (
        Supervision(1, 2, "dog", "hello", "anna", 200.0, None),
    )


def test_columns_of_the_recording_stay(root: Path) -> None:
    write(
        root,
        HEADER + ",fold,annotator,speaker",
        "a.wav,0,1,x,1,ann,s1",
        "a.wav,1,2,y,1,bob,s1",
        "b.wav,0,1,x,2,ann,s2",
    )
    table = read_folder(root)
    assert table[0].columns == {"fold": "1", "speaker": "s1"}
    assert table[1].columns == {"fold": "2", "speaker": "s2"}
    assert table.notes == (
        "the column 'annotator': not kept, as it differs between events of a recording",
    )


def test_speakers_who_take_turns_are_no_column(root: Path) -> None:
    write(
        root,
        "file_name,start_s,end_s,speaker",
        "a.wav,0,1,s1",
        "a.wav,1,2,s2",
        "b.wav,0,1,s1",
    )
    table = read_folder(root)
    assert not table.has("speaker")
    assert table.speakers == ["s1", "s2"]


def test_a_recording_without_events(root: Path) -> None:
    write(root, HEADER, "a.wav,0,1,x", "b.wav,,,")
    assert [len(e.supervisions) for e in read_folder(root)] == [1, 0]


def test_what_is_wrong_is_named_all_at_once(root: Path) -> None:
    write(
        root,
        HEADER + ",split",
        "a.wav,0,1,x,train",
        "a.wav,1,2,y,test",
        "b.wav,2,1,y,test",
        "b.wav,,,y,test",
        "z.wav,0,1,y,test",
    )
    with pytest.raises(DataError) as caught:
        read_folder(root)
    for words in (
        "names z.wav (line 6) that does not exist",
        "gives a.wav several values of split (lines 2 to 3)",
        "line 4 ends at 1, before it starts at 2",
        "has a row without times (line 5; only a recording without events",
    ):
        assert words in str(caught.value)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"), st.integers(0, 99), st.integers(1, 9), st.sampled_from("xyz")
        ),
        min_size=1,
        max_size=30,
    )
)
def test_no_event_is_lost(root: Path, drawn: list[tuple[str, int, int, str]]) -> None:
    write(root, HEADER, *(f"{f}.wav,{s},{s + d},{label}" for f, s, d, label in drawn))
    table = read_folder(root)
    assert len(table) == len({f for f, *_ in drawn})
    found = Counter(
        (e.path.stem, s.start_s, s.end_s - s.start_s, s.label)
        for e in table
        for s in e.supervisions
    )
    assert found == Counter((f, float(s), float(d), label) for f, s, d, label in drawn)
    for example in table:
        starts = [one.start_s for one in example.supervisions]
        assert starts == sorted(starts)
