"""Why an answer was given: the places of the spectrogram that spoke for it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.report import charts
from tympan.report.charts import DB_RANGE, Tick
from tympan.report.page import percent
from tympan.report.sections import moment
from tympan.spectra.figures_style import COLORMAP

if TYPE_CHECKING:
    from tympan.tasks.classify.explanation import Explanation
    from tympan.tasks.results import Segment

_MOST_LABELS, _MOST_REASONS = 6, 24
_DARKEST = 0.12  # How much of its brightness a place keeps that did not speak for the label.


@dataclass(frozen=True)
class Reason:
    """A label, and the picture of what spoke for it in one window of the recording.

    `best` is true where the label is clearest; `segment` is the segment that is explained.
    """

    number: int
    best: bool
    segment: Segment
    label: str
    score: str
    start_s: float
    end_s: float
    when: str
    told: str
    image: str
    alt: str
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]


def reasons(
    source: Any,
    timeline: Sequence[Segment],
    duration_s: float,
    model: str | os.PathLike[str],
    every_s: float | None = None,
) -> list[Reason]:
    """Explain each sound that was heard, where it was clearest, and some more of its segments.

    The window shown is that of the segment's windows in which the label scored highest.

    Args:
        source: the recording: a file, its bytes, or a clip.
        timeline: what was heard when.
        duration_s: length of the recording.
        model: name or folder of the `classify` model that answered.
        every_s: length of the timeline's steps, if it was chosen.

    Returns:
        At most 24 reasons, in the order in which the sounds came; for at most six of them `best`
        is true.
    """
    from tympan.tasks.ask import load as load_model
    from tympan.tasks.classify.explanation import clearest_window, explain_window

    ready = load_model(model, "classify")
    config = ready.net.config
    window_s = config.clip_s * config.crop
    best, others = _clearest(timeline, window_s)
    found: list[Reason] = []
    for segment in sorted((*best, *others), key=lambda s: s.start_s):
        window = clearest_window(ready, source, segment, duration_s, every_s)
        why = explain_window(ready, source, segment.label, window)
        start_s, end_s = window
        when = f"{moment(start_s)} to {moment(end_s)}"
        found.append(
            Reason(
                number=len(found),
                best=any(segment is one for one in best),
                segment=segment,
                label=segment.label,
                score=percent(why.score),
                start_s=round(start_s, 3),
                end_s=round(end_s, 3),
                when=when,
                told=_told(why.score, when, segment, end_s - start_s >= duration_s - 0.05),
                image=picture(why),
                alt=f"Spectrogram from {when}; what spoke for {segment.label} is bright",
                x_ticks=charts.time_ticks(end_s - start_s, 4, start_s),
                y_ticks=charts.mel_ticks(config.rate_hz / 2, config.f_min_hz, apart=14),
            )
        )
    return found


def _told(score: float, when: str, segment: Segment, whole: bool) -> str:
    """Say which score is that of the window, and which that of the segment."""
    if whole:
        return f"The whole recording at once: {percent(score)}."
    span = f"{moment(segment.start_s)} to {moment(segment.end_s)}"
    return (
        f"{when}, this window alone: {percent(score)}. "
        f"Mean over the segment, {span}: {percent(segment.score)}."
    )


def reason_for(segment: Segment, found: Sequence[Reason]) -> tuple[int | None, bool]:
    """The number of the reason to show for a segment, and whether it is the segment's own."""
    for reason in found:
        if reason.segment == segment:
            return reason.number, True
    for reason in found:
        if reason.best and reason.segment.label == segment.label:
            return reason.number, False
    return None, False


def _clearest(timeline: Sequence[Segment], window_s: float) -> tuple[list[Segment], list[Segment]]:
    """The best segment of each of the labels that were heard most, and the best of the others."""
    best: dict[str, Segment] = {}
    weight: dict[str, float] = {}

    def value(s: Segment) -> float:
        return s.score * min(s.end_s - s.start_s, window_s)

    for segment in timeline:
        label = segment.label
        if label not in best or value(segment) > value(best[label]):
            best[label] = segment
        weight[label] = weight.get(label, 0.0) + segment.score * (segment.end_s - segment.start_s)
    told = [label for label in best if best[label].score >= 0.3] or list(best)
    told = sorted(told, key=lambda label: -weight[label])[:_MOST_LABELS]
    chosen = [best[label] for label in told]
    others = [s for s in timeline if s.score >= 0.3 and not any(s is one for one in chosen)]
    others = sorted(others, key=lambda s: -value(s))[: _MOST_REASONS - len(chosen)]
    return chosen, others


def picture(why: Explanation) -> str:
    """Draw `shaded` as a `data:` address."""
    return charts.photo(shaded(why))


def shaded(why: Explanation) -> np.ndarray:
    """Colour the spectrogram as the net hears it, dark where nothing spoke for the label.

    Returns:
        Colours (f, n, 3) in 0…1, the lowest band first.
    """
    import matplotlib
    import torch

    level = why.spectrogram
    f, n = level.shape
    heat = np.clip(why.heat, 0, None)
    strength = torch.from_numpy(heat / max(float(heat.max()), 1e-9))[None, None]
    smooth = torch.nn.functional.interpolate(strength, (f, n), mode="bilinear")[0, 0].numpy()
    colours = matplotlib.colormaps[COLORMAP](np.clip((level - level.max()) / DB_RANGE + 1, 0, 1))
    shade = _DARKEST + (1 - _DARKEST) * np.sqrt(smooth)
    found: np.ndarray = colours[..., :3] * shade[..., None]
    return found
