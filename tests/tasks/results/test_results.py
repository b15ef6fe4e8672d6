"""Answers as JSON, files and figures."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tympan.errors import ArgumentError
from tympan.tasks import Classification, Label, Segment

ANSWER = Classification(
    "street.wav",
    (Label("siren", 0.75), Label("engine", 0.2)),
    (Segment(0.0, 4.0, "siren", 0.9), Segment(4.0, 6.5, "engine", 0.6)),
    6.5,
    "sounds",
)


def test_json_holds_what_the_command_promises(tmp_path):
    stored = json.loads(ANSWER.save(tmp_path / "a.json").read_text())
    assert stored == ANSWER.to_json()
    assert set(stored) == {"file", "labels", "timeline", "warnings"}
    assert stored["timeline"][1] == {"start_s": 4.0, "end_s": 6.5, "label": "engine", "score": 0.6}


def test_csv_and_audacity_hold_the_timeline(tmp_path):
    rows = list(csv.DictReader(io.StringIO(ANSWER.save(tmp_path / "a.csv").read_text())))
    assert [(float(r["start_s"]), r["label"]) for r in rows] == [(0, "siren"), (4, "engine")]
    lines = ANSWER.save(tmp_path / "a.TXT").read_text().splitlines()
    assert lines[1].split("\t") == ["4.000000", "6.500000", "engine"]


def test_an_unknown_format_is_refused_and_nothing_is_written(tmp_path):
    with pytest.raises(ArgumentError, match=r"\.xls"):
        ANSWER.save(tmp_path / "a.xls")
    assert list(tmp_path.iterdir()) == []


def test_printing_shows_the_timeline_only_where_there_is_one():
    assert "4.00 –    6.50 s  engine 60 %" in str(ANSWER)
    single = Classification("a.wav", ANSWER.labels, ANSWER.timeline[:1])
    assert len(str(single).splitlines()) == 1


def test_the_figure_has_a_bar_for_each_segment():
    ax = ANSWER.plot().axes[0]
    assert [bar.get_width() for bar in ax.patches] == [4.0, 2.5]
    assert ax.get_xlabel() == "time (s)"
