"""A stage of `explain` is a row of panels: side by side in a file, one below another on a phone."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import atomic_write
from tympan.spectra import figures_style as style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tympan.audio import Clip

DPI = 150
_GAP = 24  # pixels between panels in a file


@dataclass(frozen=True)
class Panel:
    """A picture of its own.

    Attributes:
        title: what stands above it.
        alt: what it shows, for those who do not see it.
        draw: draws it into an empty figure.
        clip: the sound that is played with it, if there is one.
        size: width and height in inches.
    """

    title: str
    alt: str
    draw: Callable[[Figure], None]
    clip: Clip | None = None
    size: tuple[float, float] = (4.5, 3.0)


def on_axes(draw: Callable[[Axes], Any]) -> Callable[[Figure], None]:
    """Make a panel's `draw` of a function that draws into axes."""

    def drawn(figure: Figure) -> None:
        draw(figure.subplots())

    return drawn


@dataclass(frozen=True)
class Drawn:
    """A panel as it is drawn.

    Attributes:
        png: for a file, on white.
        svg: for a page, in the colours of its scheme, light or dark.
    """

    png: bytes
    svg: str


def render(panel: Panel) -> Drawn:
    """Draw a panel."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style.style():
        figure = Figure(figsize=panel.size, layout="constrained")
        FigureCanvasAgg(figure)
        panel.draw(figure)
        png, svg = io.BytesIO(), io.StringIO()
        figure.savefig(png, format="png", dpi=DPI)
        no_date = {"Date": None, "Creator": None}
        figure.savefig(svg, format="svg", transparent=True, metadata=no_date)
    return Drawn(_fewer_colours(png.getvalue()), in_both_schemes(svg.getvalue()))


# Each colour of a drawing in the dark; `ON_BLUE` is that of letters on a blue bar.
ON_BLUE, FAINT = "#fefefe", "#b9c0c6"
_IN_THE_DARK = {
    style.INK: "#e9ecee",
    style.MUTED: "#a6b0b9",
    style.RULE: "#323a41",
    style.BLUE: "#56b4e9",
    style.ORANGE: "#f0a35e",
    ON_BLUE: "#0b1a22",
    FAINT: "#6b757d",
}


def in_both_schemes(svg: str) -> str:
    """An SVG drawing whose colours follow the scheme of the page that it is in.

    >>> text = in_both_schemes('<svg><path style="stroke: #0072b2"/></svg>')
    >>> "#0072b2" in text.split("@media")[0], "stroke: var(--c3)" in text
    (True, True)
    """
    # A hundredth of a point is finer than any screen; half of a drawing is such digits.
    svg = re.sub(r' d="[^"]*"', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", path.group()), svg)
    light, dark = [], []
    for number, (colour, instead) in enumerate(_IN_THE_DARK.items()):
        svg = svg.replace(colour.lower(), f"var(--c{number})")
        light.append(f"--c{number}:{colour.lower()}")
        dark.append(f"--c{number}:{instead}")
    style = (
        f"<style>:root{{{';'.join(light)}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{';'.join(dark)}}}}}</style>"
    )
    start = svg.index(">", svg.index("<svg")) + 1
    return svg[:start] + style + svg[start:]


def _fewer_colours(data: bytes) -> bytes:
    """A third of the bytes, and no difference to the eye."""
    from PIL import Image

    small = Image.open(io.BytesIO(data)).convert("RGB").quantize(255, dither=Image.Dither.NONE)
    out = io.BytesIO()
    small.save(out, "PNG", optimize=True)
    return out.getvalue()


def save_sheet(panels: Sequence[bytes], titles: Sequence[str], columns: int, path: Path) -> Path:
    """Paste drawn panels into one picture, so many in a row, with their titles above."""
    from matplotlib import font_manager
    from PIL import Image, ImageDraw, ImageFont

    images = [Image.open(io.BytesIO(data)).convert("RGB") for data in panels]
    font = ImageFont.truetype(font_manager.findfont("DejaVu Sans"), round(11 * DPI / 72))
    head = round(22 * DPI / 72)
    width, height = images[0].width, images[0].height + head
    rows = -(-len(images) // columns)
    size = (columns * width + (columns + 1) * _GAP, rows * height + (rows + 1) * _GAP)
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    for i, (image, title) in enumerate(zip(images, titles, strict=True)):
        x = _GAP + i % columns * (width + _GAP)
        y = _GAP + i // columns * (height + _GAP)
        pen.text((x + _GAP / 2, y), title, fill=style.INK, font=font)
        sheet.paste(image, (x, y + head))
    with atomic_write(path) as beside:
        sheet.save(beside, "PNG", optimize=False)
    return path


def recording_time(ax: Axes, start_s: float, duration_s: float) -> None:
    """Label a time axis drawn from 0 to `duration_s` with the moments of the whole recording."""
    ticks = style.time_ticks(duration_s, 6)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else duration_s
    first = -(-start_s // step) * step
    moments = [first + i * step for i in range(len(ticks) + 1)]
    moments = [m for m in moments if m - start_s <= duration_s + 1e-9]
    ax.set_xticks([m - start_s for m in moments], [style.clock(m, step) for m in moments])
    ax.set_xlim(0, duration_s)
    ax.set_xlabel("Time in the recording (s)")


def octaves(low_hz: float, high_hz: float) -> list[float]:
    """Round frequencies an octave apart.

    >>> octaves(100, 8000)
    [125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0]
    """
    return [125.0 * 2**k for k in range(-2, 12) if low_hz <= 125.0 * 2**k <= high_hz]


def band_ticks(ax: Axes, frequencies_hz: Sequence[float]) -> None:
    """Label mel bands, one row each from 0 upwards, with round frequencies in Hz."""
    import numpy as np

    ticks = octaves(frequencies_hz[0], frequencies_hz[-1])
    rows = np.interp(ticks, frequencies_hz, np.arange(len(frequencies_hz)) + 0.5)
    # Low octaves lie close together: leave out those whose texts would touch, from the top down.
    kept: list[int] = []
    for i in reversed(range(len(ticks))):
        if not kept or rows[kept[-1]] - rows[i] > 0.07 * len(frequencies_hz):
            kept.append(i)
    ax.set_yticks([rows[i] for i in kept], [style.hz_text(ticks[i]) for i in kept])
    ax.set_ylabel("Frequency (Hz, mel scale)")
