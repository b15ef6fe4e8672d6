"""Which sentence, word and phoneme is spoken when, and where it stands in the text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from tympan.errors import DataError
from tympan.tasks.results import formats
from tympan.tasks.results.base import Result
from tympan.tasks.results.formats import Span
from tympan.tasks.results.parts import interval_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TIERS = ("sentences", "words", "phonemes")
_PRAAT = {"phonemes": "phones"}
# A subtitle holds about two lines.
_LONGEST_SUBTITLE = 84


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence, a word or a phoneme, from `start_s` to `end_s`.

    Attributes:
        start_s: where it begins.
        end_s: where it ends.
        text: what is spoken: a sentence or word as it is written, a phoneme in IPA.
        start: the first of the characters of the text that it comes from.
        end: the one behind the last.

    >>> print(Mark(0.0, 0.5, "Good", 0, 4))
       0.00 –    0.50 s  Good
    """

    start_s: float
    end_s: float
    text: str
    start: int = 0
    end: int = 0

    def __str__(self) -> str:
        return f"{interval_text(self.start_s, self.end_s)}  {self.text}"


@dataclass(frozen=True)
class SpeechMarks(Result):
    """When which part of a text is spoken.

    As `.srt` and `.vtt` it is subtitles, a sentence (or a part of a long one) each; as `.TextGrid`
    three tiers, `sentences`, `words` and `phones`; as `.txt` a label track of words for Audacity;
    as `.json` everything.

    Attributes:
        file: the name of the recording.
        sentences, words, phonemes: in order of time.
        duration_s: length of the recording.
        model: name of the voice.
        warnings: what was not spoken as it stands.

    >>> marks = SpeechMarks("a.wav", (Mark(0, 1, "Good morning.", 0, 13),), (), (), 1.0)
    >>> print(marks)
    a.wav: 1 sentence, 0 words, 0 phonemes
         0.00 –    1.00 s  Good morning.
    """

    file: str
    sentences: tuple[Mark, ...]
    words: tuple[Mark, ...]
    phonemes: tuple[Mark, ...]
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()
    formats: ClassVar[tuple[str, ...]] = (".json", ".csv", ".txt", ".srt", ".vtt", ".TextGrid")

    def shown(self) -> str:
        """How many there are, and each sentence."""
        counts = [(len(getattr(self, tier)), tier) for tier in TIERS]
        head = ", ".join(f"{n} {tier if n != 1 else tier[:-1]}" for n, tier in counts)
        return "\n".join([head, *(f"  {one}" for one in self.sentences)])

    def columns(self) -> tuple[str, ...]:
        """Those of the marks."""
        return ("tier", "start_s", "end_s", "text", "start", "end")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """A row for each mark."""
        for tier in TIERS:
            for one in getattr(self, tier):
                yield (tier[:-1], one.start_s, one.end_s, one.text, one.start, one.end)

    def spans(self) -> tuple[Span, ...]:
        """The sentences."""
        return _spans(self.sentences)

    def _content(self, ending: str) -> bytes:
        if ending == ".TextGrid":
            tiers = [(_PRAAT.get(tier, tier), _spans(getattr(self, tier))) for tier in TIERS]
            return formats.encoded(formats.textgrid_tiers(tiers, self.duration_s))
        if ending == ".txt":
            return formats.encoded(formats.audacity(_spans(self.words)))
        if ending in (".srt", ".vtt"):
            write = formats.OF_SPANS[ending]
            return formats.encoded(write(self.subtitles(), self.file, self.duration_s))
        return super()._content(ending)

    def subtitles(self, longest: int = _LONGEST_SUBTITLE) -> tuple[Span, ...]:
        """The sentences, the long ones in parts that end between two words.

        Args:
            longest: so many characters at most, unless a single word has more.
        """
        found: list[Span] = []
        at = 0
        for sentence in self.sentences:
            while at < len(self.words) and self.words[at].start_s < sentence.start_s - 1e-6:
                at += 1
            first = at
            while at < len(self.words) and self.words[at].start_s < sentence.end_s - 1e-6:
                at += 1
            found += _parts(sentence, self.words[first:at], longest)
        return tuple(found)

    def moved(self, by_s: float, by_characters: int = 0) -> SpeechMarks:
        """The same marks later in a recording, and farther back in a text.

        >>> marks = SpeechMarks("", (Mark(0, 1, "Hi.", 0, 3),), (), (), 1.0).moved(2.0, 10)
        >>> marks.sentences[0], marks.duration_s
        (Mark(start_s=2.0, end_s=3.0, text='Hi.', start=10, end=13), 3.0)
        """

        def later(marks: Iterable[Mark]) -> tuple[Mark, ...]:
            return tuple(
                Mark(
                    m.start_s + by_s,
                    m.end_s + by_s,
                    m.text,
                    m.start + by_characters,
                    m.end + by_characters,
                )
                for m in marks
            )

        return replace(
            self,
            sentences=later(self.sentences),
            words=later(self.words),
            phonemes=later(self.phonemes),
            duration_s=self.duration_s + by_s,
        )

    @classmethod
    def joined(cls, parts: Iterable[SpeechMarks], file: str = "", model: str = "") -> SpeechMarks:
        """The marks of several parts of one recording, whose times are already those of it."""
        tiers: dict[str, list[Mark]] = {tier: [] for tier in TIERS}
        warnings: dict[str, None] = {}
        duration_s = 0.0
        for part in parts:
            for tier, marks in tiers.items():
                marks += getattr(part, tier)
            warnings |= dict.fromkeys(part.warnings)
            duration_s = max(duration_s, part.duration_s)
            file, model = file or part.file, model or part.model
        sentences, words, phonemes = (tuple(marks) for marks in tiers.values())
        return cls(file, sentences, words, phonemes, duration_s, model, tuple(warnings))

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SpeechMarks:
        """The inverse of `to_json`.

        Raises:
            DataError: they are no speech marks.
        """
        try:
            sentences, words, phonemes = (
                tuple(Mark(**one) for one in values[tier]) for tier in TIERS
            )
            return cls(
                str(values["file"]),
                sentences,
                words,
                phonemes,
                float(values["duration_s"]),
                str(values["model"]),
                tuple(values["warnings"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"holds no speech marks: {error!r}") from error

    def plot(self) -> Figure:
        """A bar for each word, one row a sentence."""
        from tympan.tasks.results.figures import timeline

        rows = []
        for one in self.sentences:
            name = one.text if len(one.text) <= 40 else f"{one.text[:39]}…"
            inside = [w for w in self.words if one.start_s <= w.start_s < one.end_s]
            rows += [Span(w.start_s, w.end_s, name) for w in inside or [one]]
        return timeline(rows, self.duration_s, self.file)


def _spans(marks: Iterable[Mark]) -> tuple[Span, ...]:
    return tuple(Span(one.start_s, one.end_s, one.text) for one in marks)


def _parts(sentence: Mark, words: Sequence[Mark], longest: int) -> list[Span]:
    """A sentence as subtitles: of its own text, cut where words begin."""
    text = sentence.text
    if len(text) <= longest or not words:
        return [Span(sentence.start_s, sentence.end_s, text)]
    starts: list[tuple[float, int]] = [(sentence.start_s, 0)]
    for word in words[1:]:
        place, last = word.start - sentence.start, starts[-1][1]
        if place > last and word.end - sentence.start - last > longest:
            starts.append((word.start_s, place))
    ends = [*starts[1:], (sentence.end_s, len(text))]
    spans = zip(starts, ends, strict=True)
    return [Span(start_s, end_s, text[a:b].strip()) for (start_s, a), (end_s, b) in spans]
