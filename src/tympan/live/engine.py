"""The engine of `tympan watch`: a source, models, rules and actions, for days."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tympan._toml import PlaceError
from tympan.live.actions import Actions
from tympan.live.actions.base import Action, Repeated, Say
from tympan.live.event import Event, Step
from tympan.live.intake import MOST_BEHIND_S, Intake
from tympan.live.listener import Listener, Loaded
from tympan.live.matcher import Matcher, plain_label
from tympan.live.rules import Rules
from tympan.live.sources.base import CHUNK_S, Chunk, Source, pieces
from tympan.tasks.results.parts import UNKNOWN

RECORDED_S = 5.0
# Events that could not be written wait in memory: a disk that was full may have room again.
MOST_UNWRITTEN, RETRY_S = 10_000, 10.0


@dataclass
class Summary:
    """What a run has seen.

    Attributes:
        seconds: of sound.
        stretches: uninterrupted pieces of sound.
        events: rule → how many events it found.
        dropped_s: sound of a live source that came too fast to be answered.
        longest_lag_s: from the arrival of a chunk to its being answered.
        unwritten: events that an action could not take to the end.
    """

    seconds: float = 0.0
    stretches: int = 0
    events: dict[str, int] = field(default_factory=dict)
    dropped_s: float = 0.0
    longest_lag_s: float = 0.0
    unwritten: int = 0

    def __str__(self) -> str:
        hours = self.seconds / 3600
        lines = [f"{self.seconds:,.0f} s of sound"]
        for name, count in self.events.items():
            rate = f" ({count / hours:.1f} an hour)" if hours >= 0.1 else ""
            lines.append(f"  {name}: {count} {'event' if count == 1 else 'events'}{rate}")
        if self.dropped_s:
            lines.append(f"  {self.dropped_s:.0f} s were dropped: the models are too slow")
        return "\n".join(lines)


class Watch:
    """Runs until its source ends or it is stopped.

    Args:
        models: that answer; they share one decoding of the sound.
        rules: what is waited for.
        actions: what is done then.
        say: called with a line about what goes on: waiting, lost, back.
        on_event: called with each event as it begins and ends.
        on_decided: called with the name of a model and what it decided.
        on_chunk: called with each chunk, for a view of it.

    Raises:
        ArgumentError: a rule names a label or model that is not there, with its line.
    """

    def __init__(
        self,
        models: Sequence[Loaded],
        rules: Rules,
        actions: Actions,
        *,
        say: Say = print,
        on_event: Callable[[Event], None] | None = None,
        on_decided: Callable[[str, Any], None] | None = None,
        on_chunk: Callable[[Chunk], None] | None = None,
    ) -> None:
        self.models, self._rules, self._actions = list(models), rules, actions
        self._say = Repeated(say)
        self._on_event, self._on_decided, self._on_chunk = on_event, on_decided, on_chunk
        self._matchers = _matchers(rules, self.models)
        self._doing = _doing(rules, actions)
        self._unwritten: deque[tuple[Action, Event]] = deque()
        self._retry_at = 0.0
        self._listener: Listener | None = None
        self._stream = False
        self._anchor = (0.0, 0.0)  # a place in the stretch, and when it was heard
        self._clips: dict[str, str] = {}
        self.summary = Summary(events={rule.name: 0 for rule in rules.rules})

    def run(self, source: Source, stop: threading.Event | None = None) -> Summary:
        """Listen until the source ends or `stop` is set; then finish what is open.

        Args:
            source: where the sound comes from.
            stop: ends it from another thread or a signal.

        Raises:
            TympanError: the source can never work.
        """
        stop, self._stream = stop or threading.Event(), not source.recorded
        intake = Intake(source, stop, self._say)
        # What waits for nobody may be answered in larger parts, whose windows share a batch.
        longest_s = CHUNK_S if source.live else RECORDED_S
        try:
            for chunk, arrived in intake:
                for piece in pieces(chunk, longest_s):
                    self._push(piece)
                self._retry()
                if source.live:
                    lag_s = time.monotonic() - arrived
                    self.summary.longest_lag_s = max(self.summary.longest_lag_s, lag_s)
        finally:
            stop.set()
            self._end_stretch()
            self.summary.dropped_s = intake.dropped_s
            self._retry(last=True)
        intake.check()
        return self.summary

    # -- sound -------------------------------------------------------------------------------------

    def _push(self, chunk: Chunk) -> None:
        shape = (chunk.rate_hz, chunk.samples.shape[0])
        listener = self._listener
        if chunk.begins or listener is None or shape != (listener.rate_hz, listener.channels):
            self._end_stretch()
            chunk = replace(chunk, begins=True)
            listener = self._begin_stretch(chunk)
        if not chunk.samples.shape[1]:
            return
        now = time.time() - chunk.duration_s if chunk.time_s is None else chunk.time_s
        self._anchor = (listener.seconds, now)
        if self._actions.clips is not None:
            self._actions.clips.push(chunk)
        if self._on_chunk is not None:
            self._on_chunk(chunk)
        listener.push(chunk)
        self.summary.seconds += chunk.duration_s

    def _begin_stretch(self, chunk: Chunk) -> Listener:
        self.summary.stretches += 1
        for one in self._matchers:
            one.go_on(chunk.recording)
        self._listener = Listener(
            self.models, chunk.rate_hz, chunk.samples.shape[0], self._step, self._on_decided,
            stream=self._stream,
        )  # fmt: skip
        return self._listener

    def _end_stretch(self) -> None:
        listener, self._listener = self._listener, None
        if listener is None:
            return
        listener.finish()
        for one in self._matchers:
            self._happened(one.finish(self._at))
        if self._actions.clips is not None:
            self._actions.clips.finish()

    # -- events ------------------------------------------------------------------------------------

    def _at(self, seconds: float) -> datetime:
        """The local time at a place of the stretch, by the clock as it is now."""
        place_s, time_s = self._anchor
        moment = datetime.fromtimestamp(0, UTC) + timedelta(seconds=time_s + seconds - place_s)
        return moment.astimezone(self._rules.zone)

    def _step(self, step: Step) -> None:
        for one in self._matchers:
            if one.model == step.model:
                self._happened(one.push(step, self._at))

    def _happened(self, events: list[Event]) -> None:
        for event in events:
            event = self._with_clip(event)
            if event.open:
                self.summary.events[event.rule] += 1
            if self._on_event is not None:
                self._on_event(event)
            for action in self._doing[event.rule]:
                self._do(action, event)

    def _with_clip(self, event: Event) -> Event:
        clips, log = self._actions.clips, self._actions.log
        if clips is None or log not in self._doing[event.rule]:
            return event
        if event.open:
            self._clips[event.key] = clips.begin(event)
            return replace(event, clip=self._clips[event.key])
        clips.end(event)
        return replace(event, clip=self._clips.pop(event.key, ""))

    def _do(self, action: Action, event: Event) -> None:
        if any(one is action for one, _ in self._unwritten):
            self._keep(action, event)  # in its order, behind what waits already
            return
        if not self._did(action, event):
            self._keep(action, event)

    def _did(self, action: Action, event: Event) -> bool:
        try:
            action.take(event)
        except BrokenPipeError:
            raise  # the reader has had enough
        except (OSError, RuntimeError, ValueError) as error:
            self._say(f"{action.name}: {error}; tried again every {RETRY_S:g} s")
            return False
        return True

    def _keep(self, action: Action, event: Event) -> None:
        self._unwritten.append((action, event))
        if len(self._unwritten) > MOST_UNWRITTEN:
            self._unwritten.popleft()
            self.summary.unwritten += 1

    def _retry(self, *, last: bool = False) -> None:
        """Give once more what could not be written."""
        if not self._unwritten or (time.monotonic() < self._retry_at and not last):
            return
        self._retry_at = time.monotonic() + RETRY_S
        waiting, failed = list(self._unwritten), set[int]()
        self._unwritten.clear()
        for action, event in waiting:
            if id(action) in failed or not self._did(action, event):
                failed.add(id(action))
                self._unwritten.append((action, event))
        if last:
            self.summary.unwritten += len(self._unwritten)


def _matchers(rules: Rules, models: Sequence[Loaded]) -> list[Matcher]:
    """The rules on the models that they are about."""
    from tympan._toml import nearest

    names = [one.name for one in models]
    found: list[Matcher] = []
    for i, rule in enumerate(rules.rules):
        place = ("rule", i)
        if rule.model and rule.model not in names:
            what = f"the rule {rule.name!r} is about a model {rule.model!r} that does not answer"
            fix = f"{nearest(rule.model, names)}, or add it with --model or [[model]]"
            raise rules.error(PlaceError(what, (*place, "model"), fix=fix))
        about = [one for one in models if rule.model in ("", one.name)]
        for label in rule.labels:
            known = sorted({name for one in about for name in one.labels})
            if not any(_knows(one, label) for one in about):
                what = f"the rule {rule.name!r} waits for {label!r}, which no model knows"
                fix = nearest(label, known)
                if plain_label(label) == UNKNOWN:
                    fix = "a model of sounds gives it with reject = true in its [[model]]"
                raise rules.error(PlaceError(what, (*place, "labels"), fix=fix))
        if rule.labels:
            about = [one for one in about if any(_knows(one, label) for label in rule.labels)]
        found += [Matcher(rule, one.name) for one in about]
    return found


def _knows(loaded: Loaded, label: str) -> bool:
    """Whether a model gives scores of a label."""
    return plain_label(label) in map(plain_label, loaded.labels)


def _doing(rules: Rules, actions: Actions) -> dict[str, list[Action]]:
    """What is done for each rule."""
    found: dict[str, list[Action]] = {}
    for rule in rules.rules:
        names = rule.actions or tuple(actions.by_name)
        found[rule.name] = [actions.by_name[name] for name in names]
    return found


def check(rules: Rules, models: Sequence[Loaded]) -> None:
    """Look for mistakes in rules, without listening.

    Raises:
        TympanError: what is wrong, with its line.
    """
    from tympan.live.actions import check_actions

    try:
        check_actions(rules.actions)
    except PlaceError as error:
        raise rules.error(error) from error
    _matchers(rules, models)


__all__ = ["MOST_BEHIND_S", "Summary", "Watch", "check"]
