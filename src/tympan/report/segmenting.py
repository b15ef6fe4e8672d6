"""How the page of `hear` shows what `segment` answers."""

from __future__ import annotations

from tympan.report.classification import Headline, headline_part, nothing_parts
from tympan.report.page import words
from tympan.report.parts import AnswerParts, Shown, register
from tympan.report.tracks import Row, Span, track
from tympan.tasks.results import Segments

# So many labels stand in large type; the bars have all.
_MOST_NAMED = 4


@register(Segments)
def parts(shown: Shown[Segments]) -> AnswerParts:
    """How long each label lasts, and when, as lanes."""
    answer = shown.answer
    if shown.nothing:
        return nothing_parts(shown)
    spans = [Span(s.start_s, s.end_s, s.label, s.score) for s in answer.segments]
    lanes = [track("What happens when", spans, shown.duration_s)] if spans else []
    return AnswerParts([headline_part(shown, headline_of(answer))], lanes)


def headline_of(answer: Segments) -> Headline:
    """The labels that last longest, and for how long each.

    >>> from tympan.tasks.results import Segment
    >>> headline_of(Segments("a.wav", (Segment(0.0, 2.0, "speech", 0.8),), 4.0)).best
    'speech'
    """
    if not answer.segments:
        return Headline("nothing found", True, "No label of the model is in it, as far as it says.")
    lasting = sorted(((answer.lasting_s(one), one) for one in answer.labels), reverse=True)
    names = ", ".join(words(one) for _, one in lasting[:_MOST_NAMED])
    names += " …" if len(lasting) > _MOST_NAMED else ""
    whole_s = max(answer.duration_s, 1e-9)
    rows = [
        Row(words(name), round(min(100.0, 100 * length_s / whole_s), 1), clock(length_s))
        for length_s, name in lasting
    ]
    count = len(answer.segments)
    lead = (
        f"{count} segment{'s' * (count != 1)}, {clock(answer.lasting_s())} of "
        f"{clock(answer.duration_s)}; the bars give how long each label lasts in all."
    )
    return Headline(names, True, lead, rows)


def clock(seconds: float) -> str:
    """A length as people say it.

    >>> clock(3.25), clock(75), clock(7260)
    ('3.2 s', '1 min 15 s', '2 h 1 min')
    """
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds) // 60
    if minutes < 60:
        return f"{minutes} min {round(seconds) % 60} s"
    return f"{minutes // 60} h {minutes % 60} min"
