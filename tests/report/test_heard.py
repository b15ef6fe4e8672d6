"""What is drawn of a timeline: labels that are more than a guess."""

from __future__ import annotations

import pytest
from tympan.report.heard import answer, lanes

from tympan.report.why import _clearest
from tympan.tasks.results import Classification, Label, Segment


def timeline(*parts: tuple[str, float]) -> list[Segment]:
    return [Segment(float(i), i + 1.0, label, score) for i, (label, score) in enumerate(parts)]


@pytest.mark.parametrize(("score", "shown"), [(0.31, True), (0.29, False)])
def test_a_label_that_is_never_more_than_a_guess_has_no_lane(score, shown):
    segments = timeline(("dog", 0.9), ("rain", score), ("dog", 0.8), ("rain", 0.05))
    drawn, note = lanes(segments, 4.0)
    assert [lane.label for lane in drawn] == (["dog", "rain"] if shown else ["dog"])
    assert note == ("" if shown else "2 short or faint segments are not drawn.")
    # Nor is it explained, nor named under the headline.
    best, others = _clearest(segments, 1.0)
    assert ("rain" in {one.label for one in (*best, *others)}) is shown
    both = [*segments, *timeline(("cat", 0.9))]
    found = Classification("a.wav", (Label("dog", 0.5),), tuple(both), 5.0, "sounds")
    assert ("Perhaps also: rain" in answer(found).lead) is shown


def test_where_all_are_guesses_they_are_drawn():
    drawn, _ = lanes(timeline(("dog", 0.2), ("rain", 0.25)), 2.0)
    assert [lane.label for lane in drawn] == ["dog", "rain"]
