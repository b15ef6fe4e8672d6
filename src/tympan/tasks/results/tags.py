"""Which labels apply to a recording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tympan.tasks.results.base import Result
from tympan.tasks.results.formats import WITH_TIMES, Span
from tympan.tasks.results.parts import UNLIKE, Segment, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Tag:
    """One label, its score in 0 … 1, and whether it lies above the label's threshold.

    >>> print(Tag("guitar", 0.8, True))
    guitar 80 %
    """

    label: str
    score: float
    chosen: bool

    def __str__(self) -> str:
        return f"{self.label} {percent(self.score)}"


@dataclass(frozen=True)
class Tags(Result):
    """Which labels apply to a recording.

    Attributes:
        file: the name of the recording.
        tags: labels with their scores, highest first.
        timeline: when those that apply do. Empty where the answer means nothing, as of silence; a
            warning says why.
        duration_s: length of the recording.
        model: name of the model that answered.
        warnings: what may be wrong with the answer.
        familiarity: how like the model's training recordings it is, see `Classification`.
        unfamiliar: whether that is so low that the tags mean little.

    >>> print(Tags("a.wav", (Tag("rock", 0.9, True), Tag("jazz", 0.2, False))))
    a.wav: rock 90 %
    >>> print(Tags("a.wav", (Tag("jazz", 0.2, False),)))
    a.wav: none (highest: jazz 20 %)
    >>> print(Tags("a.wav", (Tag("rock", 0.9, True),), familiarity=0.01, unfamiliar=True))
    a.wav: unlike anything it was trained on; nearest: rock 90 %
    """

    file: str
    tags: tuple[Tag, ...]
    timeline: tuple[Segment, ...] = ()
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()
    familiarity: float | None = None
    unfamiliar: bool = False
    formats: ClassVar[tuple[str, ...]] = WITH_TIMES

    @property
    def chosen(self) -> tuple[str, ...]:
        """The labels that apply."""
        return tuple(one.label for one in self.tags if one.chosen)

    def shown(self) -> str:
        """The labels that apply."""
        if self.warnings and self.chosen and not self.timeline:
            return ""  # labels that mean nothing would be read all the same
        found = ", ".join(str(one) for one in self.tags if one.chosen)
        if self.unfamiliar:
            return f"{UNLIKE}; nearest: {found}" if found else f"none, {UNLIKE}"
        if found or not self.tags:
            return found
        return f"none (highest: {max(self.tags, key=lambda one: one.score)})"

    def columns(self) -> tuple[str, ...]:
        """Those of the tags."""
        return ("label", "score", "chosen")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """A row for each tag."""
        return ((one.label, one.score, one.chosen) for one in self.tags)

    def spans(self) -> tuple[Span, ...]:
        """The timeline."""
        return tuple(Span(s.start_s, s.end_s, s.label, score=s.score) for s in self.timeline)

    def plot(self) -> Figure:
        """A bar for each label; those that apply are solid."""
        from tympan.tasks.results.figures import bars

        labels = [one.label for one in self.tags]
        scores = [one.score for one in self.tags]
        return bars(labels, scores, [one.chosen for one in self.tags], self.file)
