"""What an answer says about when: lanes under the spectrogram, and the same as a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tympan.report.page import NBSP, percent, words
from tympan.report.sections import moment
from tympan.spectra import figures_style as style

GUESSED = 0.3  # Below it, a label is no more than a guess.
SURE = 0.5  # From this score on, an answer is given without "perhaps".
MOST_ROWS = 500
_MOST_SEGMENTS = 2000
# All labels that were once sure for long have a lane; of the others, the first ten.
_USUAL_LANES, _MOST_LANES = 10, 40
_LONG_S, _LONG_SHARE = 1.0, 0.01


@dataclass(frozen=True)
class Span:
    """A part of the recording that an answer names.

    Attributes:
        start_s: where it begins.
        end_s: where it ends.
        label: which lane it belongs to.
        score: 0 … 1, how sure; None where the answer does not say.
        text: what stands in the list instead of the label, such as what was said.
        shade: 0 … 1, how full its colour is where that is not the score.
    """

    start_s: float
    end_s: float
    label: str
    score: float | None = None
    text: str = ""
    shade: float | None = None

    @property
    def weight(self) -> float:
        """How much of the picture it deserves: length times score."""
        return (self.end_s - self.start_s) * (1.0 if self.score is None else self.score)


@dataclass(frozen=True)
class Bar:
    """A span, placed in percent; `why` is the id of the reason that is shown for it."""

    left: float
    width: float
    strength: float
    start_s: float
    end_s: float
    text: str
    why: str = ""
    own: bool = False
    shown: str = ""


@dataclass(frozen=True)
class Lane:
    """All spans of one label; `written`: the text of each stands in it."""

    label: str
    total: str
    segments: Sequence[Bar]
    written: bool = False


@dataclass(frozen=True)
class Row:
    """A labelled bar of so many percent."""

    label: str
    percent: float
    text: str


@dataclass(frozen=True)
class TableRow:
    """A row of a table; one with times can be played."""

    cells: Sequence[str]
    start_s: float | None = None
    end_s: float | None = None
    name: str = ""


@dataclass(frozen=True)
class PageTable:
    """A table on the page; `numbers` are the columns that are aligned to the right."""

    columns: Sequence[str]
    rows: Sequence[TableRow]
    numbers: Sequence[int] = ()


@dataclass(frozen=True)
class Track:
    """What one question says about when: lanes under the spectrogram, and the same as a list."""

    title: str
    lanes: Sequence[Lane]
    hint: str = ""
    note: str = ""
    table: PageTable | None = None
    list_title: str = ""


# From a span to the id of the picture that explains it (empty: none), and whether it is its own.
Why = Callable[[Span], tuple[str, bool]]


def no_reason(span: Span) -> tuple[str, bool]:
    """No span has a picture."""
    return "", False


def track(
    title: str,
    spans: Sequence[Span],
    duration_s: float,
    *,
    why: Why = no_reason,
    hint: str = "",
    listed: bool = True,
    written: bool = False,
) -> Track:
    """Lanes and list of what an answer names.

    Args:
        title: what it is.
        spans: in order of time.
        duration_s: length of the recording.
        why: finds the picture that explains a span.
        hint: what a press on a span does.
        listed: whether there is a list too.
        written: whether the text of each span stands in its bar, as words do.
    """
    drawn, note = lanes(spans, duration_s, why)
    if written:
        drawn = [replace(one, written=True) for one in drawn]
    if not listed or not spans:
        return Track(title, drawn, hint, note)
    table = span_table(spans)
    less = f" (the {len(table.rows)} longest and surest of {len(spans):,})"
    more = less if len(table.rows) < len(spans) else ""
    return Track(title, drawn, hint, note, table, f"The same as a list{more}")


def lanes(spans: Sequence[Span], duration_s: float, why: Why = no_reason) -> tuple[list[Lane], str]:
    """Sort the spans into one lane per label, in the order in which they came.

    A label that lasts and is sure has a lane whatever the others are; guesses have none unless
    there is nothing else.

    Returns:
        The lanes, and a sentence about what is left out.
    """
    by_label: dict[str, list[Span]] = {}
    for span in spans:
        by_label.setdefault(span.label, []).append(span)
    weight = {label: sum(s.weight for s in parts) for label, parts in by_label.items()}
    shown = [label for label, parts in by_label.items() if _score(parts) >= GUESSED]
    shown = shown or list(by_label)
    certain = {label for label in shown if _lasting(by_label[label], duration_s)}
    order = sorted(shown, key=lambda label: (label not in certain, -weight[label]))
    kept = order[: min(_MOST_LANES, max(_USUAL_LANES, len(certain)))]
    shown = [label for label in by_label if label in kept]
    chosen = sorted((s for label in shown for s in by_label[label]), key=lambda s: -s.weight)
    drawn = {id(s) for s in chosen[:_MOST_SEGMENTS]}
    found = []
    for label in shown:
        parts = by_label[label]
        total = style.duration_text(sum(s.end_s - s.start_s for s in parts))
        bars = [_bar(s, duration_s, why(s)) for s in parts if id(s) in drawn]
        found.append(Lane(words(label), total, bars))
    return found, _left_out([s for s in spans if id(s) not in drawn])


def _score(spans: Sequence[Span]) -> float:
    return max(1.0 if s.score is None else s.score for s in spans)


def _lasting(spans: Sequence[Span], duration_s: float) -> bool:
    """Whether a label was once sure for long enough to be seen."""
    long_s = min(_LONG_S, _LONG_SHARE * duration_s)
    return any(_score([s]) >= SURE and s.end_s - s.start_s >= long_s for s in spans)


def _left_out(spans: Sequence[Span]) -> str:
    """Say which spans are not drawn, and why."""
    if not spans:
        return ""
    labels = list(dict.fromkeys(words(s.label) for s in spans))
    are = "segment is" if len(spans) == 1 else "segments are"
    if _score(spans) < GUESSED:
        return f"{len(spans):,} {are} not drawn: mere guesses, below {percent(GUESSED)}."
    if len(labels) <= 6:
        return f"{len(spans):,} short or faint {are} not drawn: {', '.join(labels)}."
    return f"{len(spans):,} short or faint {are} not drawn, of {len(labels)} labels."


def _bar(s: Span, duration_s: float, why: tuple[str, bool]) -> Bar:
    score = "" if s.score is None else f", mean {percent(s.score)}"
    name = s.text or words(s.label)
    shade = s.score if s.shade is None else s.shade
    strength = 1.0 if shade is None else min(1.0, max(0.0, shade))
    return Bar(
        left=round(100 * s.start_s / duration_s, 3),
        width=round(100 * (s.end_s - s.start_s) / duration_s, 3),
        strength=round(0.3 + 0.7 * strength, 2),
        start_s=round(s.start_s, 3),
        end_s=round(s.end_s, 3),
        text=f"{name}, {moment(s.start_s)} to {moment(s.end_s)}{score}",
        why=why[0],
        own=why[1],
        shown=s.text,
    )


def span_table(spans: Sequence[Span]) -> PageTable:
    """The spans as a table: the longest and surest, in order of time."""
    kept = sorted(spans, key=lambda s: -s.weight)[:MOST_ROWS]
    scored = any(s.score is not None for s in spans)
    rows = []
    for s in sorted(kept, key=lambda s: s.start_s):
        times = (moment(at_s).replace(" ", NBSP) for at_s in (s.start_s, s.end_s))
        cells = [*times, s.text or words(s.label)]
        if scored:
            cells.append("" if s.score is None else percent(s.score))
        rows.append(TableRow(cells, round(s.start_s, 3), round(s.end_s, 3), words(s.label)))
    columns = ("From", "To", "What", *(["Mean score"] if scored else []))
    return PageTable(columns, rows, (3,) if scored else ())
