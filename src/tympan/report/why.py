"""Why an answer was given: the places of the spectrogram that spoke for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tympan.report import charts
from tympan.report.charts import DB_RANGE, Tick
from tympan.report.page import percent, words
from tympan.report.sections import moment
from tympan.spectra.figures_style import COLORMAP

if TYPE_CHECKING:
    from tympan.report.tracks import Span
    from tympan.tasks.classify.explanation import Explanation, Reason
    from tympan.tasks.results import Segment

_DARKEST = 0.12  # How much of its brightness a place keeps that did not speak for the label.


@dataclass(frozen=True)
class ReasonCard:
    """A label, and the picture of what spoke for it in one window of the recording.

    `best` is true where the label is clearest; `segment` is the segment that is explained.
    """

    id: str
    best: bool
    segment: Segment
    label: str
    start_s: float
    end_s: float
    when: str
    text: str
    image: str
    alt: str
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]


def cards(reasons: Sequence[Reason], duration_s: float, key: str = "a") -> list[ReasonCard]:
    """The reasons of a classification as the page shows them.

    Args:
        reasons: from the session that gave the answer, in order of time.
        duration_s: length of the recording.
        key: begins their ids.
    """
    found = []
    for number, reason in enumerate(reasons):
        why, label = reason.explanation, words(reason.segment.label)
        start_s, end_s = why.start_s, why.start_s + why.duration_s
        when = f"{moment(start_s)} to {moment(end_s)}"
        low_hz, top_hz = _edges_hz(why.frequencies_hz)
        found.append(
            ReasonCard(
                id=f"{key}-reason-{number}",
                best=reason.best,
                segment=reason.segment,
                label=label,
                start_s=round(start_s, 3),
                end_s=round(end_s, 3),
                when=when,
                text=_text(why.score, when, reason.segment, why.duration_s >= duration_s - 0.05),
                image=picture(why),
                alt=f"Spectrogram from {when}; what spoke for {label} is bright",
                x_ticks=charts.time_ticks(why.duration_s, 4, start_s),
                y_ticks=charts.mel_ticks(top_hz, low_hz, apart=14),
            )
        )
    return found


def _edges_hz(middles_hz: np.ndarray) -> tuple[float, float]:
    """The lowest and the highest edge of mel bands, given by their middles."""
    from tympan.spectra import hz_to_mel, mel_to_hz

    mel = hz_to_mel(middles_hz)
    step = float(mel[1] - mel[0])
    low, top = mel_to_hz(np.array([mel[0] - step, mel[-1] + step]))
    return max(0.0, float(low)), float(top)


def _text(score: float, when: str, segment: Segment, whole: bool) -> str:
    """Say which score is that of the window, and which that of the segment."""
    if whole:
        return f"The whole recording at once: {percent(score)}."
    span = f"{moment(segment.start_s)} to {moment(segment.end_s)}"
    return (
        f"{when}, this window alone: {percent(score)}. "
        f"Mean over the segment, {span}: {percent(segment.score)}."
    )


def reason_for(span: Span, found: Sequence[ReasonCard]) -> tuple[str, bool]:
    """The id of the card to show for a span, and whether it is the span's own."""
    for card in found:
        if (card.segment.start_s, card.segment.label) == (span.start_s, span.label):
            return card.id, True
    for card in found:
        if card.best and card.segment.label == span.label:
            return card.id, False
    return "", False


def picture(why: Explanation) -> str:
    """Draw `shaded` as a `data:` address."""
    return charts.photo(shaded(why))


def shaded(why: Explanation) -> np.ndarray:
    """Colour the spectrogram as the net gets it, dark where nothing spoke for the label.

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
