"""How a page shows tags."""

from __future__ import annotations

from dataclasses import replace

from tympan.report.parts import Shown
from tympan.report.tagging import headline_of
from tympan.report.views import answer_parts
from tympan.tasks.results import Segment, Tag, Tags

SCORES = {f"tag_{i}": 0.9 - 0.1 * i for i in range(9)}
ANSWER = Tags(
    "a.wav",
    tuple(Tag(label, score, score > 0.15) for label, score in SCORES.items()),
    (Segment(0.0, 1.0, "tag_0", 0.9), Segment(0.5, 2.0, "tag_1", 0.8)),
    2.0,
)


def page_of(answer: Tags, nothing: str = ""):
    return answer_parts(Shown(answer, "Which labels apply?", 2.0, nothing=nothing))


def test_labels_that_apply_are_named_and_drawn_over_time() -> None:
    found = page_of(ANSWER)
    headline = found.headlines[0].values["answer"]
    assert headline.best == "tag 0, tag 1, tag 2, tag 3, tag 4, tag 5 …"
    assert len(headline.rows) == 8
    assert headline.lead.startswith("8 of 9 labels apply")
    (lanes,) = found.tracks
    assert [lane.label for lane in lanes.lanes] == ["tag 0", "tag 1"]


def test_of_an_unfamiliar_recording_no_label_is_shown() -> None:
    found = page_of(replace(ANSWER, familiarity=0.01, unfamiliar=True))
    headline = found.headlines[0].values["answer"]
    assert headline.best == "Unlike anything it was trained on"
    assert "1.0" in headline.lead
    assert not headline.rows
    assert not found.tracks


def test_where_none_applies_the_highest_are_drawn() -> None:
    none = tuple(replace(one, chosen=False) for one in ANSWER.tags)
    headline = headline_of(replace(ANSWER, tags=none, timeline=()))
    assert headline.best == "none"
    assert [row.label for row in headline.rows] == [f"tag {i}" for i in range(5)]


def test_of_silence_only_that_is_said() -> None:
    found = page_of(replace(ANSWER, timeline=()), nothing="Silence")
    assert found.headlines[0].values["answer"].best == "Silence"
    assert not found.tracks
