"""From scores to events: against a plain statement of what an event is."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests_live import T0
from tympan.live.event import Event, Step
from tympan.live.hours import parse_hours
from tympan.live.matcher import Matcher
from tympan.live.rules import Rule


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def run(rule: Rule, scores: list[float], step_s: float = 1.0) -> list[Event]:
    matcher = Matcher(rule, "m")
    found: list[Event] = []
    for i, score in enumerate(scores):
        step = Step("m", i * step_s, (i + 1) * step_s, {"a": score, "b": 1 - score})
        found += matcher.push(step, at)
    return found + matcher.finish(at)


def spans(events: list[Event]) -> list[tuple[float, float]]:
    return [(e.start_s, e.end_s) for e in events if e.end_s is not None]


def stated(
    scores: list[float], threshold: float, release: float, min_s: float
) -> list[tuple[float, float]]:
    """Runs that begin at `threshold`, go on down to `release`, and last `min_s`."""
    found, start = [], None
    for i, score in enumerate([*scores, -1.0]):
        if start is not None and score < release:
            if i - start >= min_s:
                found.append((float(start), float(i)))
            start = None
        if start is None and score >= threshold:
            start = i
    return found


@given(
    st.lists(st.sampled_from([0.0, 0.3, 0.45, 0.5, 0.7, 1.0]), max_size=40),
    st.integers(0, 4),
    st.sampled_from([0.2, 0.4, 0.5]),
)
def test_events_are_the_runs_above_the_threshold(
    scores: list[float], min_s: int, release: float
) -> None:
    rule = Rule("r", ("a",), threshold=0.5, release=release, min_s=min_s)
    events = run(rule, scores)
    assert spans(events) == stated(scores, 0.5, release, max(min_s, 0))
    begun = [e for e in events if e.open]
    assert [e.start_s for e in begun] == [start for start, _ in spans(events)]
    assert [e.key for e in begun] == [e.key for e in events if not e.open]
    for one in (e for e in events if not e.open):
        assert one.score == max(scores[int(one.start_s) : int(one.end_s or 0)])
        assert one.end == at(one.end_s or 0)


@given(st.lists(st.booleans(), max_size=60), st.integers(1, 9))
def test_no_event_begins_while_the_rule_cools_down(loud: list[bool], cooldown_s: int) -> None:
    events = run(Rule("r", ("a",), threshold=0.5, cooldown_s=cooldown_s), [float(x) for x in loud])
    found = spans(events)
    for (_, end), (start, _) in itertools.pairwise(found):
        assert start >= end + cooldown_s - 1  # begun in the step in which it is free again
    if any(loud):
        assert found[0][0] == loud.index(True)


def test_a_sound_that_lasts_is_cut_and_begins_again_after_the_cool_down() -> None:
    events = run(Rule("r", ("a",), threshold=0.5, max_s=10, cooldown_s=5), [1.0] * 40)
    found = spans(events)
    assert found[0] == (0.0, 10.0)
    assert len(found) == 3
    assert all(later[0] - former[1] >= 4 for former, later in itertools.pairwise(found))


def test_quiet_hours_hold_events_back_and_what_lasts_begins_after_them() -> None:
    noon = parse_hours("12:00-12:01")
    events = run(Rule("r", ("a",), threshold=0.5, quiet=(noon,)), [1.0] * 70)
    assert [e.start_s for e in events if e.open] == [59.0]
    assert not run(Rule("r", ("a",), threshold=0.5, quiet=(noon,)), [1.0] * 50)
    assert not run(
        Rule("r", ("a",), threshold=0.5, active=(parse_hours("13:00-14:00"),)), [1.0] * 50
    )


def test_a_clock_that_is_put_back_does_not_silence_a_rule() -> None:
    matcher = Matcher(Rule("r", ("a",), threshold=0.5, cooldown_s=10), "m")
    for i, score in enumerate([1.0, 0.0]):
        matcher.push(Step("m", i, i + 1, {"a": score}), at)
    hours_ago = lambda s: at(s) - timedelta(hours=5)  # noqa: E731
    later = matcher.push(Step("m", 2, 3, {"a": 1.0}), hours_ago)
    assert [one.open for one in later] == [True]


def test_any_of_several_labels_counts_and_the_strongest_names_the_event() -> None:
    matcher = Matcher(Rule("r", ("Glass Breaking", "door_knock"), threshold=0.5), "m")
    steps = [
        {"glass_breaking": 0.6, "door knock": 0.1, "x": 1.0},
        {"glass_breaking": 0.1, "door knock": 0.9, "x": 0},
    ]
    found: list[Event] = []
    for i, scores in enumerate(steps):
        found += matcher.push(Step("m", i, i + 1, scores), at)
    found += matcher.finish(at)
    assert [(e.label, e.score) for e in found] == [("glass_breaking", 0.6), ("door knock", 0.9)]
    assert found[-1].end_s == 2


def test_the_models_own_threshold_is_used_where_the_rule_has_none() -> None:
    matcher = Matcher(Rule("r"), "m")
    assert not matcher.push(Step("m", 0, 1, {"anomalous": 2.9}, 3.0), at)
    assert matcher.push(Step("m", 1, 2, {"anomalous": 3.1}, 3.0), at)
    matcher = Matcher(Rule("r", ("b",)), "m")
    limits = {"a": 0.1, "b": 0.7}
    assert not matcher.push(Step("m", 0, 1, {"a": 0.9, "b": 0.6}, limits), at)
    assert matcher.push(Step("m", 1, 2, {"a": 0.0, "b": 0.75}, limits), at)


def test_each_label_has_the_threshold_of_its_own() -> None:
    """A label applies though another has a higher score, which is too low for that one."""
    limits = {"dog": 0.9, "cat": 0.2}
    matcher = Matcher(Rule("pets", ("dog", "cat")), "m")
    scores = [(0.1, 0.1), (0.85, 0.5), (0.85, 0.1), (0.1, 0.17), (0.1, 0.1)]
    found: list[Event] = []
    for i, (dog, cat) in enumerate(scores):
        found += matcher.push(Step("m", i, i + 1.0, {"dog": dog, "cat": cat}, limits), at)
    # The dog, at more than four fifths of its threshold, makes it last, and gives no name to it.
    assert [(one.label, one.score, one.start_s, one.end_s) for one in found] == [
        ("cat", 0.5, 1, None),
        ("cat", 0.5, 1, 4.0),
    ]
