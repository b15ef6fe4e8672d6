"""How a classification stands on the page: one sound or several, sure or not, no mere guesses."""

from __future__ import annotations

from dataclasses import replace
from unittest.mock import patch

import numpy as np
import pytest

from tympan.report.classification import headline_of
from tympan.report.hear import familiar_first
from tympan.report.page import NBSP
from tympan.report.parts import Shown
from tympan.report.tracks import Span, lanes
from tympan.tasks.classify import reasons
from tympan.tasks.classify.reasons import Clearest
from tympan.tasks.classify.timeline import Piece, Step
from tympan.tasks.results import Classification, Label, Segment


def timeline(*parts: tuple[str, float]) -> list[Segment]:
    return [Segment(float(i), i + 1.0, label, score) for i, (label, score) in enumerate(parts)]


def classified(segments: list[Segment], *labels: Label) -> Classification:
    return Classification("a.wav", labels or (Label("dog", 0.5),), tuple(segments), 5.0, "sounds")


def explained(segments: list[Segment]) -> set[str]:
    """The labels of the segments that are explained."""
    clearest, done = Clearest(window_s=1.0), []
    for s in segments:
        done.append(s)
        row = np.array([s.score])
        piece = Piece(s.start_s, row, np.zeros(4, np.float32))
        step = Step(s.start_s, s.end_s, row, pieces=(piece,))
        clearest.hold(step)
        clearest.add(step, 0, done)
    with patch.object(reasons, "explain_pieces", lambda m, pieces, *_: list(pieces)):
        return {r.segment.label for r in clearest.reasons(None, "a", done, 9.0)}  # type: ignore[arg-type]


@pytest.mark.parametrize(("score", "shown"), [(0.31, True), (0.29, False)])
def test_a_label_that_is_never_more_than_a_guess_is_not_shown(score, shown):
    segments = timeline(("dog", 0.9), ("rain", score), ("dog", 0.8), ("rain", 0.05))
    drawn, note = lanes([Span(s.start_s, s.end_s, s.label, s.score) for s in segments], 4.0)
    assert [lane.label for lane in drawn] == (["dog", "rain"] if shown else ["dog"])
    told = f"2 segments are not drawn: mere guesses, below 30{NBSP}%."
    assert note == ("" if shown else told)
    # Nor is it explained, nor named under the headline.
    assert ("rain" in explained(segments)) is shown
    found = headline_of(classified([*segments, *timeline(("cat", 0.9))]))
    assert ("Perhaps also: rain" in found.lead) is shown


def test_where_all_are_guesses_they_are_drawn_and_explained():
    segments = timeline(("dog", 0.2), ("rain", 0.25))
    drawn, _ = lanes([Span(s.start_s, s.end_s, s.label, s.score) for s in segments], 2.0)
    assert [lane.label for lane in drawn] == ["dog", "rain"]
    assert explained(segments) == {"dog", "rain"}


@pytest.mark.parametrize(("score", "sure"), [(0.51, True), (0.49, False)])
def test_one_sound_is_given_with_its_score(score, sure):
    labels = (Label("door_knock", score), Label("dog", 0.2))
    found = headline_of(classified(timeline(("door_knock", score)), *labels))
    assert (found.best, found.sure) == ("door knock", sure)
    assert found.lead.startswith(f"{score:.0%}".replace("%", NBSP) if sure else "Not sure: 49")
    assert [row.label for row in found.rows] == ["door knock", "dog"]


def test_several_sounds_are_given_in_their_order_with_how_long_they_last():
    segments = timeline(("rain", 0.9), ("door_knock", 0.8), ("rain", 0.7), ("dog", 0.35))
    found = headline_of(classified(segments))
    assert (found.best, found.sure) == ("rain, door knock", True)
    assert [(row.label, row.percent) for row in found.rows] == [("rain", 40), ("door knock", 20)]
    assert "Perhaps also: dog (1.00 s)" in found.lead


def test_of_very_many_sounds_the_longest_are_named():
    segments = [Segment(i, i + 1 + i / 10, f"s{i}", 0.9) for i in range(9)]
    found = headline_of(classified(segments))
    assert found.best == ", ".join(f"s{i}" for i in range(3, 9))
    assert "9 sounds were clearly detected (the 6 longest and 3 more)" in found.lead


def test_what_is_hardly_familiar_is_not_named_as_clearly_detected():
    first, second, third = timeline(("insects", 0.9), ("dog", 0.8), ("rain", 0.9))
    odd = replace(first, familiarity=0.01)
    assert headline_of(classified([first, second, third])).best == "insects, dog, rain"
    found = headline_of(classified([odd, second, third]))
    assert found.best == "dog, rain"
    assert "Perhaps also: insects" in found.lead
    # Where too little else is sure, it is named as before.
    assert headline_of(classified([odd, second])).best == "insects, dog"


def test_answers_that_mean_little_stand_behind_the_others():
    def shown(name: str, unfamiliar: bool) -> Shown[Classification]:
        return Shown(replace(classified([]), file=name, unfamiliar=unfamiliar), "?", 1.0)

    given = [shown("a", True), shown("b", False), shown("c", True), shown("d", False)]
    assert [one.answer.file for one in familiar_first(given)] == ["b", "d", "a", "c"]
