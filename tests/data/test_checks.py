"""What is said about a table once its recordings have been read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan.data import (
    Supervision,
    Table,
    data_warnings,
    events_outside,
    lost_labels,
    read_folder,
    recording,
    suggest_folds,
)
from tympan.errors import AudioFileError


def table_of(*rows: dict[str, str]) -> Table:
    return Table(Path("d"), tuple(recording(Path(f"d/{i}.wav"), r) for i, r in enumerate(rows)))


def test_a_label_of_which_nothing_is_left_is_named() -> None:
    table = table_of(*[{"label": "abc"[i % 3]} for i in range(9)])
    skipped = [AudioFileError("is cut short", file=f"d/{i}.wav") for i in (2, 5, 8, 0)]
    assert lost_labels(table, skipped) == (
        "warning: nothing is left of label 'c': none of its 3 recordings can be read",
    )
    assert lost_labels(table, [Path("d/0.wav"), "d/./3.wav"]) == (
        "warning: label 'a' has lost 2 of its 3 recordings, which cannot be read",
    )
    assert lost_labels(table, []) == ()
    assert lost_labels(table, [AudioFileError("has no name")]) == ()


def test_labels_of_events_and_speakers_are_lost_too() -> None:
    rows = [
        recording(Path("a.wav"), {}, [Supervision(0, 1, "dog"), Supervision(0, 1, "cat")]),
        recording(Path("b.wav"), {}, [Supervision(0, 1, "dog")]),
        recording(Path("c.wav"), {"speaker": "anna"}),
    ]
    found = lost_labels(Table(Path("."), tuple(rows)), ["a.wav", "c.wav"])
    assert [line.split("'")[1] for line in found] == ["anna", "cat"]


def test_events_behind_the_end() -> None:
    rows = [
        recording(Path("a.wav"), {}, [Supervision(0, 10.4, "x"), Supervision(9, 12, "x")]),
        recording(Path("b.wav"), {}, [Supervision(0, 3, "x")]),
    ]
    table = Table(Path("."), tuple(rows))
    assert events_outside(table, [10.0, 3.0]) == (
        "warning: 1 of 3 events end after their recording: a.wav (12 s of 10.0 s) "
        "(times are in seconds)",
    )
    assert events_outside(table, [12.0, 3.0]) == ()


def test_all_warnings_at_once(tmp_path: Path) -> None:
    for label, rate_hz in (("a", 44100), ("b", 8000)):
        for i in range(6):
            path = tmp_path / label / f"{i}.wav"
            path.parent.mkdir(exist_ok=True)
            soundfile.write(path, np.zeros(80), rate_hz)
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "0.wav").write_bytes(b"RIFF")
    table = read_folder(tmp_path)
    kept = table.subset(range(12))
    skipped = [AudioFileError("is cut short", file=table.paths[12])]
    found = data_warnings(table, kept, ["same"] * 12, skipped)
    assert [line[:45] for line in found] == [
        "warning: nothing is left of label 'c': none o",
        "warning: labels differ in sample rate (a 4410",
        "warning: the same sound has several labels: a",
    ]
    assert data_warnings(kept, kept, [str(i) for i in range(12)]) == found[1:2]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([{"label": "ab"[i % 2]} for i in range(80)], "--folds 5 scores all 80 recordings, not"),
        ([{"label": "rare" if i < 3 else "often"} for i in range(303)], "--folds 3 scores all 303"),
        ([{"label": "rare" if i < 3 else "often"} for i in range(500)], "75 of them, 0 of 'rare'"),
        ([{"label": "ab"[i % 2], "source": str(i // 20)} for i in range(80)], "--folds 4"),
        ([{"label": "ab"[i % 2], "fold": str(i % 8)} for i in range(80)], "--folds 8"),
        ([{"speaker": str(i % 9)} for i in range(60)], "--folds 5"),
    ],
)
def test_small_test_sets_suggest_folds(rows: list[dict[str, str]], expected: str) -> None:
    assert expected in suggest_folds(table_of(*rows))


@pytest.mark.parametrize(
    "rows",
    [
        [{"label": "ab"[i % 2]} for i in range(400)],
        [{"label": "ab"[i % 2], "split": "train" if i else "test"} for i in range(80)],
        [{"label": "one" if i == 0 else "many"} for i in range(80)],  # cannot be tested so either
        [],
    ],
)
def test_others_do_not(rows: list[dict[str, str]]) -> None:
    assert suggest_folds(table_of(*rows)) == ""


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), min_size=1, max_size=30),
)
def test_every_label_is_kept_or_named(rows: list[tuple[str, bool]]) -> None:
    """Whatever files cannot be read, a label that lost all or most of them is in a warning."""
    table = table_of(*[{"label": label} for label, _ in rows])
    skipped = [f"d/{i}.wav" for i, (_, readable) in enumerate(rows) if not readable]
    text = " ".join(lost_labels(table, skipped))
    for label in {label for label, _ in rows}:
        readable = [there for one, there in rows if one == label]
        assert (f"nothing is left of label {label!r}" in text) is not any(readable)
        lost = readable.count(False)
        mostly = 2 * lost > len(readable) > lost
        assert (f"label {label!r} has lost {lost} of its {len(readable)}" in text) is mostly
