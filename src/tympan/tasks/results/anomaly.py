"""Whether a recording sounds unusual, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tympan.tasks.results.base import Result
from tympan.tasks.results.formats import WITH_TIMES, Span
from tympan.tasks.results.parts import interval_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ScoredInterval:
    """The anomaly score from `start_s` to `end_s`; higher is more unusual.

    >>> print(ScoredInterval(0.0, 2.5, 3.25))
       0.00 –    2.50 s  3.25
    """

    start_s: float
    end_s: float
    score: float

    def __str__(self) -> str:
        return f"{interval_text(self.start_s, self.end_s)}  {self.score:.3g}"


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
    formats: ClassVar[tuple[str, ...]] = WITH_TIMES

    @property
    def anomalous(self) -> bool:
        """Whether the score lies above the threshold."""
        return self.score > self.threshold

    @property
    def above(self) -> tuple[ScoredInterval, ...]:
        """The steps whose score lies above the threshold."""
        return tuple(one for one in self.timeline if one.score > self.threshold)

    def shown(self) -> str:
        """Whether it is anomalous, and when."""
        state = "anomalous" if self.anomalous else "normal"
        head = f"{state} (score {self.score:.3g}, threshold {self.threshold:.3g})"
        return "\n".join([head, *(f"  {one}" for one in self.above)])

    def _answer(self) -> dict[str, Any]:
        values = super()._answer()
        timeline = values.pop("timeline")
        return {**values, "anomalous": self.anomalous, "timeline": timeline}

    def columns(self) -> tuple[str, ...]:
        """Those of the timeline."""
        return ("start_s", "end_s", "score", "anomalous")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """A row for each step of the timeline."""
        return ((s.start_s, s.end_s, s.score, s.score > self.threshold) for s in self.timeline)

    def spans(self) -> tuple[Span, ...]:
        """The steps above the threshold."""
        return tuple(Span(s.start_s, s.end_s, "anomalous", score=s.score) for s in self.above)

    def plot(self) -> Figure:
        """The score over time, and the threshold."""
        from tympan.tasks.results.figures import curve

        steps = [(s.start_s, s.end_s, s.score) for s in self.timeline]
        return curve(steps, self.threshold, self.duration_s, self.file)
