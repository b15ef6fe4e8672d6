"""The notes of a recording over its spectrogram."""

from __future__ import annotations

from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.tasks.results.figures import write_picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tympan.tasks.results import Notes

# A longer recording is no picture.
STANDARD_HZ = 440.0


def notes_figure(source: Any, found: Notes) -> Figure:
    """The spectrogram of a recording with a box for each note, and below it the piano roll.

    Args:
        source: path, bytes, file object or `Clip`.
        found: its notes.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    from tympan.spectra.figures import plot_spectrogram
    from tympan.tasks.results.figures import draw_notes

    figure = Figure(figsize=(10, 7), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    plot_spectrogram(source, above, kind="log")
    for n in found.notes:
        # The axis is in octaves.
        middle = log2(found.tuning_hz or STANDARD_HZ) + (n.pitch - 69) / 12
        corner, size = (n.start_s, middle - 1 / 24), (n.end_s - n.start_s, 1 / 12)
        above.add_patch(Rectangle(corner, *size, fill=False, color="white", linewidth=0.8))
    above.set_xlabel("")
    draw_notes(below, found.notes)
    for i, beat_s in enumerate(found.beats_s):
        bar = (i - found.downbeat) % found.beats_per_bar == 0
        below.axvline(beat_s, color="0.4", linewidth=1.0 if bar else 0.3, zorder=0)
    below.set_xlabel("time (s)")
    return figure


def make_picture(model: Any, source: Any, answer: Notes, path: Path) -> str:
    """Write the picture of an answer; a sentence says why there is none.

    Raises:
        ArgumentError: the name is not that of a picture.
    """
    return write_picture(path, answer.duration_s, lambda: notes_figure(source, answer))
