"""Lanes and lists: what lasts and is sure is there, and what is left out is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.report.page import NBSP
from tympan.report.tracks import Span, lanes, span_table, track


def test_each_label_has_a_lane_in_the_order_in_which_they_came() -> None:
    spans = [Span(0, 2, "rain", 0.9), Span(2, 3, "door_knock", 0.6), Span(3, 5, "rain", 0.7)]
    drawn, note = lanes(spans, 5.0)
    assert [(lane.label, lane.total) for lane in drawn] == [
        ("rain", "4.00 s"),
        ("door knock", "1.00 s"),
    ]
    assert [(bar.left, bar.width) for bar in drawn[0].segments] == [(0, 40), (60, 40)]
    assert note == ""


def test_every_long_and_sure_sound_has_a_lane() -> None:
    """Of 25 sounds each is sure for ten seconds, the last one of a quarter of an hour less so."""
    spans = [Span(10 * i, 10 * i + 10, f"sound_{i}", 0.95) for i in range(25)]
    drawn, note = lanes(spans, 250.0)
    assert len(drawn) == 25
    assert note == ""
    # Short ones beside them do not push them out, whatever they weigh together.
    short = [Span(300 + i, 300.5 + i, f"short_{i % 8}", 0.99) for i in range(900)]
    drawn, note = lanes([*spans, *short], 1200.0)
    assert {f"sound {i}" for i in range(25)} <= {lane.label for lane in drawn}


def test_guesses_have_no_lane_beside_others_and_this_is_said() -> None:
    spans = [Span(0, 4, "rain", 0.9), Span(4, 5, "dog", 0.2), Span(5, 6, "cow", 0.1)]
    drawn, note = lanes(spans, 6.0)
    assert [lane.label for lane in drawn] == ["rain"]
    assert note == f"2 segments are not drawn: mere guesses, below 30{NBSP}%."
    alone, note = lanes(spans[1:], 6.0)
    assert [lane.label for lane in alone] == ["dog", "cow"]
    assert note == ""


def test_what_is_left_out_is_named() -> None:
    spans = [Span(0, 100, f"long_{i}", 0.9) for i in range(10)]
    spans += [Span(100, 100.1, "door_bell", 0.45)]
    _, note = lanes(spans, 1000.0)
    assert note == "1 short or faint segment is not drawn: door bell."


@given(
    st.lists(
        st.tuples(st.floats(0, 90), st.floats(0.01, 10), st.integers(0, 60), st.floats(0, 1)),
        min_size=1,
        max_size=80,
    )
)
def test_nothing_sure_and_long_is_ever_lost(rows) -> None:
    spans = [Span(a, a + n, f"l{k}", score) for a, n, k, score in rows]
    drawn, note = lanes(spans, 100.0)
    shown = sum(len(lane.segments) for lane in drawn)
    assert shown <= len(spans)
    assert bool(note) == (shown < len(spans))
    names = {lane.label for lane in drawn}
    certain = {s.label for s in spans if s.score >= 0.5 and s.end_s - s.start_s >= 1}
    assert len(certain - names) == max(0, len(certain) - 40)
    for lane in drawn:
        assert lane.segments
        assert all(0.3 <= bar.strength <= 1 for bar in lane.segments)


def test_spans_without_scores_are_drawn_full_and_listed_without() -> None:
    found = track("Speech", [Span(0, 2, "Ann", text="Good morning.")], 4.0)
    assert found.lanes[0].segments[0].strength == 1
    assert found.lanes[0].segments[0].text == "Good morning., 0.0 s to 2.0 s"
    assert found.table is not None
    assert found.table.columns == ("From", "To", "What")
    assert found.table.rows[0].cells[2] == "Good morning."


def test_of_very_many_spans_the_list_holds_the_longest_in_order_of_time() -> None:
    spans = [Span(i, i + (0.5 if i % 2 else 0.9), "x", 0.9) for i in range(1200)]
    table = span_table(spans)
    assert len(table.rows) == 500
    starts = [row.start_s for row in table.rows]
    assert starts == sorted(starts)
    assert all(start % 2 == 0 for start in starts)
    assert "the 500 longest and surest of 1,200" in track("a", spans, 1200.0).list_title
    assert table.rows[0].end_s == pytest.approx(0.9)
