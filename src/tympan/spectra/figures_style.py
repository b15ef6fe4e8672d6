"""How every figure looks: one set of colours, sizes and axis habits, in one place."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette stays distinct for the common kinds of colour blindness.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#8E5A8E"
INK, MUTED, RULE = "#1c2126", "#5b6670", "#dfe3e6"
COLORMAP = "magma"  # Perceptually uniform; brighter is more energy.
DB_RANGE = 80.0  # What lies further below the loudest point is drawn as black.

RC: dict[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 10.0,
    "axes.titlesize": 12.0,
    "axes.labelsize": 10.0,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "axes.grid": False,
    "grid.color": RULE,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "text.color": INK,
    "lines.linewidth": 1.2,
    "lines.solid_joinstyle": "round",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "figure.dpi": 110,
    "savefig.dpi": 144,
    "svg.fonttype": "path",
    "svg.hashsalt": "tympan",  # The same clip gives the same bytes.
}


@contextmanager
def style() -> Iterator[None]:
    """Draw what is inside in tympan's look, whatever the user's own settings are."""
    import matplotlib

    # After `set_theme` the look is on already, with the sizes chosen there.
    on = matplotlib.rcParams["svg.hashsalt"] == RC["svg.hashsalt"]
    with matplotlib.rc_context({} if on else cast(Any, RC)):
        yield


def set_theme(width_in: float = 6.0, font_size: float = 12.0) -> None:
    """Give every figure drawn from now on tympan's look: your own ones too.

    Colours that colour-blind people tell apart, readable letters, room for all labels; pictures
    (`imshow`) have their first row below, as spectrograms need it.

    Args:
        width_in: width of a new figure in inches; it is half as high.
        font_size: in points.

    >>> import matplotlib
    >>> with matplotlib.rc_context():
    ...     set_theme(width_in=5)
    ...     matplotlib.rcParams["figure.figsize"]
    [5.0, 2.5]
    """
    import matplotlib
    from matplotlib.rcsetup import cycler

    sizes = {
        "font.size": font_size,
        "axes.titlesize": font_size,
        "axes.titlelocation": "left",
        "axes.labelsize": font_size,
        "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PURPLE]),
        "figure.figsize": (width_in, width_in / 2),
        "figure.constrained_layout.use": True,
        "legend.frameon": False,
        "legend.fontsize": "small",
        "image.origin": "lower",
        "image.aspect": "auto",
        "image.cmap": COLORMAP,
        "image.interpolation": "nearest",
    }
    matplotlib.rcParams.update(cast(Any, RC | sizes))


def short_name(name: str, limit: int = 60) -> str:
    """Make any file name safe to print in a title: one line, no control signs, not too long.

    >>> short_name("a\\nb.wav"), short_name("x" * 90, limit=9)
    ('a b.wav', 'xxxx…xxxx')
    """
    safe = "".join(" " if unicodedata.category(sign)[0] == "C" else sign for sign in name)
    safe = " ".join(safe.split())
    if len(safe) <= limit:
        return safe
    half = (limit - 1) // 2
    return f"{safe[:half]}…{safe[-half:]}"


def duration_text(seconds: float) -> str:
    """Write a duration as people read it.

    >>> [duration_text(s) for s in (0.0123, 2.5, 75, 7384)]
    ['12.3 ms', '2.50 s', '1 min 15 s', '2 h 03 min']
    """
    if seconds < 0.1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 59.995:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def clock(seconds: float, step_s: float = 1.0) -> str:
    """Write a moment on a time axis whose ticks are `step_s` apart.

    >>> clock(0.25, 0.05), clock(3.0, 1.0), clock(75, 15), clock(7384, 600)
    ('0.25', '3', '1:15', '2:03:04')
    """
    decimals = max(0, -math.floor(math.log10(step_s) + 1e-9)) if step_s < 1 else 0
    if seconds < 60:
        return f"{seconds:.{decimals}f}"
    tenths = f".{round(seconds % 1 * 10**decimals):0{decimals}d}" if decimals else ""
    whole = int(seconds) if decimals else round(seconds)
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02d}{tenths}"
    return f"{whole // 3600}:{whole % 3600 // 60:02d}:{whole % 60:02d}{tenths}"


def hz_text(frequency_hz: float) -> str:
    """Write a frequency as an axis shows it.

    >>> hz_text(440), hz_text(1000), hz_text(12500)
    ('440', '1k', '12.5k')
    """
    return f"{frequency_hz:g}" if frequency_hz < 1000 else f"{frequency_hz / 1000:g}k"


def time_axis(ax: Axes, duration_s: float) -> None:
    """Label the horizontal axis with time: seconds for short clips, min:s and h:min:s for long."""
    from matplotlib.ticker import FixedFormatter, FixedLocator

    ticks = time_ticks(duration_s)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    ax.set_xlim(0, duration_s)
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FixedFormatter([clock(t, step) for t in ticks]))
    if duration_s <= 60:
        ax.set_xlabel("Time (s)")
    else:
        ax.set_xlabel("Time (min:s)" if duration_s < 3600 else "Time (h:min:s)")


_STEPS_S = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400)


def time_ticks(duration_s: float, most: int = 9) -> list[float]:
    """Choose round moments from 0 to the end, at most `most` of them.

    >>> time_ticks(5.0, most=6), time_ticks(7200, most=5)
    ([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], [0.0, 1800.0, 3600.0, 5400.0, 7200.0])
    """
    fine = (m * 10.0**e for e in range(-5, 1) for m in (1, 2, 5))
    tens = (10.0, *map(float, _STEPS_S))
    steps = [s for s in fine if s < 10] + list(tens)
    step = next((s for s in steps if duration_s / s <= most - 1 + 1e-9), duration_s / (most - 1))
    return [i * step for i in range(int(duration_s / step + 1e-9) + 1)]


def title(ax: Axes, name: str, what: str) -> None:
    """Put the file's name and what is drawn above the axes."""
    # File names may hold dollar signs: never read them as mathematics.
    text = f"{short_name(name)} · {what}" if name else what
    ax.set_title(text, loc="left", parse_math=False, pad=9)


def colour_bar(image: Any, ax: Axes, label: str) -> None:
    """Add a thin colour bar with its unit."""
    bar = ax.figure.colorbar(image, ax=ax, pad=0.015, fraction=0.045, aspect=28)
    bar.outline.set_visible(False)
    bar.set_label(label)


def linear_ticks(top: float, most: int = 9) -> list[float]:
    """Choose round values from 0 up to `top`.

    >>> linear_ticks(8000.0)
    [0.0, 1000.0, 2000.0, 3000.0, 4000.0, 5000.0, 6000.0, 7000.0, 8000.0]
    """
    exponent = math.floor(math.log10(top / (most - 1)))
    steps = [m * 10.0**e for e in (exponent, exponent + 1) for m in (1, 2, 5)]
    step = next(s for s in steps if top / s <= most - 1 + 1e-9)
    return [i * step for i in range(int(top / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Choose the values 1, 2 and 5 × 10ⁿ between two ends.

    >>> log_ticks(30, 2500)
    [50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0]
    """
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [m * 10.0**e for e in exponents for m in (1, 2, 5) if low <= m * 10.0**e <= high]
