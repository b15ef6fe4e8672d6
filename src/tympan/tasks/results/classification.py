"""What sound a recording is, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tympan.tasks.results.base import Result
from tympan.tasks.results.formats import WITH_TIMES, Span
from tympan.tasks.results.parts import Label, Segment

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Classification(Result):
    """What sound a recording is, and when.

    Attributes:
        file: the name of the recording.
        labels: the best labels of the whole recording, best first.
        timeline: what sounds when; neighbouring steps of the same label are one segment.
            Empty where the answer means nothing, as of silence; a warning says why.
        duration_s: length of the recording.
        model: name of the model that answered.
        warnings: why the answer may mean nothing: the recording is silent, or far too short.

    >>> answer = Classification("a.wav", (Label("dog", 0.9),), (Segment(0, 1, "dog", 0.9),), 1.0)
    >>> answer.to_json()["labels"]
    [{'label': 'dog', 'score': 0.9}]
    >>> print(answer)
    a.wav: dog 90 %
    """

    file: str
    labels: tuple[Label, ...]
    timeline: tuple[Segment, ...]
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()
    formats: ClassVar[tuple[str, ...]] = WITH_TIMES

    @property
    def best(self) -> Label:
        """The label with the highest score."""
        return self.labels[0]

    def shown(self) -> str:
        """The labels, and the timeline where there is more than one segment."""
        if self.warnings and not self.timeline:
            return ""  # labels that mean nothing would be read all the same
        lines = [", ".join(map(str, self.labels))]
        if len(self.timeline) > 1:
            lines += [f"  {segment}" for segment in self.timeline]
        return "\n".join(lines)

    def columns(self) -> tuple[str, ...]:
        """Those of the timeline."""
        return ("start_s", "end_s", "label", "score")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """The timeline."""
        return ((s.start_s, s.end_s, s.label, s.score) for s in self.timeline)

    def spans(self) -> tuple[Span, ...]:
        """The timeline."""
        return tuple(Span(s.start_s, s.end_s, s.label, score=s.score) for s in self.timeline)

    def plot(self) -> Figure:
        """A bar for each segment, one row a label."""
        from tympan.tasks.results.figures import timeline

        return timeline(self.spans(), self.duration_s, self.file)
