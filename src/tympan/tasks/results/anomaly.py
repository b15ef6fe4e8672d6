"""Whether a recording sounds unusual, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from tympan.tasks.results.base import Result
from tympan.tasks.results.formats import WITH_TIMES, Span
from tympan.tasks.results.parts import interval_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ScoredInterval:
    """The anomaly score from `start_s` to `end_s`; higher is more unusual.

    Attributes:
        start_s: where it begins.
        end_s: where it ends.
        score: how unusual it is.
        peak_hz: the frequency at which it departs most from normal.
        change_db: how much louder it is there than normal; below 0 it is quieter.

    >>> print(ScoredInterval(0.0, 2.5, 3.25))
       0.00 –    2.50 s  3.25
    >>> print(ScoredInterval(0.0, 2.5, 3.25, 1250.0, 12.0))
       0.00 –    2.50 s  3.25  +12 dB at 1,250 Hz
    """

    start_s: float
    end_s: float
    score: float
    peak_hz: float | None = None
    change_db: float | None = None

    def __str__(self) -> str:
        text = f"{interval_text(self.start_s, self.end_s)}  {self.score:.3g}"
        return f"{text}  {self.where}" if self.where else text

    @property
    def where(self) -> str:
        """By how much it departs most from normal, and at which frequency; empty: not known."""
        if self.peak_hz is None or self.change_db is None:
            return ""
        sign = "−" if self.change_db < 0 else "+"
        return f"{sign}{abs(self.change_db):.0f} dB at {self.peak_hz:,.0f} Hz"


@dataclass(frozen=True)
class Anomaly(Result):
    """How unusual a recording sounds.

    Attributes:
        file: the name of the recording.
        score: how unusual the whole recording is; higher is more unusual.
        threshold: a score above it is called anomalous.
        timeline: the score step by step.
        duration_s: length of the recording.
        model: name of the model that answered.
        warnings: what may be wrong with the answer.
        false_alarms: share of the steps of a normal machine that lie above the threshold, as it
            was set; None: not known.
        false_alarm_interval: 95 % interval of the true share.

    >>> steps = (ScoredInterval(0, 1, 0.5), ScoredInterval(1, 2, 3.5))
    >>> print(Anomaly("a.wav", 2.5, 2.0, steps))
    a.wav: anomalous (score 2.5, threshold 2)
         1.00 –    2.00 s  3.5
    """

    file: str
    score: float
    threshold: float
    timeline: tuple[ScoredInterval, ...]
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()
    false_alarms: float | None = None
    false_alarm_interval: tuple[float, float] | None = None
    formats: ClassVar[tuple[str, ...]] = WITH_TIMES

    @property
    def anomalous(self) -> bool:
        """Whether the score lies above the threshold."""
        return self.score > self.threshold

    @property
    def above(self) -> tuple[ScoredInterval, ...]:
        """The steps whose score lies above the threshold."""
        return tuple(one for one in self.timeline if one.score > self.threshold)

    @property
    def alarms(self) -> tuple[ScoredInterval, ...]:
        """The steps above the threshold, neighbours joined; of each the most unusual one counts."""
        found: list[ScoredInterval] = []
        for one in self.above:
            if found and one.start_s - found[-1].end_s < 1e-6:
                last = found.pop()
                best = max(last, one, key=lambda step: step.score)
                found.append(replace(best, start_s=last.start_s, end_s=one.end_s))
            else:
                found.append(one)
        return tuple(found)

    def shown(self) -> str:
        """Whether it is anomalous, and when."""
        state = "anomalous" if self.anomalous else "normal"
        head = f"{state} (score {self.score:.3g}, threshold {self.threshold:.3g})"
        return "\n".join([head, *(f"  {one}" for one in self.alarms)])

    def _answer(self) -> dict[str, Any]:
        values = super()._answer()
        timeline = values.pop("timeline")
        return {**values, "anomalous": self.anomalous, "timeline": timeline}

    def columns(self) -> tuple[str, ...]:
        """Those of the timeline."""
        return ("start_s", "end_s", "score", "anomalous", "peak_hz", "change_db")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """A row for each step of the timeline."""
        return (
            (s.start_s, s.end_s, s.score, s.score > self.threshold, s.peak_hz, s.change_db)
            for s in self.timeline
        )

    def spans(self) -> tuple[Span, ...]:
        """The alarms."""
        return tuple(Span(s.start_s, s.end_s, "anomalous", score=s.score) for s in self.alarms)

    def plot(self) -> Figure:
        """The score over time, and the threshold."""
        from tympan.tasks.results.figures import curve

        steps = [(s.start_s, s.end_s, s.score) for s in self.timeline]
        return curve(steps, self.threshold, self.duration_s, self.file)
