"""Pictures of sound for people: waveform, spectrum, spectrograms, MFCC.

Every function takes a clip or the path of a file. A file is read in blocks, so hours of audio cost
no more memory than minutes.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from tympan._files import atomic_write, check_target, make_folder
from tympan.errors import ArgumentError
from tympan.spectra import figures_draw as draw
from tympan.spectra import figures_style as style
from tympan.spectra.figures_data import Overview, overview

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tympan.audio.clip import Clip

    Source = Clip | str | os.PathLike[str] | Overview

SpectrogramKind = Literal["linear", "mel", "log"]
set_theme = style.set_theme


def plot_waveform(source: Source, ax: Axes | None = None) -> Figure:
    """Draw amplitude over time, one row per channel.

    Args:
        source: a clip, the path of a file, or an `Overview` that was gathered before.
        ax: draw all channels into these axes instead of a new figure.

    Returns:
        The figure.

    >>> import tympan
    >>> figure = plot_waveform(tympan.synth.sine(frequency_hz=440, duration_s=0.01, rate_hz=8000))
    >>> figure.axes[0].get_ylabel()
    'Amplitude'
    """
    data = _overview(source)
    with style.style():
        if ax is not None:
            draw.waveform(ax, data, list(range(min(data.channels, draw.MOST_CHANNELS))))
            return _root(ax)
        figure = _open_figure(*_size("waveform", data))
        draw.waveform_rows(figure, data)
    return figure


def plot_spectrum(
    source: Source,
    ax: Axes | None = None,
    *,
    db: bool = False,
    log_hz: bool = False,
    peaks: int = 5,
) -> Figure:
    """Draw amplitude over frequency, with the highest peaks labelled.

    A sine of amplitude 0.5 shows 0.5. What is drawn is the mean over frames of half a second
    (Welch's method, root of the mean power), or of the whole clip if it is shorter.

    Args:
        source: a clip, the path of a file, or an `Overview`.
        ax: axes to draw into; None makes a new figure.
        db: draw the level in dB (0 dB: a full-scale sine) instead of the amplitude.
        log_hz: draw the frequency on a logarithmic axis.
        peaks: how many peaks to label.

    Returns:
        The figure.

    >>> import tympan
    >>> clip = tympan.synth.sine(frequency_hz=440, duration_s=1, rate_hz=8000, amplitude=0.5)
    >>> [label.get_text() for label in plot_spectrum(clip, peaks=1).axes[0].texts]
    ['440 Hz']
    """
    data = _overview(source)
    with style.style():
        axes = ax if ax is not None else _open_figure(*_size("spectrum", data)).subplots()
        draw.spectrum(axes, data, db=db, log_hz=log_hz, peaks=peaks)
    return _root(axes)


def plot_time_and_frequency(source: Source) -> Figure:
    """Draw the time domain beside the frequency domain: the same sound, seen twice.

    Args:
        source: a clip, the path of a file, or an `Overview`.

    Returns:
        The figure.
    """
    data = _overview(source)
    with style.style():
        figure = _open_figure(*_size("both", data))
        draw.time_and_frequency(figure, data)
    return figure


def plot_spectrogram(
    source: Source, ax: Axes | None = None, *, kind: SpectrogramKind = "linear"
) -> Figure:
    """Draw level over time and frequency; brighter is more energy.

    Args:
        source: a clip, the path of a file, or an `Overview`.
        ax: axes to draw into; None makes a new figure.
        kind: the frequency axis: `linear` (Hz), `mel` (128 bands) or `log` (octaves).

    Returns:
        The figure.

    Raises:
        ArgumentError: an unknown kind.
    """
    _check(kind, ("linear", "mel", "log"))
    data = _overview(source)
    with style.style():
        axes = ax if ax is not None else _open_figure(*_size("spectrogram", data)).subplots()
        draw.spectrogram(axes, data, kind)
    return _root(axes)


def plot_mfcc(source: Source, ax: Axes | None = None, *, n_mfcc: int = draw.N_MFCC) -> Figure:
    """Draw mel-frequency cepstral coefficients: the shape of the spectrum, in a few numbers.

    The coefficients are those of the drawn mel spectrogram (128 bands, dB, orthonormal DCT-II); the
    one that is the overall level (number 0) is left out so that the others can be seen.

    Args:
        source: a clip, the path of a file, or an `Overview`.
        ax: axes to draw into; None makes a new figure.
        n_mfcc: coefficients to draw.

    Returns:
        The figure.
    """
    data = _overview(source)
    with style.style():
        axes = ax if ax is not None else _open_figure(*_size("mfcc", data)).subplots()
        draw.mfcc(axes, data, n_mfcc)
    return _root(axes)


_DRAW: dict[str, Callable[[Figure, Overview], Any]] = {
    "waveform": draw.waveform_rows,
    "spectrum": lambda f, d: draw.spectrum(f.subplots(), d, db=True, log_hz=True, peaks=5),
    "both": draw.time_and_frequency,
    "spectrogram": lambda f, d: draw.spectrogram(f.subplots(), d, "linear"),
    "mel": lambda f, d: draw.spectrogram(f.subplots(), d, "mel"),
    "log": lambda f, d: draw.spectrogram(f.subplots(), d, "log"),
    "mfcc": lambda f, d: draw.mfcc(f.subplots(), d, draw.N_MFCC),
    "all": draw.sheet,
}
KINDS = tuple(_DRAW)
_SUFFIXES = (".png", ".svg", ".pdf")


@overload
def show(source: Source, kind: str = "all", path: None = None) -> Figure: ...
@overload
def show(source: Source, kind: str = "all", *, path: str | os.PathLike[str]) -> list[Path]: ...
def show(
    source: Source, kind: str = "all", path: str | os.PathLike[str] | None = None
) -> Figure | list[Path]:
    """Draw one figure or all of them, on the screen or into files.

    Args:
        source: a clip, the path of a file, or an `Overview`.
        kind: `waveform`, `spectrum`, `both` (time beside frequency), `spectrogram`, `mel`, `log`,
            `mfcc` or `all`.
        path: a `.png`, `.svg` or `.pdf` file to write, where `all` makes one sheet; or a folder,
            where `all` makes one PNG of each kind.

    Returns:
        The figure without `path`; the files written with it.

    Raises:
        ArgumentError: an unknown kind or an unknown type of picture, or a file that cannot be
            written or is the recording.
    """
    check_kind(kind)
    target = None if path is None else Path(path)
    if target is not None and target.suffix.lower() not in ("", *_SUFFIXES) and not target.is_dir():
        fix = "use .png, .svg, .pdf or a folder"
        raise ArgumentError(f"cannot write pictures as {target.suffix}", file=target, fix=fix)
    if target is not None and target.suffix.lower() in _SUFFIXES and not target.is_dir():
        check_target(target, source)
    data = _overview(source)
    if target is None:
        with style.style():
            figure = _open_figure(*_size(kind, data))
            _DRAW[kind](figure, data)
        return figure
    if target.suffix.lower() in _SUFFIXES and not target.is_dir():
        return [_write(data, kind, target)]
    make_folder(target)
    each = [k for k in KINDS if k != "all"] if kind == "all" else [kind]
    return [_write(data, k, target / f"{k}.png") for k in each]


def _write(data: Overview, kind: str, path: Path) -> Path:
    # A figure of its own canvas, not pyplot's: it works in any thread and is freed at once.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with style.style():
        width, height = _size(kind, data)
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(figure)
        _DRAW[kind](figure, data)
        # Without a date the same clip gives the same file.
        metadata = {"Date": None} if path.suffix.lower() == ".svg" else None
        with atomic_write(path) as beside:
            figure.savefig(beside, metadata=metadata)
    return path


def _size(kind: str, data: Overview) -> tuple[float, float]:
    """Width and height of a figure in inches."""
    if kind == "waveform":
        return 9.0, 1.4 + 1.5 * min(data.channels, draw.MOST_CHANNELS)
    sizes = {"all": (13.0, 11.0), "both": (11.0, 3.8), "spectrum": (9.0, 3.8), "mfcc": (9.0, 3.8)}
    return sizes.get(kind, (9.0, 4.2))


def _open_figure(width: float, height: float) -> Figure:
    # Through pyplot, so that notebooks, Sphinx-Gallery and `plt.show()` find it.
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(width, height), layout="constrained")


def _root(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert figure is not None, "axes belong to a figure"
    return figure


def _overview(source: Source) -> Overview:
    return source if isinstance(source, Overview) else overview(source)


def check_kind(kind: str) -> None:
    """Refuse what is none of `KINDS`.

    Raises:
        ArgumentError: it is none.
    """
    _check(kind, KINDS)


def _check(kind: str, known: tuple[str, ...]) -> None:
    if kind not in known:
        raise ArgumentError(f"unknown kind of figure {kind!r}", fix=f"use {', '.join(known)}")
