"""What was heard when, as plain values for the page: the answer, the lanes, the list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tympan.report.page import percent
from tympan.report.sections import moment
from tympan.report.why import Reason, reason_for
from tympan.spectra import figures_style as look

if TYPE_CHECKING:
    from tympan.tasks.results import Classification, Segment

GUESSED = 0.3  # Below it, a label is no more than a guess.
SURE = 0.5  # From this score on, an answer is given without "perhaps".
_MOST_LANES, _MOST_SEGMENTS, _MOST_ROWS = 10, 2000, 500


@dataclass(frozen=True)
class Row:
    """A labelled bar."""

    label: str
    percent: float
    text: str


@dataclass(frozen=True)
class Answer:
    """The answer in large type and what stands under it."""

    best: str
    sure: bool
    lead: str
    rows: Sequence[Row]


@dataclass(frozen=True)
class Bar:
    """A segment of the timeline, placed in percent."""

    left: float
    width: float
    strength: float
    start_s: float
    end_s: float
    text: str
    why: int | None = None
    own: bool = False


@dataclass(frozen=True)
class Lane:
    """All segments of one label."""

    label: str
    total: str
    segments: Sequence[Bar]


@dataclass(frozen=True)
class Track:
    """What one question heard when: lanes under the spectrogram, and the same as a list.

    Other questions (who speaks, what was said, which notes) join the page with a track of theirs.
    """

    title: str
    lanes: Sequence[Lane]
    hint: str = ""
    note: str = ""
    rows: Sequence[dict[str, Any]] = ()
    list_title: str = ""


_NOTHING = "What a model makes of it means nothing."
SILENCE = Answer("silence", True, _NOTHING, ())
TOO_SHORT = Answer("too short to tell", True, _NOTHING, ())


def answer(result: Classification) -> Answer:
    """Say what was heard: one sound, or several one after another."""
    heard = _heard(result.timeline)
    if len(heard) > 1:
        return _several(heard, result.timeline, result.duration_s)
    best = result.labels[0]
    rows = [Row(x.label, round(100 * x.score, 1), percent(x.score)) for x in result.labels]
    lead = f"{percent(best.score)} sure, among the sounds that the model knows."
    if best.score < SURE:
        lead = f"Not sure: {percent(best.score)}. It may be a sound that the model never learned."
    return Answer(best.label, best.score >= SURE, lead, rows)


def _heard(timeline: Sequence[Segment]) -> dict[str, list[Segment]]:
    """Labels that were clearly heard at some time, in the order in which they came."""
    heard: dict[str, list[Segment]] = {}
    for segment in timeline:
        if segment.score >= SURE:
            heard.setdefault(segment.label, []).append(segment)
    return heard


def _fainter(heard: dict[str, list[Segment]], timeline: Sequence[Segment]) -> str:
    """A sentence about sounds that last, but are nowhere sure enough for the headline."""
    length: dict[str, float] = {}
    for segment in timeline:
        if segment.label not in heard and segment.score >= GUESSED:
            span_s = segment.end_s - segment.start_s
            length[segment.label] = length.get(segment.label, 0.0) + span_s
    most = sorted(length, key=lambda label: -length[label])[:3]
    if not most:
        return ""
    told = ", ".join(f"{label} ({look.duration_text(length[label])})" for label in most)
    return f" Perhaps also: {told}."


def _several(
    heard: dict[str, list[Segment]], timeline: Sequence[Segment], duration_s: float
) -> Answer:
    length = {label: sum(s.end_s - s.start_s for s in parts) for label, parts in heard.items()}
    whole = duration_s or sum(length.values())
    longest = sorted(length, key=lambda label: -length[label])[:6]
    longest = [label for label in heard if label in longest]
    shown = list(longest)
    rows = [
        Row(x, round(100 * length[x] / whole, 1), look.duration_text(length[x])) for x in longest
    ]
    more = len(heard) - len(shown)
    others = f" and {more} more" if more else ""
    lead = f"{len(heard)} sounds were clearly heard"
    lead += f" (the {len(shown)} longest{others})" if more else ""
    lead += f" ({percent(SURE)} or more), in this order; the bars give how long."
    lead += _fainter(heard, timeline)
    return Answer(", ".join(shown), True, lead, rows)


def track(timeline: Sequence[Segment], duration_s: float, reasons: Sequence[Reason]) -> Track:
    """What `classify` heard when, each segment with the number of its reason."""
    drawn, note = lanes(timeline, duration_s, reasons)
    rows = segment_rows(timeline)
    less = f" (the {len(rows)} longest and surest of {len(timeline):,})"
    list_title = f"The same as a list{less if len(rows) < len(timeline) else ''}"
    hint = "Press a segment to hear it and to see what spoke for it." if reasons else ""
    return Track("What is heard when", drawn, hint, note, rows, list_title)


def lanes(
    timeline: Sequence[Segment], duration_s: float, reasons: Sequence[Reason] = ()
) -> tuple[list[Lane], str]:
    """Sort the segments into one lane per label, in the order in which they came.

    Returns:
        The lanes, and a sentence about what is left out.
    """
    by_label: dict[str, list[Segment]] = {}
    for segment in timeline:
        by_label.setdefault(segment.label, []).append(segment)
    weight = {k: sum((s.end_s - s.start_s) * s.score for s in v) for k, v in by_label.items()}
    # A label that is never more than a guess says nothing.
    told = [k for k in by_label if max(s.score for s in by_label[k]) >= GUESSED] or list(by_label)
    told = sorted(told, key=lambda k: -weight[k])[:_MOST_LANES]
    told = [k for k in by_label if k in told]
    chosen = [s for k in told for s in by_label[k]]
    chosen = sorted(chosen, key=lambda s: -(s.end_s - s.start_s) * s.score)[:_MOST_SEGMENTS]
    drawn = {id(s) for s in chosen}
    result = []
    for label in told:
        parts = by_label[label]
        total = look.duration_text(sum(s.end_s - s.start_s for s in parts))
        bars = [_bar(s, duration_s, reason_for(s, reasons)) for s in parts if id(s) in drawn]
        result.append(Lane(label, total, bars))
    left_out = len(timeline) - len(drawn)
    are = "segment is" if left_out == 1 else "segments are"
    note = f"{left_out} short or faint {are} not drawn." if left_out else ""
    return result, note


def _bar(s: Segment, duration_s: float, why: tuple[int | None, bool]) -> Bar:
    text = f"{s.label}, {moment(s.start_s)} to {moment(s.end_s)}, mean {percent(s.score)}"
    return Bar(
        left=round(100 * s.start_s / duration_s, 3),
        width=round(100 * (s.end_s - s.start_s) / duration_s, 3),
        strength=round(0.3 + 0.7 * min(1.0, s.score), 2),
        start_s=round(s.start_s, 3),
        end_s=round(s.end_s, 3),
        text=text,
        why=why[0],
        own=why[1],
    )


def segment_rows(timeline: Sequence[Segment]) -> list[dict[str, Any]]:
    """The timeline as a table: the longest and surest, in order of time."""
    kept = sorted(timeline, key=lambda s: -(s.end_s - s.start_s) * s.score)[:_MOST_ROWS]
    return [
        {
            "start": moment(s.start_s),
            "end": moment(s.end_s),
            "start_s": round(s.start_s, 3),
            "end_s": round(s.end_s, 3),
            "label": s.label,
            "score": percent(s.score),
        }
        for s in sorted(kept, key=lambda s: s.start_s)
    ]
