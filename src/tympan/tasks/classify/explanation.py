"""Why this label? Which part of the spectrogram spoke for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tympan._files import atomic_write
from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tympan.tasks.results import Segment

FORMATS = (".png", ".svg", ".pdf")


@dataclass(frozen=True)
class Explanation:
    """What in a recording spoke for a label.

    Attributes:
        file: name of the recording.
        label: the label explained.
        score: its probability in the window.
        start_s: where the window begins in the recording.
        duration_s: length of the window.
        spectrogram: log-mel `(f, n)` in dB, as the net gets it.
        heat: `(f', n')`, how much each place added to the label's score before the softmax (less
            where it spoke against it). It sums to that score, but for the head's bias; of an
            ensemble it is the mean over its nets.
        frequencies_hz: middle of each of the `f` mel bands.
    """

    file: str
    label: str
    score: float
    start_s: float
    duration_s: float
    spectrogram: np.ndarray = field(repr=False)
    heat: np.ndarray = field(repr=False)
    frequencies_hz: np.ndarray = field(repr=False)

    def plot(self) -> Figure:
        """The spectrogram, and below it the same under a veil that the label's reasons lift."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 5.6), layout="constrained")
        plain, lit = figure.subplots(2, 1, sharex=True, sharey=True)
        f = self.spectrogram.shape[0]
        extent = (self.start_s, self.start_s + self.duration_s, 0, f)
        top = float(self.spectrogram.max())
        look = {"origin": "lower", "aspect": "auto", "extent": extent}
        images = []
        for axis in (plain, lit):
            image = axis.imshow(self.spectrogram, cmap="magma", vmin=top - 80, vmax=top, **look)
            images.append(image)
            rows, names = _round_ticks(self.frequencies_hz)
            axis.set_yticks(rows, names)
            axis.set_ylabel("Frequency (Hz, mel scale)")
        veil = np.zeros((*self.heat.shape, 4))
        strength = np.clip(self.heat, 0, None) / max(float(self.heat.max()), 1e-9)
        veil[..., 3] = 0.85 * (1 - strength**0.5)
        lit.imshow(veil, interpolation="bilinear", **look)
        _outline(lit, strength, extent)
        score = "> 99 %" if 0.995 <= self.score < 1 else f"{self.score:.0%}".replace("%", " %")
        part = f"{self.start_s:.1f} to {self.start_s + self.duration_s:.1f} s"
        text = f"{self.label} {score} in this window alone"
        plain.set_title(f"{self.file}, {part}: {text}", parse_math=False)
        lit.set_title("What spoke for it; the line: half the strongest", fontsize="medium")
        lit.set_xlabel("Time (s)")
        # Only the upper panel has its levels; the lower one is dimmed.
        figure.colorbar(images[0], ax=plain, label="Level (dB, after levelling)", fraction=0.04)
        return figure

    def save(self, path: str | Path) -> Path:
        """Write the picture.

        Raises:
            ArgumentError: not a `.png`, `.svg` or `.pdf`.
        """
        path = Path(path)
        if path.suffix.lower() not in FORMATS:
            fix = f"use one of {', '.join(FORMATS)}"
            raise ArgumentError("is no name for a picture", file=path, fix=fix)
        figure = self.plot()
        with atomic_write(path) as beside:
            figure.savefig(beside, dpi=120)
        return path


def _outline(ax: Axes, strength: np.ndarray, extent: tuple[float, float, float, float]) -> None:
    """Draw a line around what spoke at least half as strongly as the strongest place."""
    start_s, end_s, _, top = extent
    f, n = strength.shape
    if strength.max() <= 0 or f < 2 or n < 2:
        return
    x = start_s + (np.arange(n) + 0.5) * (end_s - start_s) / n
    y = (np.arange(f) + 0.5) * top / f
    # Places at the edge are closed by a frame of nothing around the map.
    x = np.concatenate([[start_s], x, [end_s]])
    y = np.concatenate([[0.0], y, [top]])
    ax.contour(x, y, np.pad(strength, 1), levels=[0.5], colors="white", linewidths=1.0)


def _round_ticks(frequencies_hz: np.ndarray) -> tuple[list[float], list[str]]:
    """Rows and names of round frequencies an octave apart: 250, 500, 1k, 2k …"""
    f = len(frequencies_hz)
    rows: list[float] = []
    names: list[str] = []
    for hz in (16000, 8000, 4000, 2000, 1000, 500, 250, 125):
        row = float(np.interp(hz, frequencies_hz, np.arange(f) + 0.5, left=-1, right=-1))
        # Low octaves lie close together; their names must not touch.
        if row >= 0 and (not rows or rows[-1] - row > 0.07 * f):
            rows.append(row)
            names.append(f"{hz // 1000}k" if hz >= 1000 else str(hz))
    return rows, names


@dataclass(frozen=True)
class Reason:
    """Why a segment has its label, in that one of its windows in which the label scored highest.

    `best` is true for the clearest segment of its label.
    """

    segment: Segment
    explanation: Explanation
    best: bool
