"""From the scores of a model to events: threshold, hysteresis, shortest length, cool-down."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tympan.live.event import Event, Step
from tympan.live.rules import Rule

RELEASE = 0.8  # of the threshold: below it an event ends, where the rule says nothing else
DEFAULT_THRESHOLD = 0.5
At = Callable[[float], datetime]
"""Seconds of the stretch of sound → local time."""


def plain_label(label: str) -> str:
    """A label as it is compared: without regard to case, and to `_` or a space.

    >>> plain_label("Glass_Breaking") == plain_label("glass breaking")
    True
    """
    return " ".join(label.replace("_", " ").replace("-", " ").lower().split())


@dataclass
class _Candidate:
    """A time in which the score is up, that may become an event."""

    start_s: float
    end_s: float
    score: float
    label: str
    event: Event | None = None


class Matcher:
    """One rule on the answers of one model.

    An event is given out as soon as it has lasted `min_s`, and once more when it has ended.

    Args:
        rule: what it waits for.
        model: name of the model.
        recording: the source or file, for the events.

    >>> from datetime import UTC
    >>> at = lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
    >>> matcher = Matcher(Rule("dogs", ("dog",), threshold=0.5, min_s=1.0), "m")
    >>> scores = [0.1, 0.9, 0.45, 0.9, 0.1]
    >>> steps = [Step("m", i, i + 1.0, {"dog": x, "cat": 0}) for i, x in enumerate(scores)]
    >>> found = [event for step in steps for event in matcher.push(step, at)]
    >>> [(event.start_s, event.end_s) for event in found]
    [(1, None), (1, 4.0)]
    """

    def __init__(
        self,
        rule: Rule,
        model: str,
        recording: str = "",
    ) -> None:
        self._wanted = {plain_label(one) for one in rule.labels}
        self._named: dict[str, bool] = {}
        self.rule, self.model, self.recording = rule, model, recording
        self._up: _Candidate | None = None
        self._free: datetime | None = None  # before it the rule cools down

    def _is_wanted(self, label: str) -> bool:
        if label not in self._named:
            self._named[label] = not self._wanted or plain_label(label) in self._wanted
        return self._named[label]

    def _limits(self, step: Step, label: str) -> tuple[float, float]:
        given = self.rule.threshold
        if given is None:
            own = step.threshold
            own = own.get(label) if isinstance(own, Mapping) else own
            given = DEFAULT_THRESHOLD if own is None else own
        release = self.rule.release
        return given, RELEASE * given if release is None else release

    def push(self, step: Step, at: At) -> list[Event]:
        """Take the next step; the events that begin or end with it.

        Args:
            step: of this matcher's model, in the order of time.
            at: seconds → local time.
        """
        scores = {one: score for one, score in step.scores.items() if self._is_wanted(one)}
        if not scores:
            return []
        # Each label may have limits of its own: one may apply while a higher score does not.
        limits = {one: self._limits(step, one) for one in scores}
        begin = [one for one, score in scores.items() if score >= limits[one][0]]
        stay = [one for one, score in scores.items() if score >= limits[one][1]]
        label = max(begin or stay or scores, key=scores.__getitem__)
        score = scores[label]
        found: list[Event] = []
        if self._up is not None and (not stay or self._is_full(step)):
            found += self.finish(at)
        if self._up is None:
            if not begin:
                return found
            self._up = _Candidate(step.start_s, step.end_s, score, label)
        up = self._up
        up.end_s = step.end_s
        if score > up.score and (begin or not up.score):
            up.score, up.label = score, label
        if up.event is None and up.end_s - up.start_s >= self.rule.min_s - 1e-6:
            found += self._begin(up, at)
        return found

    def _is_full(self, step: Step) -> bool:
        return self._up is not None and step.start_s - self._up.start_s >= self.rule.max_s

    def _begin(self, up: _Candidate, at: At) -> list[Event]:
        start = at(up.start_s)
        # A clock that was put back must not stop a rule for hours.
        if self._free is not None and self._free - start > timedelta(seconds=self.rule.cooldown_s):
            self._free = None
        now = at(up.end_s)
        if (self._free is not None and now < self._free) or not self.rule.allows(now):
            # What still goes on when the rule is free again begins then.
            up.start_s, up.score = up.end_s, 0.0
            return []
        up.event = Event(
            uuid.uuid4().hex, self.rule.name, up.label, self.model, up.score,
            up.start_s, None, start, None, self.recording,
        )  # fmt: skip
        return [up.event]

    def finish(self, at: At) -> list[Event]:
        """The event that is open ends here: its score fell, or the sound ends."""
        up, self._up = self._up, None
        if up is None or up.event is None:
            return []
        end = at(up.end_s)
        self._free = end + timedelta(seconds=self.rule.cooldown_s)
        return [replace(up.event, label=up.label, score=up.score, end_s=up.end_s, end=end)]

    def go_on(self, recording: str) -> None:
        """A new stretch of sound begins, with times of its own; the cool-down goes on."""
        self._up, self.recording = None, recording
