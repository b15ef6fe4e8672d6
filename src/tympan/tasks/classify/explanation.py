"""Why this label? Which part of the spectrogram spoke for it."""

from __future__ import annotations

import difflib
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan._files import atomic_write
from tympan.errors import ArgumentError
from tympan.tasks.classify.activation import heat_of
from tympan.tasks.classify.answer import (
    SHORTEST_S,
    STEPS_PER_WINDOW,
    WHOLE_CLIPS,
    ClassifyModel,
    answer,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor

    from tympan.audio import Clip
    from tympan.tasks.classify.net import Classifier
    from tympan.tasks.results import Segment

FORMATS = (".png", ".svg", ".pdf")
MOST_WINDOWS = 12  # of a segment are looked at, unless none is as clear as the whole of it


@dataclass(frozen=True)
class Explanation:
    """What in a recording spoke for a label.

    Attributes:
        file: name of the recording.
        label: the label explained.
        score: its probability in the window.
        start_s: where the window begins in the recording.
        duration_s: length of the window.
        spectrogram: log-mel `(f, n)` in dB, as the net hears it.
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
        told = f"{self.label} {score} in this window alone"
        plain.set_title(f"{self.file}, {part}: {told}", parse_math=False)
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


def explain(model: ClassifyModel, source: Any, label: str | None = None) -> Explanation:
    """Explain an answer, in the window where it is clearest.

    Args:
        model: the classifier.
        source: what `tympan.load` takes.
        label: the label to explain; the best one by default.

    Returns:
        The explanation for that one of the answer's windows in which the label scores highest, or
        for a short recording whole.

    Raises:
        ArgumentError: the model has no such label.
    """
    from tympan.audio import Clip
    from tympan.tasks.classify.answer import steps

    if label is not None and label not in model.labels:
        near = difflib.get_close_matches(label, model.labels, n=3, cutoff=0.5)
        known = ", ".join(near or model.labels[:8])
        fix = f"{known}, perhaps?" if near else f"one of {known}{' …' * (len(model.labels) > 8)}"
        raise ArgumentError(f"the model has no label {label!r}", fix=fix)
    name = source.name if isinstance(source, Clip) else None
    if label is None:
        best = answer(model, source, top=1)
        label, name = best.best.label, name or best.file
    k = model.labels.index(label)
    clearest, duration_s = None, 0.0
    for step in steps(model, source):
        duration_s = step.end_s
        if clearest is None or step.probabilities[k] > clearest.probabilities[k]:
            clearest = step
    if clearest is None:
        return explain_window(model, source, label, (0.0, None), name)
    part = (clearest.start_s, clearest.end_s)
    return explain_window(model, source, label, window_of(model, part, duration_s), name)


def window_of(
    model: ClassifyModel, step: tuple[float, float], duration_s: float, every_s: float | None = None
) -> tuple[float, float]:
    """Beginning and end of the window in which a step of the timeline was heard; see `steps`."""
    config = model.net.config
    window_s = config.clip_s * config.crop
    if every_s is None and duration_s <= WHOLE_CLIPS * config.clip_s:
        return 0.0, duration_s
    start_s = max(0.0, min(sum(step) / 2 - window_s / 2, duration_s - window_s))
    return start_s, min(duration_s, start_s + window_s)


def clearest_window(
    model: ClassifyModel,
    source: Any,
    segment: Segment,
    duration_s: float,
    every_s: float | None = None,
) -> tuple[float, float]:
    """Find the window in which a segment's label scored highest, of those that made the segment.

    Args:
        model: the classifier.
        source: what `tympan.load` takes.
        segment: a part of the answer's timeline.
        duration_s: length of the recording.
        every_s: length of the timeline's steps, if it was chosen.

    Returns:
        Beginning and end in seconds. Of a very long segment, a dozen windows are looked at, and
        more only while none of them reaches the segment's mean.
    """
    import torch

    k = model.labels.index(segment.label)
    windows = _windows_of_segment(model, segment, duration_s, every_s)
    count = math.ceil(len(windows) / MOST_WINDOWS)
    best, highest = windows[0], -1.0
    # Every `count`-th window first; the others only if none of those is as clear as the mean.
    for turn in range(count if len(windows) > 1 else 0):
        for window in windows[turn::count]:
            wave = torch.from_numpy(_wave(model, _part(source, *window)))
            score = float(model.net.probabilities(wave)[0, k])
            if score > highest:
                best, highest = window, score
        if highest >= segment.score:
            break
    return best


def _windows_of_segment(
    model: ClassifyModel, segment: Segment, duration_s: float, every_s: float | None
) -> list[tuple[float, float]]:
    config = model.net.config
    window_s = config.clip_s * config.crop
    step_s = every_s or window_s / STEPS_PER_WINDOW
    step_s /= math.ceil(step_s / window_s - 1e-9)
    count = max(1, math.ceil((segment.end_s - segment.start_s) / step_s - 1e-3))
    starts = [segment.start_s + i * step_s for i in range(count)]
    parts = [(start_s, min(segment.end_s, start_s + step_s)) for start_s in starts]
    return list(dict.fromkeys(window_of(model, part, duration_s, every_s) for part in parts))


def explain_window(
    model: ClassifyModel,
    source: Any,
    label: str,
    window: tuple[float, float | None],
    name: str | None = None,
) -> Explanation:
    """Explain a label in one part of a recording, given by its beginning and end in seconds."""
    import torch

    part = _part(source, *window)
    wave = torch.from_numpy(_wave(model, part))
    spectrograms = model.shown.front(wave)
    k = model.labels.index(label)
    return Explanation(
        file=Path(name or part.name or "recording").name,
        label=label,
        score=float(model.net.probabilities(wave)[0, k]),
        start_s=window[0],
        duration_s=part.duration_s,
        spectrogram=_decibels(spectrograms),
        heat=heat_of(model.net, wave, k)[0].numpy(),
        frequencies_hz=_band_middles_hz(model.shown),
    )


def _part(source: Any, start_s: float, end_s: float | None) -> Clip:
    from tympan.audio import Clip, load

    if isinstance(source, Clip):
        end_s = source.duration_s if end_s is None else min(source.duration_s, end_s)
        return source.slice(start_s, end_s)
    return load(source, start_s=start_s, end_s=end_s)


def _wave(model: ClassifyModel, part: Clip) -> np.ndarray:
    """The part as the net hears it: `(1, t)`, mono at its rate, and no shorter than it can hear."""
    rate_hz = model.net.config.rate_hz
    wave = part.mono().resample(rate_hz).samples
    return np.pad(wave, ((0, 0), (0, max(0, round(SHORTEST_S * rate_hz) - wave.shape[1]))))


def _decibels(spectrograms: Tensor) -> np.ndarray:
    from tympan.tasks.classify.net import MEAN_DB, SPREAD_DB

    found: np.ndarray = (spectrograms[0, 0] * SPREAD_DB + MEAN_DB).numpy()
    return found


def _band_middles_hz(net: Classifier) -> np.ndarray:
    from tympan.spectra import hz_to_mel, mel_to_hz

    config = net.config
    low, high = hz_to_mel(config.f_min_hz), hz_to_mel(config.rate_hz / 2)
    return mel_to_hz(np.linspace(low, high, config.n_mels + 2))[1:-1]
