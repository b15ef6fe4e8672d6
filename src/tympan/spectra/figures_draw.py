"""Draw an `Overview` into matplotlib axes; `figures` holds the functions that users call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.spectra import figures_style as style
from tympan.spectra.figures_data import (
    Overview,
    Peak,
    brightest_db,
    log_rows,
    mel_rows,
    power_db,
    strongest,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

MOST_CHANNELS = 6  # Rows of a waveform figure; more would be too thin to read.
N_MFCC = 20
_CHANNEL_COLOURS = (style.BLUE, style.ORANGE, style.GREEN, style.PURPLE, "#A6761D", "#666666")
_LABEL_ROW = 0.1  # of the height of a spectrum, for the names of its tones
_LABEL_IN = 0.75  # inches that the name of a tone needs
_LEVEL = "Level (dB re full scale)"


def waveform_rows(figure: Figure | SubFigure, data: Overview) -> None:
    """One row per channel, all on the same scale."""
    count = min(data.channels, MOST_CHANNELS)
    rows = figure.subplots(count, 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for index, ax in enumerate(rows):
        waveform(ax, data, [index])
        if count > 1:
            ax.set_title("")
            ax.set_ylabel(_channel_name(index, data.channels))
        if index < count - 1:
            ax.set_xlabel("")
            ax.tick_params(labelbottom=False)
    more = f" · first {count} of {data.channels} channels" if data.channels > count else ""
    style.title(rows[0], data.name, f"waveform{more}")


def _channel_name(index: int, channels: int) -> str:
    return ("Left", "Right")[index] if channels == 2 else f"Channel {index + 1}"


def waveform(ax: Axes, data: Overview, channels: list[int]) -> None:
    """Draw some channels: every sample of a short clip, the lowest and highest of a long one."""
    step_s = data.samples_per_column / data.rate_hz
    times = (np.arange(data.low.shape[1]) + 0.5) * step_s
    for index in channels:
        several = len(channels) > 1
        colour = _CHANNEL_COLOURS[index % len(_CHANNEL_COLOURS)] if several else style.BLUE
        name = _channel_name(index, data.channels)
        low, high = data.low[index], data.high[index]
        if data.samples_per_column == 1:
            ax.plot(np.arange(len(low)) * step_s, low, color=colour, label=name)
        else:
            # The thin line keeps quiet passages and single clicks visible.
            alpha = 0.6 if several else 0.9
            ax.fill_between(times, low, high, color=colour, linewidth=0.5, alpha=alpha, label=name)
    if len(channels) > 1:
        ax.legend(loc="upper right", ncols=len(channels), frameon=False, fontsize=9)
    peak = max(float(np.max(np.abs(data.low))), float(np.max(np.abs(data.high))), 1e-6)
    ax.axhline(0, color=style.RULE, linewidth=0.8, zorder=0)
    ax.set_ylim(-1.08 * peak, 1.08 * peak)
    ax.set_ylabel("Amplitude")
    style.time_axis(ax, data.duration_s)
    style.title(ax, data.name, "waveform")


def spectrum(ax: Axes, data: Overview, *, db: bool, log_hz: bool, peaks: int) -> None:
    """Draw the mean amplitude spectrum with its highest peaks labelled."""
    frequencies, amplitude = data.frequencies_hz, data.amplitude
    low_hz = 20.0 if log_hz else 0.0
    nyquist = data.rate_hz / 2
    values = power_db(amplitude**2) if db else amplitude
    x, y = thin(frequencies, values, low_hz, nyquist, log_hz)
    bottom = float(np.max(y)) - style.DB_RANGE - 10 if db else 0.0
    ax.fill_between(x, bottom, np.maximum(y, bottom), color=style.BLUE, alpha=0.12, linewidth=0)
    ax.plot(x, y, color=style.BLUE, linewidth=1.0)
    span = float(np.max(y)) - bottom
    ax.set_ylim(bottom, bottom + (span if span > 0 else 1.0) * 1.18)
    ax.set_xlim(low_hz, nyquist)
    if log_hz:
        _log_axis(ax.xaxis, low_hz, nyquist)
        ax.set_xscale("log")
        _log_axis(ax.xaxis, low_hz, nyquist)
    ax.grid(axis="y")
    ax.set_xlabel("Frequency (Hz)")
    ax.set_ylabel(_LEVEL if db else "Amplitude")
    label_peaks(ax, strongest(data, peaks), db)
    style.title(ax, data.name, "spectrum")


def thin(
    x: np.ndarray, y: np.ndarray, low: float, high: float, log: bool, points: int = 1500
) -> tuple[np.ndarray, np.ndarray]:
    """Keep the highest value of each stretch of the axis, so that no peak is lost."""
    inside = (x >= low) & (x <= high)
    x, y = x[inside], y[inside]
    if len(x) <= points:
        return x, y
    edges = np.geomspace(low, high, points) if log else np.linspace(low, high, points)
    starts = np.unique(np.searchsorted(x, edges[:-1]))
    starts = starts[starts < len(x)]
    ends = np.append(starts[1:], len(x))
    tops = np.array([s + int(np.argmax(y[s:e])) for s, e in zip(starts, ends, strict=True)])
    return x[tops], y[tops]


def label_peaks(ax: Axes, peaks: list[Peak], db: bool) -> None:
    """Mark tones; their frequencies stand in a row above the curve, each tied to its mark."""
    from matplotlib.transforms import blended_transform_factory

    if not peaks:
        return
    bottom, top = ax.get_ylim()
    ax.set_ylim(bottom, top + _LABEL_ROW * (top - bottom))
    peaks = sorted(peaks, key=lambda peak: peak.frequency_hz)
    figure: Any = ax.get_figure(root=True)
    width = figure.get_figwidth() * ax.get_position().width
    heights = [float(power_db(np.array(p.amplitude**2))) if db else p.amplitude for p in peaks]
    points = [(p.frequency_hz, height) for p, height in zip(peaks, heights, strict=True)]
    to_axes = ax.transScale + ax.transLimits
    x = [float(to_axes.transform(point)[0]) for point in points]
    row = blended_transform_factory(ax.transAxes, ax.transAxes)
    for peak, point, place in zip(
        peaks, points, _spread(x, _LABEL_IN / max(width, 1.0)), strict=True
    ):
        digits = 0 if peak.frequency_hz >= 100 else 1
        ax.plot(*point, "o", color=style.ORANGE, markersize=4, zorder=3)
        ax.annotate(
            f"{peak.frequency_hz:,.{digits}f} Hz",
            point,
            xytext=(place, 0.93),
            textcoords=row,
            ha="center",
            va="bottom",
            fontsize=9,
            color=style.INK,
            arrowprops={"arrowstyle": "-", "color": style.MUTED, "linewidth": 0.6, "shrinkB": 3},
        )


def _spread(x: list[float], apart: float) -> list[float]:
    """Move places in 0…1, in rising order, so that they are `apart` and inside the axis.

    >>> [round(v, 2) for v in _spread([0.5, 0.52, 0.9], 0.1)]
    [0.46, 0.56, 0.9]
    """
    apart = min(apart, 1 / max(1, len(x)))
    # Groups of labels that touch share their middle; the least movement in squares.
    groups: list[list[float]] = []
    for i, value in enumerate(x):
        groups.append([value - i * apart])
        while len(groups) > 1 and np.mean(groups[-2]) > np.mean(groups[-1]):
            groups[-2:] = [groups[-2] + groups[-1]]
    level = [float(np.mean(group)) for group in groups for _ in group]
    low, high = apart / 2, 1 - apart / 2 - (len(x) - 1) * apart
    return [min(max(v, low), max(low, high)) + i * apart for i, v in enumerate(level)]


def _log_axis(axis: Any, low_hz: float, high_hz: float) -> None:
    """Ticks of a logarithmic frequency axis: 50, 100, 200, 500, 1k, …"""
    from matplotlib.ticker import FixedFormatter, FixedLocator, NullFormatter, NullLocator

    ticks = style.log_ticks(low_hz, high_hz)
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FixedFormatter([style.hz_text(t) for t in ticks]))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def time_and_frequency(figure: Figure | SubFigure, data: Overview) -> None:
    """The time domain beside the frequency domain."""
    left, right = figure.subplots(1, 2)
    waveform(left, data, list(range(min(data.channels, 2))))
    spectrum(right, data, db=False, log_hz=False, peaks=4)
    style.title(left, data.name, "time domain")
    style.title(right, "", "Frequency domain")


def spectrogram(ax: Axes, data: Overview, kind: str) -> None:
    """Draw the level over time and frequency on a linear, mel or logarithmic axis."""
    nyquist = data.rate_hz / 2
    if kind == "linear":
        power, y_low, y_high = data.power, 0.0, nyquist
        ticks = style.linear_ticks(nyquist)
        positions = ticks
    elif kind == "mel":
        power, position = mel_rows(data)
        y_low, y_high = 0.0, float(len(power))
        ticks = [0.0, *style.log_ticks(120, nyquist)]
        positions = [position(t) for t in ticks]
    else:
        power, low_hz = log_rows(data)
        y_low, y_high = float(np.log2(low_hz)), float(np.log2(nyquist))
        ticks = style.log_ticks(low_hz, nyquist)
        positions = [float(np.log2(t)) for t in ticks]
    image = _image(ax, data, power_db(power), y_low, y_high)
    ax.set_yticks(positions, [style.hz_text(t) for t in ticks])
    ax.set_ylabel("Frequency (Hz, mel scale)" if kind == "mel" else "Frequency (Hz)")
    names = {"linear": "spectrogram", "mel": "mel spectrogram", "log": "log-frequency spectrogram"}
    style.title(ax, data.name, names[kind])
    style.colour_bar(image, ax, _LEVEL)


def _image(ax: Axes, data: Overview, level_db: np.ndarray, low: float, high: float) -> Any:
    # Frame i is centred on i × hop, so that its pixel begins half a column earlier.
    half = data.frames_s / 2
    extent = (-half, level_db.shape[1] * data.frames_s - half, low, high)
    top = brightest_db(level_db)
    image = ax.imshow(
        level_db,
        origin="lower",
        aspect="auto",
        extent=extent,
        cmap=style.COLORMAP,
        vmin=top - style.DB_RANGE,
        vmax=top,
        interpolation="nearest",
    )
    ax.set_ylim(low, high)
    style.time_axis(ax, data.duration_s)
    return image


def mfcc(ax: Axes, data: Overview, n_mfcc: int) -> None:
    """Draw the coefficients 1 … n of the mel spectrogram's cepstrum."""
    power, _ = mel_rows(data)
    level = np.maximum(power_db(power), float(np.max(power_db(power))) - style.DB_RANGE)
    n_mels = len(level)
    # The orthonormal DCT-II, row k: cos(pi k (2 m + 1) / (2 M)).
    k, m = np.arange(1, n_mfcc + 1)[:, None], np.arange(n_mels)[None, :]
    basis = np.sqrt(2 / n_mels) * np.cos(np.pi * k * (2 * m + 1) / (2 * n_mels))
    values = basis @ level
    limit = float(np.percentile(np.abs(values), 99.5)) or 1.0
    half = data.frames_s / 2
    image = ax.imshow(
        values,
        origin="lower",
        aspect="auto",
        extent=(-half, values.shape[1] * data.frames_s - half, 0.5, n_mfcc + 0.5),
        cmap="RdBu_r",
        vmin=-limit,
        vmax=limit,
        interpolation="nearest",
    )
    style.time_axis(ax, data.duration_s)
    ax.set_yticks(range(1, n_mfcc + 1, max(1, n_mfcc // 7)))
    ax.set_ylabel("Coefficient")
    style.title(ax, data.name, "MFCC")
    style.colour_bar(image, ax, "Value (dB)")


def sheet(figure: Figure, data: Overview) -> None:
    """Everything on one page: waveform, spectrum, spectrogram, mel, log, MFCC."""
    parts: Any = figure.subfigures(3, 1, height_ratios=(1.0, 1.1, 1.1))
    top, middle, bottom = parts
    wave, freq = top.subplots(1, 2)
    waveform(wave, data, list(range(min(data.channels, 2))))
    style.title(wave, "", "Waveform")
    spectrum(freq, data, db=True, log_hz=True, peaks=4)
    style.title(freq, "", "Spectrum")
    panels = (*middle.subplots(1, 2), *bottom.subplots(1, 2))
    for ax, kind in zip(panels, ("linear", "mel", "log"), strict=False):
        spectrogram(ax, data, kind)
    mfcc(panels[3], data, N_MFCC)
    names = ("Spectrogram", "Mel spectrogram", "Log-frequency spectrogram", "MFCC")
    for ax, name in zip(panels, names, strict=True):
        style.title(ax, "", name)
    facts = f"{style.duration_text(data.duration_s)} · {data.rate_hz:,} Hz"
    name = style.short_name(data.name)
    figure.suptitle(f"{name} · {facts}" if name else facts, parse_math=False, fontsize=13)
