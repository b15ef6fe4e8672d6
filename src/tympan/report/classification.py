"""How the page of `hear` shows what `classify` answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tympan.report.page import percent, words
from tympan.report.parts import AnswerParts, Part, Shown, register
from tympan.report.tracks import GUESSED, SURE, Row, Span, track
from tympan.report.why import cards, reason_for
from tympan.spectra import figures_style as style
from tympan.tasks.results import Classification, Segment
from tympan.tasks.results.parts import UNKNOWN, UNLIKE

if TYPE_CHECKING:
    from tympan.tasks.classify.explanation import Reason

_MOST_NAMED = 6


@dataclass(frozen=True)
class Headline:
    """The answer in large type and what stands under it."""

    best: str
    sure: bool
    lead: str
    rows: Sequence[Row] = ()


@register(Classification)
def parts(shown: Shown[Classification]) -> AnswerParts:
    """The answer in large type, its timeline as lanes, and what spoke for it."""
    answer = shown.answer
    if shown.nothing:
        return nothing_parts(shown)
    spans = [Span(s.start_s, s.end_s, s.label, s.score) for s in answer.timeline]
    reasons: list[Reason] = getattr(shown.session, "reasons", list)()
    found = cards(reasons, shown.duration_s, shown.key)
    hint = "Press a segment to hear it and to see what spoke for it." if found else ""
    title = "Sounds over time"
    lanes = track(
        title, spans, shown.duration_s, why=lambda span: reason_for(span, found), hint=hint
    )
    sections = []
    if found:
        best, others = [r for r in found if r.best], [r for r in found if not r.best]
        values = {"best": best, "others": others, "playable": shown.playable, "key": shown.key}
        sections.append(Part("hear_why.html.j2", values))
    return AnswerParts(
        [headline_part(shown, headline_of(answer))], [lanes] if spans else [], sections
    )


def nothing_parts(shown: Shown[Any]) -> AnswerParts:
    """Why the answer means nothing, in its place."""
    headline = Headline(shown.nothing, True, "What a model makes of it means nothing.")
    return AnswerParts([headline_part(shown, headline)])


def headline_part(shown: Shown[Any], headline: Headline) -> Part:
    """A headline as a section of the page."""
    values = {"answer": headline, "question": shown.question, "key": shown.key}
    return Part("hear_answer.html.j2", values)


def headline_of(answer: Classification) -> Headline:
    """Name the predictions: one sound, or several one after another."""
    if answer.unfamiliar:
        return _unlike(answer)
    certain = _certain([one for one in answer.timeline if not one.hardly_familiar])
    if len(certain) < 2:
        certain = _certain(answer.timeline)
    if len(certain) > 1:
        return _several(certain, answer.timeline, answer.duration_s)
    best = answer.labels[0]
    rows = [Row(words(x.label), round(100 * x.score, 1), percent(x.score)) for x in answer.labels]
    lead = f"{percent(best.score)} sure, among the sounds that the model knows."
    if best.score < SURE:
        lead = f"Not sure: {percent(best.score)}. It may be a sound that the model never learned."
    return Headline(words(best.label), best.score >= SURE, lead, rows)


def _certain(timeline: Sequence[Segment]) -> dict[str, list[Segment]]:
    """The segments that are sure, by label."""
    found: dict[str, list[Segment]] = {}
    for segment in timeline:
        if segment.score >= SURE:
            found.setdefault(segment.label, []).append(segment)
    return found


def _unlike(answer: Classification) -> Headline:
    """Say that it is nothing that the model was trained on, and what it would have called it."""
    nearest = [one for one in answer.labels if one.label != UNKNOWN]
    rows = [Row(words(x.label), round(100 * x.score, 1), percent(x.score)) for x in nearest]
    lead = (
        "Of the recordings that the model was tested on in training, "
        f"{share_of(answer.familiarity)} were as unfamiliar as this one or more. The bars give the "
        "labels that it would choose, which mean little."
    )
    return Headline(f"{UNLIKE[0].upper()}{UNLIKE[1:]}", True, lead, rows)


def share_of(familiarity: float | None) -> str:
    """A familiarity as the share that it is."""
    return percent(familiarity or 0.0, 1)


def _several(
    certain: dict[str, list[Segment]], timeline: Sequence[Segment], duration_s: float
) -> Headline:
    length = {label: sum(s.end_s - s.start_s for s in parts) for label, parts in certain.items()}
    whole = duration_s or sum(length.values())
    longest = sorted(length, key=lambda label: -length[label])[:_MOST_NAMED]
    longest = [label for label in certain if label in longest]
    rows = [
        Row(words(x), round(100 * length[x] / whole, 1), style.duration_text(length[x]))
        for x in longest
    ]
    more = len(certain) - len(longest)
    lead = f"{len(certain)} sounds were clearly detected"
    lead += f" (the {len(longest)} longest and {more} more)" if more else ""
    lead += f" ({percent(SURE)} or more), in this order; the bars give how long."
    lead += _fainter(certain, timeline)
    return Headline(", ".join(map(words, longest)), True, lead, rows)


def _fainter(certain: dict[str, list[Segment]], timeline: Sequence[Segment]) -> str:
    """A sentence about sounds that last, but are nowhere sure enough for the headline."""
    length: dict[str, float] = {}
    for segment in timeline:
        if segment.label not in certain and segment.score >= GUESSED:
            span_s = segment.end_s - segment.start_s
            length[segment.label] = length.get(segment.label, 0.0) + span_s
    most = sorted(length, key=lambda label: -length[label])[:3]
    if not most:
        return ""
    named = ", ".join(f"{words(label)} ({style.duration_text(length[label])})" for label in most)
    return f" Perhaps also: {named}."
