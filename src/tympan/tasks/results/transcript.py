"""What was said, when, and by whom."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from tympan.tasks.results.base import Result
from tympan.tasks.results.formats import WITH_TIMES, Span
from tympan.tasks.results.parts import interval_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Word:
    """One word, from `start_s` to `end_s`, and how sure it is, 0 … 1, where that is known.

    `estimated` is True where the model gives no times of words: then they are shared out over what
    was heard at once, in proportion to the letters. None where the times were found.
    """

    start_s: float
    end_s: float
    text: str
    score: float | None = None
    estimated: bool | None = field(default=None, metadata={"optional": True})


@dataclass(frozen=True)
class Utterance:
    """What was said without a pause.

    Attributes:
        start_s: where it begins.
        end_s: where it ends.
        text: what was said.
        speaker: by whom; empty if that is not known.
        words: its words; empty if the model gives no times of words.
        score: how sure it is, 0 … 1; None if that is not known.

    >>> print(Utterance(0.0, 2.5, "Good morning.", "Ann"))
       0.00 –    2.50 s  Ann: Good morning.
    """

    start_s: float
    end_s: float
    text: str
    speaker: str = ""
    words: tuple[Word, ...] = ()
    score: float | None = field(default=None, metadata={"optional": True})

    def __str__(self) -> str:
        who = f"{self.speaker}: " if self.speaker else ""
        return f"{interval_text(self.start_s, self.end_s)}  {who}{self.text}"


@dataclass(frozen=True)
class Transcript(Result):
    """What was said.

    Attributes:
        file: the name of the recording.
        text: all of it.
        language: code of the language (ISO 639), such as `"en"`; empty if that is not known.
        segments: the same with its times.
        duration_s: length of the recording.
        model: name of the model that answered.
        warnings: what may be wrong with the answer.

    >>> print(Transcript("a.wav", "Good morning.", "en", (Utterance(0, 1, "Good morning."),)))
    a.wav: Good morning.
    """

    file: str
    text: str
    language: str
    segments: tuple[Utterance, ...]
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()
    formats: ClassVar[tuple[str, ...]] = WITH_TIMES

    def shown(self) -> str:
        """What was said, with times where there is more than one segment."""
        if len(self.segments) <= 1:
            return self.text
        return "".join(f"\n  {one}" for one in self.segments)

    def columns(self) -> tuple[str, ...]:
        """Those of the segments."""
        return ("start_s", "end_s", "speaker", "text")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """A row for each segment."""
        return ((s.start_s, s.end_s, s.speaker, s.text) for s in self.segments)

    def spans(self) -> tuple[Span, ...]:
        """The segments."""
        return tuple(Span(s.start_s, s.end_s, s.text, s.speaker) for s in self.segments)

    def plot(self) -> Figure:
        """A bar for each segment, one row a speaker."""
        from tympan.tasks.results.figures import timeline

        rows = tuple(Span(s.start_s, s.end_s, s.speaker or "speech") for s in self.segments)
        return timeline(rows, self.duration_s, self.file)
