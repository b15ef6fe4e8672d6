"""How answers are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tympan._files import atomic_write
from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tympan.notation.note import Note
    from tympan.tasks.results.formats import Span

WIDTH_IN, ROW_IN, LEAST_IN, MOST_IN = 9.0, 0.35, 1.4, 14.0
LONGEST_S = 1800.0
KINDS = (".png", ".svg", ".pdf")


def write_picture(path: Path, duration_s: float, draw: Callable[[], Figure]) -> str:
    """Write the picture of a recording's answer; a sentence says why there is none.

    Args:
        path: the file; its ending chooses the format.
        duration_s: length of the recording.
        draw: makes the figure.

    Raises:
        ArgumentError: the name is not that of a picture.
    """
    if path.suffix.lower() not in KINDS:
        raise ArgumentError("is no name for a picture", file=path, fix=f"use {', '.join(KINDS)}")
    if duration_s > LONGEST_S:
        return f"is longer than {LONGEST_S / 60:.0f} minutes, so there is no picture of it"
    figure = draw()
    with atomic_write(path) as beside:
        figure.savefig(beside, dpi=120, format=path.suffix[1:].lower())
    return ""


def timeline(spans: Sequence[Span], duration_s: float, title: str) -> Figure:
    """A bar for each span, one row for each of their texts."""
    names = list(dict.fromkeys(s.text for s in spans))
    figure, ax = _figure(len(names), title)
    for s in spans:
        row = names.index(s.text)
        ax.barh(row, s.end_s - s.start_s, left=s.start_s, height=0.7, color=f"C{row % 10}")
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.invert_yaxis()
    _time_axis(ax, duration_s or max((s.end_s for s in spans), default=1.0))
    return figure


def bars(
    names: Sequence[str], values: Sequence[float], solid: Sequence[bool], title: str
) -> Figure:
    """A horizontal bar for each name; those that are not solid are pale."""
    figure, ax = _figure(len(names), title)
    for row, (value, full) in enumerate(zip(values, solid, strict=True)):
        ax.barh(row, value, height=0.7, color="C0", alpha=1.0 if full else 0.35)
    ax.set_yticks(range(len(names)), names, parse_math=False)
    ax.invert_yaxis()
    ax.set_xlim(min(0.0, *values, 0.0), 1.0)
    ax.set_xlabel("score")
    return figure


def curve(
    steps: Sequence[tuple[float, float, float]], threshold: float, duration_s: float, title: str
) -> Figure:
    """A score over time, step by step, and the threshold."""
    figure, ax = _figure(4, title)
    if steps:
        edges = [*(start for start, _, _ in steps), steps[-1][1]]
        ax.stairs([score for *_, score in steps], edges, baseline=None, label="score")
    ax.axhline(threshold, color="C3", linestyle="--", label="threshold")
    ax.legend(loc="upper right")
    ax.set_ylabel("score")
    _time_axis(ax, duration_s or max((end for _, end, _ in steps), default=1.0))
    return figure


def piano_roll(notes: Sequence[Note], duration_s: float, title: str) -> Figure:
    """A bar for each note, its pitch upwards; the darker the louder."""
    figure, ax = _figure(10, title)
    draw_notes(ax, notes)
    _time_axis(ax, duration_s or max((n.end_s for n in notes), default=1.0))
    return figure


def draw_notes(ax: Axes, notes: Sequence[Note]) -> None:
    """A bar for each note, its pitch upwards; the darker the louder."""
    from tympan.notation.note import pitch_name

    for n in notes:
        loudness = 0.25 + 0.75 * min(max(n.velocity, 0), 127) / 127
        ax.barh(
            n.pitch, n.end_s - n.start_s, left=n.start_s, height=0.9, color="C0", alpha=loudness
        )
    pitches = [n.pitch for n in notes] or [60]
    low, high = min(pitches) - 1, max(pitches) + 1
    ax.set_ylim(low - 0.5, high + 0.5)
    ticks = range(low, high + 1, max(1, (high - low) // 12))
    ax.set_yticks(list(ticks), [pitch_name(one) for one in ticks])
    ax.set_ylabel("pitch")


def vector(values: Sequence[float], title: str) -> Figure:
    """A line over the numbers of a vector."""
    figure, ax = _figure(4, title)
    ax.stairs(values, baseline=0.0, fill=True)
    ax.set_xlim(0, max(1, len(values)))
    ax.set_xlabel("dimension")
    ax.set_ylabel("value")
    return figure


def _figure(rows: int, title: str) -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    height = min(MOST_IN, max(LEAST_IN, 0.8 + ROW_IN * rows))
    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
    ax = figure.add_subplot()
    ax.set_title(_drawable(title), parse_math=False)
    return figure, ax


def _drawable(text: str) -> str:
    """A file name may hold bytes that are no Unicode, which cannot be drawn."""
    return text.encode("utf-8", "backslashreplace").decode()


def _time_axis(ax: Axes, end_s: float) -> None:
    ax.set_xlim(0, end_s)
    ax.set_xlabel("time (s)")
