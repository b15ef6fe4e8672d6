"""How the page of `hear` shows what `transcribe` answers: words in time, and the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tympan.report.classification import Headline, headline_part, nothing_parts
from tympan.report.page import NBSP, percent
from tympan.report.parts import AnswerParts, Part, Shown, register
from tympan.report.sections import moment
from tympan.report.tracks import Span, track
from tympan.tasks.results import Transcript, Utterance

# The page of a long recording has so many words at most; the answer's own files have all.
MOST_WORDS = 6000
_LONGEST_HEADLINE = 140
# Below this confidence a word is marked.
UNSURE = 0.5


@dataclass(frozen=True)
class PageWord:
    """A word of the text on the page, which lights up while it is spoken."""

    text: str
    start_s: float
    end_s: float
    unsure: bool


@dataclass(frozen=True)
class Line:
    """An utterance on the page."""

    when: str
    speaker: str
    words: Sequence[PageWord]


@register(Transcript)
def parts(shown: Shown[Transcript]) -> AnswerParts:
    """The text, with every word at its time."""
    answer = shown.answer
    if shown.nothing:
        return nothing_parts(shown)
    headline = headline_part(shown, headline_of(answer))
    if not answer.segments:
        return AnswerParts([headline])
    kept = _first(answer.segments)
    spans = [
        Span(w.start_s, w.end_s, one.speaker or "words", w.score, w.text)
        for one in kept
        for w in one.words
    ]
    lanes = track("Words in time", spans, shown.duration_s, listed=False, written=True)
    left_out = len(answer.segments) - len(kept)
    note = f"{left_out:,} more utterances are not shown here." if left_out else ""
    estimated = any(w.estimated for one in kept for w in one.words)
    if estimated:
        note += " The model gives no times of words: they are estimated."
    values = {
        "lines": [_line(one) for one in kept],
        "title": "What was said",
        "note": note.strip(),
        "key": shown.key,
        "playable": shown.playable,
    }
    return AnswerParts(
        [headline], [lanes] if spans else [], [Part("hear_transcript.html.j2", values)]
    )


def headline_of(answer: Transcript) -> Headline:
    """The text, or its beginning.

    >>> headline_of(Transcript("a.wav", "Hello.", "en", (Utterance(0, 1, "Hello."),))).best
    '“Hello.”'
    """
    if not answer.segments:
        return Headline("no speech", True, "Nobody says anything in it, as far as the model hears.")
    text = answer.text
    if len(text) > _LONGEST_HEADLINE:
        text = f"{text[:_LONGEST_HEADLINE].rsplit(' ', 1)[0]} …"
    count = len(answer.text.split())
    speakers = list(dict.fromkeys(one.speaker for one in answer.segments if one.speaker))
    lead = f"{count:,} word{'s' * (count != 1)}"
    if speakers:
        lead += f", said by {', '.join(speakers[:6])}{' …' * (len(speakers) > 6)}"
    scores = [one.score for one in answer.segments if one.score is not None]
    if scores:
        lead += f"; {percent(sum(scores) / len(scores))} sure on average"
    return Headline(f"“{text}”", True, f"{lead}.")


def _first(segments: Sequence[Utterance]) -> list[Utterance]:
    """As many utterances as the page can hold."""
    found: list[Utterance] = []
    count = 0
    for one in segments:
        count += max(1, len(one.words))
        if count > MOST_WORDS:
            break
        found.append(one)
    return found


def _line(one: Utterance) -> Line:
    words = [
        PageWord(
            w.text,
            round(w.start_s, 3),
            round(w.end_s, 3),
            w.score is not None and w.score < UNSURE,
        )
        for w in one.words
    ] or [PageWord(one.text, round(one.start_s, 3), round(one.end_s, 3), False)]
    return Line(moment(one.start_s).replace(" ", NBSP), one.speaker, words)
