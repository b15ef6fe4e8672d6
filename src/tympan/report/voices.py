"""How the page of `hear` shows what `identify` answers."""

from __future__ import annotations

from tympan.report.classification import Headline, headline_part
from tympan.report.page import percent
from tympan.report.parts import AnswerParts, Shown, register
from tympan.report.tracks import Row
from tympan.tasks.results import Identity
from tympan.tasks.results.parts import UNKNOWN


@register(Identity)
def parts(shown: Shown[Identity]) -> AnswerParts:
    """The name in large type, and how likely each voice is; nothing where nothing was compared."""
    if shown.nothing or not shown.answer.scored:
        return AnswerParts()
    return AnswerParts([headline_part(shown, headline_of(shown.answer))])


def headline_of(answer: Identity) -> Headline:
    """Who it is, and on how much speech that rests.

    >>> from tympan.tasks.results import Candidate
    >>> near = (Candidate("Ann", 0.3, 0.2),)
    >>> headline_of(Identity("a.wav", None, 0.3, 0.2, speech_s=4.0, candidates=near)).best
    'nobody who is known'
    """
    rows = [
        Row(one.speaker, round(100 * one.probability, 1), percent(one.probability))
        for one in answer.candidates
    ]
    rest = max(0.0, 1 - sum(one.probability for one in answer.candidates))
    rows.append(Row("nobody known", round(100 * rest, 1), percent(rest)))
    rests = f"It rests on {answer.speech_s:.1f} s of speech, taken as that of one person."
    if answer.speaker is None:
        nearest = f"The nearest is {answer.candidates[0].speaker}" if answer.candidates else UNKNOWN
        lead = f"{nearest}, at {percent(answer.probability)}: not enough for the name. {rests}"
        return Headline("nobody who is known", True, lead, rows)
    lead = f"{percent(answer.probability)} sure, among the voices of the book. {rests}"
    return Headline(answer.speaker, True, lead, rows)
