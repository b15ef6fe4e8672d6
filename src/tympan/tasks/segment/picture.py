"""The segments of a recording over its spectrogram."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.tasks.results.figures import write_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tympan.tasks.results import Segments

# A longer recording is no picture.
ROW_IN = 0.22


def segments_figure(source: Any, found: Segments) -> Figure:
    """The spectrogram of a recording, and below it a bar for each segment, a row for each label.

    A segment that has a band is a box in the spectrogram too.

    Args:
        source: path, bytes, file object or `Clip`.
        found: its segments.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    from tympan.spectra.figures import plot_spectrogram

    labels = found.labels
    height = max(0.4, ROW_IN * max(1, len(labels)))
    figure = Figure(figsize=(10, 3.2 + height), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3.0, height))
    plot_spectrogram(source, above)
    for s in found.segments:
        row = labels.index(s.label)
        colour = f"C{row % 10}"
        below.barh(row, s.end_s - s.start_s, left=s.start_s, height=0.7, color=colour)
        if s.low_hz is not None and s.high_hz is not None:
            size = (s.end_s - s.start_s, s.high_hz - s.low_hz)
            box = Rectangle((s.start_s, s.low_hz), *size, fill=False, color=colour, linewidth=1.2)
            above.add_patch(box)
    below.set_yticks(range(len(labels)), labels, parse_math=False)
    below.set_ylim(max(1, len(labels)) - 0.5, -0.5)
    below.set_xlabel("time (s)")
    above.set_xlabel("")
    return figure


def make_picture(model: Any, source: Any, answer: Segments, path: Path) -> str:
    """Write the picture of an answer; a sentence says why there is none.

    Raises:
        ArgumentError: the name is not that of a picture.
    """
    return write_picture(path, answer.duration_s, lambda: segments_figure(source, answer))
