"""What happened: the values that the rules give to the actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tympan.tasks.contract import Thresholds


@dataclass(frozen=True)
class Step:
    """What a model says of a short time.

    Attributes:
        model: its name.
        start_s: begin, in seconds of the stretch of sound.
        end_s: its end.
        scores: label → score.
        threshold: score from which a label applies to this model.
    """

    model: str
    start_s: float
    end_s: float
    scores: Mapping[str, float]
    threshold: Thresholds = None


@dataclass(frozen=True)
class Event:
    """Something that a rule found.

    Attributes:
        key: a name of its own, which stays the same from its begin to its end.
        rule: name of the rule.
        label: the label with the highest score in it.
        model: name of the model.
        score: the highest score in it so far.
        start_s: begin, in seconds of the stretch of sound (of the file, where it is one).
        end_s: its end; None: it goes on.
        start: begin, by the clock.
        end: its end, by the clock.
        recording: the source or file.
        clip: the file that holds its sound; empty: none.

    >>> from datetime import UTC
    >>> day = datetime(2026, 1, 1, 3, 0, tzinfo=UTC)
    >>> event = Event("k", "glass", "glass breaking", "sounds", 0.9, 1.0, 2.5, day, day, "mic")
    >>> event.to_json()["duration_s"]
    1.5
    """

    key: str
    rule: str
    label: str
    model: str
    score: float
    start_s: float
    end_s: float | None
    start: datetime
    end: datetime | None
    recording: str
    clip: str = ""

    @property
    def open(self) -> bool:
        """Whether it goes on."""
        return self.end_s is None

    def to_json(self) -> dict[str, Any]:
        """Plain values; times by the clock as ISO 8601."""
        length = None if self.end_s is None else round(self.end_s - self.start_s, 3)
        return {
            "key": self.key,
            "event": "begin" if self.open else "end",
            "rule": self.rule,
            "label": self.label,
            "model": self.model,
            "score": round(self.score, 4),
            "start": self.start.isoformat(timespec="milliseconds"),
            "end": None if self.end is None else self.end.isoformat(timespec="milliseconds"),
            "start_s": round(self.start_s, 3),
            "end_s": None if self.end_s is None else round(self.end_s, 3),
            "duration_s": length,
            "recording": self.recording,
            "clip": self.clip,
        }

    def __str__(self) -> str:
        when = self.start.strftime("%Y-%m-%d %H:%M:%S")
        length = "" if self.end_s is None else f", {self.end_s - self.start_s:.1f} s"
        return f"{when}  {self.rule}: {self.label} ({self.score:.2f}{length})"
