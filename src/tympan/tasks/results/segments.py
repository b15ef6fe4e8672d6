"""What happens when in a recording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from tympan.tasks.results.base import Result
from tympan.tasks.results.formats import WITH_TIMES, Span
from tympan.tasks.results.parts import Segment

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Segments(Result):
    """What happens when; segments of different labels may overlap.

    Attributes:
        file: the name of the recording.
        segments: in order of their beginnings.
        duration_s: length of the recording.
        model: name of the model that answered.
        warnings: what may be wrong with the answer.

    >>> print(Segments("a.wav", (Segment(0.0, 2.5, "speech", 0.8),)))
    a.wav: 1 segment
         0.00 –    2.50 s  speech 80 %
    """

    file: str
    segments: tuple[Segment, ...]
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()
    formats: ClassVar[tuple[str, ...]] = WITH_TIMES

    def shown(self) -> str:
        """How many segments there are, and each of them."""
        count = len(self.segments)
        if not count and self.warnings:
            return ""
        head = f"{count or 'no'} segment{'' if count == 1 else 's'}"
        return "\n".join([head, *(f"  {one}" for one in self.segments)])

    def columns(self) -> tuple[str, ...]:
        """Those of the segments."""
        band = ("low_hz", "high_hz") if self._has_bands else ()
        return ("start_s", "end_s", "label", "score", *band)

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """A row for each segment."""
        for s in self.segments:
            band = (s.low_hz, s.high_hz) if self._has_bands else ()
            yield (s.start_s, s.end_s, s.label, s.score, *band)

    @property
    def _has_bands(self) -> bool:
        return any(s.low_hz is not None for s in self.segments)

    def spans(self) -> tuple[Span, ...]:
        """The segments."""
        return tuple(
            Span(s.start_s, s.end_s, s.label, "", s.score, s.low_hz, s.high_hz)
            for s in self.segments
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels that are there, each once, in order of their first segments."""
        return tuple(dict.fromkeys(s.label for s in self.segments))

    def lasting_s(self, label: str | None = None) -> float:
        """How long a label lasts in all; None: the time in which there is any.

        >>> segments = (Segment(0.0, 2.0, "a", 1.0), Segment(1.0, 3.0, "b", 1.0))
        >>> Segments("a.wav", segments).lasting_s()
        3.0
        """
        total = last_s = 0.0
        for s in sorted(self.segments, key=lambda one: one.start_s):
            if label is None or s.label == label:
                total += max(0.0, s.end_s - max(s.start_s, last_s))
                last_s = max(last_s, s.end_s)
        return total

    def plot(self) -> Figure:
        """A bar for each segment, one row a label."""
        from tympan.tasks.results.figures import timeline

        return timeline(self.spans(), self.duration_s, self.file)
