"""What sound a recording is, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tympan.tasks.results.base import Result
from tympan.tasks.results.formats import WITH_TIMES, Span
from tympan.tasks.results.parts import UNKNOWN, UNLIKE, Label, Segment

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
        familiarity: how like the model's training recordings it is: the share of known recordings,
            held out in training, that are as unlike them or more. None: the model does not know.
        unfamiliar: whether that is so low that the labels mean little.

    >>> answer = Classification("a.wav", (Label("dog", 0.9),), (Segment(0, 1, "dog", 0.9),), 1.0)
    >>> answer.to_json()["labels"]
    [{'label': 'dog', 'score': 0.9}]
    >>> print(answer)
    a.wav: dog 90 %
    >>> print(Classification("a.wav", (Label("dog", 0.9),), (), familiarity=0.01, unfamiliar=True))
    a.wav: unlike anything it was trained on; nearest: dog 90 %
    """

    file: str
    labels: tuple[Label, ...]
    timeline: tuple[Segment, ...]
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()
    familiarity: float | None = None
    unfamiliar: bool = False
    formats: ClassVar[tuple[str, ...]] = WITH_TIMES

    @property
    def best(self) -> Label:
        """The label with the highest score."""
        return self.labels[0]

    def shown(self) -> str:
        """The labels, and the timeline where there is more than one segment."""
        if self.warnings and not self.timeline:
            return ""  # labels that mean nothing would be read all the same
        lines = [self._labels_text()]
        if len(self.timeline) > 1:
            lines += [f"  {segment}" for segment in self.timeline]
        return "\n".join(lines)

    def _labels_text(self) -> str:
        labels = ", ".join(map(str, self.labels))
        if not self.unfamiliar:
            return labels
        if self.labels[0].label == UNKNOWN:
            return f"{self.labels[0]} ({UNLIKE})" + "".join(f", {one}" for one in self.labels[1:])
        return f"{UNLIKE}; nearest: {labels}"

    def columns(self) -> tuple[str, ...]:
        """Those of the timeline."""
        return ("start_s", "end_s", "label", "score", "familiarity")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """The timeline."""
        return ((s.start_s, s.end_s, s.label, s.score, s.familiarity) for s in self.timeline)

    def spans(self) -> tuple[Span, ...]:
        """The timeline."""
        return tuple(Span(s.start_s, s.end_s, s.label, score=s.score) for s in self.timeline)

    def plot(self) -> Figure:
        """A bar for each segment, one row a label."""
        from tympan.tasks.results.figures import timeline

        return timeline(self.spans(), self.duration_s, self.file)
