"""Numbers to pictures inside a page: SVG paths, axis ticks, spectrogram images.

Text stays HTML, so that it keeps its size on a phone; only lines and pixels are drawn here.
"""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from tympan.spectra import figures_style as style

if TYPE_CHECKING:
    from PIL.Image import Image

    from tympan.spectra.figures_data import Overview

DB_RANGE = 80
IMAGE_ROWS = 256
_LEVELS = 128  # Colours in an image: steps of 0.6 dB, which the eye cannot tell apart.


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place in percent, and its text."""

    at: float
    text: str


@dataclass(frozen=True)
class Line:
    """An SVG path in a box of 1000 × 1000, and its kind (a class of the style sheet)."""

    d: str
    kind: str = "line"


@dataclass(frozen=True)
class Mark:
    """A labelled point; place in percent from the left and from the bottom."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Plot:
    """A chart for the `chart` macro."""

    alt: str
    lines: Sequence[Line]
    x_ticks: Sequence[Tick]
    y_ticks: Sequence[Tick]
    x_label: str
    y_label: str = ""
    title: str = ""
    caption: str = ""
    legend: Sequence[str] = ()
    marks: Sequence[Mark] = field(default_factory=list)
    texts: Sequence[Mark] = ()
    data: Mapping[str, float] = field(default_factory=dict)


def path(x: np.ndarray, y: np.ndarray, *, closed: bool = False) -> str:
    """Write an SVG path through points given in 0…1 (y upwards), in a box of 1000 × 1000.

    >>> path(np.array([0, 1]), np.array([0, 0.5]))
    'M0 1000L1000 500'
    >>> path(np.array([0, 1]), np.array([0, 0.5]), closed=True)
    'M0 1000L1000 500L1000 1000L0 1000Z'
    """
    left = np.round(1000 * x, 1)
    down = np.round(1000 * (1 - np.clip(y, -0.02, 1.02)), 1)
    points = [f"{a:g} {b:g}" for a, b in zip(left, down, strict=True)]
    if closed:
        points += [f"{left[-1]:g} 1000", f"{left[0]:g} 1000"]
    return "M" + "L".join(points) + ("Z" if closed else "")


def envelope_path(low: np.ndarray, high: np.ndarray, peak: float) -> str:
    """Write a filled outline of a waveform in a box as wide as it has columns and 200 high.

    >>> envelope_path(np.array([-1.0, 0.0]), np.array([1.0, 0.5]), 1.0)
    'M0 2L1 51L2 51L2 100.5L1 100.5L0 198.5Z'
    """
    middle, half = 100.0, 98.0
    # Half a unit on each side keeps silence visible as a line.
    top = np.round(middle - half * high / peak, 1) - 0.0
    bottom = np.round(middle - half * low / peak + 0.5, 1)
    top, bottom = np.append(top, top[-1]), np.append(bottom, bottom[-1])
    there = [f"{i} {y:g}" for i, y in enumerate(top)]
    back = [f"{i} {y:g}" for i, y in reversed(list(enumerate(bottom)))]
    return "M" + "L".join(there + back) + "Z"


def fewer(values: np.ndarray, most: int, highest: bool) -> np.ndarray:
    """Merge neighbours so that at most `most` columns are left: their highest or lowest.

    >>> fewer(np.array([1, 5, 2, 3, 9]), 3, highest=True)
    array([5, 3, 9])
    """
    if len(values) <= most:
        return values
    span = -(-len(values) // most)
    padded = np.pad(values, (0, -len(values) % span), mode="edge").reshape(-1, span)
    return padded.max(axis=1) if highest else padded.min(axis=1)


def time_ticks(duration_s: float, most: int = 9, start_s: float = 0.0) -> list[Tick]:
    """Ticks of a time axis that begins at `start_s` of the recording."""
    moments = style.time_ticks(duration_s, most)
    step = moments[1] - moments[0] if len(moments) > 1 else 1.0
    if start_s:
        first = math.ceil(start_s / step - 1e-9) * step
        moments = [first + i * step for i in range(len(moments) + 1)]
        moments = [m for m in moments if m <= start_s + duration_s + 1e-9]
    unit = " s" if start_s + duration_s < 60 else ""
    return [
        Tick(round(100 * (t - start_s) / duration_s, 3), style.clock(t, step) + unit)
        for t in moments
    ]


def mel_edges(top_hz: float, rows: int = IMAGE_ROWS) -> np.ndarray:
    """Frequencies (rows + 1,) in Hz, evenly spaced on Slaney's mel scale from 0 to `top_hz`."""
    from tympan.spectra.mel import hz_to_mel, mel_to_hz

    return mel_to_hz(np.linspace(0, float(hz_to_mel(top_hz)), rows + 1))


def mel_ticks(top_hz: float, low_hz: float = 0.0, apart: float = 7) -> list[Tick]:
    """Ticks of a mel axis at round frequencies, an octave or more apart."""
    from tympan.spectra.mel import hz_to_mel

    low, top = float(hz_to_mel(low_hz)), float(hz_to_mel(top_hz))
    kept: list[Tick] = []
    for hz in (125.0 * 2**k for k in reversed(range(9))):
        at = 100 * (float(hz_to_mel(hz)) - low) / (top - low)
        # The unit stands at the top; low octaves lie close together.
        if 2 < at < 100 - apart and (not kept or kept[-1].at - at > apart):
            kept.append(Tick(round(at, 2), style.hz_text(hz)))
    return kept[::-1]


def spectrogram_image(data: Overview, rows: int = IMAGE_ROWS, most_columns: int = 2400) -> str:
    """Draw the power on the mel axis as a PNG `data:` address; brighter is more energy."""
    return spectrogram_and_reference(data, rows, most_columns)[0]


def spectrogram_and_reference(
    data: Overview, rows: int = IMAGE_ROWS, most_columns: int = 2400
) -> tuple[str, float]:
    """The same, and the level in dB that is drawn brightest."""
    from tympan.spectra.figures_data import brightest_db, power_db, rows_between

    power = rows_between(data, mel_edges(data.rate_hz / 2, rows))
    if power.shape[1] > most_columns:
        span = -(-power.shape[1] // most_columns)
        padded = np.pad(power, ((0, 0), (0, -power.shape[1] % span)), mode="edge")
        power = padded.reshape(rows, -1, span).mean(axis=2)
    level = power_db(power)
    top = brightest_db(level)
    return png(np.clip((level - top) / DB_RANGE + 1, 0, 1)), round(top, 2)


def png(brightness: np.ndarray, colormap: str = style.COLORMAP) -> str:
    """Draw values in 0…1 (rows upwards, columns) as a PNG `data:` address of few colours.

    >>> png(np.zeros((2, 2)))[:22]
    'data:image/png;base64,'
    """
    from PIL import Image as pillow

    indices = np.round(brightness[::-1] * (_LEVELS - 1)).astype(np.uint8)
    image = pillow.fromarray(indices)
    image.putpalette(_colours(colormap, _LEVELS).tobytes())
    return _address(image)


def photo(colours: np.ndarray) -> str:
    """Draw colours in 0…1 (rows upwards, columns, 3) as a small `data:` address, WebP or PNG."""
    from PIL import Image as pillow
    from PIL import features

    image = pillow.fromarray(np.round(255 * colours[::-1]).astype(np.uint8))
    if not features.check("webp"):
        return _address(image)
    out = io.BytesIO()
    image.save(out, "WEBP", quality=85, method=2)
    return "data:image/webp;base64," + base64.b64encode(out.getvalue()).decode()


def _address(image: Image) -> str:
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=3)  # higher levels gain nothing here
    return "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()


def _colours(colormap: str, count: int) -> np.ndarray:
    """The colours (count, 3) of a colour map as bytes."""
    import matplotlib

    return matplotlib.colormaps[colormap](np.linspace(0, 1, count), bytes=True)[:, :3].copy()


def gradient(colormap: str = style.COLORMAP) -> str:
    """Write a colour map as the stops of a CSS gradient."""
    return ",".join(f"#{r:02x}{g:02x}{b:02x}" for r, g, b in _colours(colormap, 9))
