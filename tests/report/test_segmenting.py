"""How the page shows segments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tympan.audio import Clip
from tympan.errors import ArgumentError
from tympan.report.segmenting import clock, headline_of
from tympan.tasks.results import Segment
from tympan.tasks.results.segments import Segments
from tympan.tasks.segment.picture import make_picture, segments_figure

PARTS = (
    Segment(0.0, 2.0, "speech", 0.8),
    Segment(1.0, 1.5, "dog", 0.7, low_hz=300.0, high_hz=2000.0),
    Segment(2.5, 3.0, "speech", 0.9),
)
FOUND = Segments("a.wav", PARTS, 4.0, "m")


def test_the_labels_stand_in_order_of_how_long_they_last() -> None:
    headline = headline_of(FOUND)
    assert headline.best == "speech, dog"
    assert headline.sure
    assert "3 segments, 2.5 s of 4.0 s" in headline.lead
    assert headline_of(Segments("a.wav", (), 4.0)).best == "nothing found"


def test_lengths_never_say_sixty_seconds() -> None:
    assert clock(59.97) == "1 min 0 s"
    assert clock(3599.7) == "1 h 0 min"


def test_the_picture_has_a_row_for_each_label_and_a_box_for_each_band(tmp_path: Path) -> None:
    clip = Clip(0.1 * np.random.default_rng(0).standard_normal((1, 32000)).astype("f"), 8000)
    above, below = segments_figure(clip, FOUND).axes[:2]
    assert len(above.patches) == 1
    assert [one.get_text() for one in below.get_yticklabels()] == ["speech", "dog"]
    assert len(below.patches) == 3
    assert make_picture(None, clip, FOUND, tmp_path / "a.png") == ""
    assert (tmp_path / "a.png").stat().st_size > 5000
    with pytest.raises(ArgumentError, match="picture"):
        make_picture(None, clip, FOUND, tmp_path / "a.txt")
    long = Segments("a.wav", (), 3 * 3600.0)
    assert "minutes" in make_picture(None, clip, long, tmp_path / "b.png")


def test_boxes_go_to_raven_and_csv(tmp_path: Path) -> None:
    text = FOUND.save(tmp_path / "a.selections.txt").read_text().splitlines()
    assert text[2].split("\t")[5:7] == ["300.0", "2000.0"]
    assert text[1].split("\t")[5:7] == ["", ""]
    rows = FOUND.save(tmp_path / "a.csv").read_text().splitlines()
    assert rows[0] == "start_s,end_s,label,score,low_hz,high_hz"
    assert "low_hz" not in Segments("a.wav", PARTS[:1], 4.0).save(tmp_path / "b.csv").read_text()
    assert FOUND.to_json()["segments"][1]["high_hz"] == 2000.0
    assert "low_hz" not in FOUND.to_json()["segments"][0]
