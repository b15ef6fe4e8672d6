"""What was said, when, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from tympan.tasks.results import formats
from tympan.tasks.results.base import Result
from tympan.tasks.results.formats import WITH_TIMES, Span
from tympan.tasks.results.parts import interval_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A subtitle holds about two lines, and stands for no longer.
LONGEST_SUBTITLE, LONGEST_SUBTITLE_S = 84, 7.0


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

    As `.txt` it is the text alone, with the speakers' names where they are known; as `.srt` and
    `.vtt` subtitles of two lines at most; as `.TextGrid` a tier of utterances and one of words, for
    each speaker; as `.json` everything.

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

    def subtitles(self, longest: int = LONGEST_SUBTITLE) -> tuple[Span, ...]:
        """The segments, the long ones in parts that end between two words.

        Args:
            longest: so many characters at most, unless a single word has more.

        >>> words = tuple(Word(i, i + 1, w) for i, w in enumerate("We go home now".split()))
        >>> said = Transcript("", "", "", (Utterance(0, 4, "We go home now", words=words),))
        >>> [one.text for one in said.subtitles(7)]
        ['We go', 'home', 'now']
        """
        return tuple(part for one in self.segments for part in _subtitles(one, longest))

    def _content(self, ending: str) -> bytes:
        if ending == ".txt":
            return formats.encoded(self._plain_text())
        if ending in (".srt", ".vtt"):
            write = formats.OF_SPANS[ending]
            return formats.encoded(write(self.subtitles(), self.file, self.duration_s))
        if ending == ".TextGrid" and any(one.words for one in self.segments):
            return formats.encoded(formats.textgrid_tiers(self._tiers(), self.duration_s))
        return super()._content(ending)

    def _plain_text(self) -> str:
        """The text; a line for each speaker's turn, where speakers are known."""
        if not any(one.speaker for one in self.segments):
            return f"{self.text}\n"
        lines: list[tuple[str, list[str]]] = []
        for one in self.segments:
            if not lines or lines[-1][0] != one.speaker:
                lines.append((one.speaker, []))
            lines[-1][1].append(one.text)
        return "".join(f"{who or '?'}: {' '.join(said)}\n" for who, said in lines)

    def _tiers(self) -> list[tuple[str, list[Span]]]:
        """Utterances and words of each speaker."""
        tiers: dict[str, list[Span]] = {}
        for one in self.segments:
            who = one.speaker
            own = tiers.setdefault(who or "utterances", [])
            own.append(Span(one.start_s, one.end_s, one.text))
            words = tiers.setdefault(f"{who} words" if who else "words", [])
            words += [Span(w.start_s, w.end_s, w.text) for w in one.words]
        return list(tiers.items())

    def plot(self) -> Figure:
        """A bar for each segment, one row a speaker."""
        from tympan.tasks.results.figures import timeline

        rows = tuple(Span(s.start_s, s.end_s, s.speaker or "speech") for s in self.segments)
        return timeline(rows, self.duration_s, self.file)


def _subtitles(one: Utterance, longest: int) -> list[Span]:
    """An utterance in parts of its words."""
    parts: list[list[Word]] = []
    for word in one.words:
        own = parts[-1] if parts else []
        size = len(" ".join(w.text for w in (*own, word)))
        if not own or size > longest or word.end_s - own[0].start_s > LONGEST_SUBTITLE_S:
            parts.append([])
        parts[-1].append(word)
    if len(parts) <= 1:
        return [Span(one.start_s, one.end_s, one.text, one.speaker)]
    return [_span(part, one.speaker) for part in parts]


def _span(words: Sequence[Word], speaker: str) -> Span:
    text = " ".join(w.text for w in words)
    return Span(words[0].start_s, max(w.end_s for w in words), text, speaker)
