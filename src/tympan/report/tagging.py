"""How the page of `hear` shows what `tag` answers."""

from __future__ import annotations

from tympan.report.classification import Headline, headline_part, nothing_parts, share_of
from tympan.report.page import percent, words
from tympan.report.parts import AnswerParts, Shown, register
from tympan.report.tracks import Row, Span, track
from tympan.tasks.results import Tags
from tympan.tasks.results.parts import UNLIKE

# So many of the highest scores are drawn where no label applies.
_FEW = 5
# So many of those that apply stand in large type; the bars have all.
_MOST_NAMED = 6


@register(Tags)
def parts(shown: Shown[Tags]) -> AnswerParts:
    """The labels that apply in large type, and when they do as lanes."""
    answer = shown.answer
    if shown.nothing:
        return nothing_parts(shown)
    if answer.unfamiliar:
        lead = (
            f"Of the recordings that the model was tested on in training, "
            f"{share_of(answer.familiarity)} were as unfamiliar as this one or more. What labels "
            "it would give means little, so none are shown."
        )
        text = f"{UNLIKE[0].upper()}{UNLIKE[1:]}"
        return AnswerParts([headline_part(shown, Headline(text, True, lead))])
    spans = [Span(s.start_s, s.end_s, s.label, s.score) for s in answer.timeline]
    lanes = [track("Labels over time", spans, shown.duration_s)] if spans else []
    return AnswerParts([headline_part(shown, headline_of(answer))], lanes)


def headline_of(answer: Tags) -> Headline:
    """The labels that apply, or which came nearest to it.

    >>> from tympan.tasks.results import Tag
    >>> headline_of(Tags("a.wav", (Tag("rock", 0.9, True), Tag("jazz", 0.2, False)))).best
    'rock'
    """
    found = [one for one in answer.tags if one.chosen]
    rows = [
        Row(words(one.label), round(100 * one.score, 1), percent(one.score))
        for one in found or answer.tags[:_FEW]
    ]
    if not found:
        return Headline("none", True, "No label reaches its threshold; the bars give scores.", rows)
    names = ", ".join(words(one.label) for one in found[:_MOST_NAMED])
    names += " …" if len(found) > _MOST_NAMED else ""
    lead = (
        f"{len(found)} of {len(answer.tags)} labels apply. Each has a threshold of its own, so a "
        "low score may be enough; the bars give scores."
    )
    return Headline(names, True, lead, rows)
