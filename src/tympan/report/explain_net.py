"""The panels of `explain` from the mel picture on: what the net sees, makes of it, and answers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.report.page import percent, words
from tympan.report.panels import ON_BLUE, Panel, band_ticks, octaves, on_axes, recording_time
from tympan.report.why import shaded
from tympan.spectra import figures_style as style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from tympan.audio import Clip
    from tympan.tasks.classify.explanation import Explanation
    from tympan.tasks.results import Label

_MAPS = 6


def net_input(clip: Clip, net: Any) -> np.ndarray:
    """The normalised log-mel (f, n) of a mono clip at the net's rate."""
    import torch

    found: np.ndarray = net.front(torch.from_numpy(clip.samples.copy()))[0, 0].numpy()
    return found


def mel(clip: Clip, net: Any, start_s: float, middles_hz: Sequence[float]) -> list[Panel]:
    """The mel filters, and the picture that the net gets."""
    from tympan.spectra.mel import mel_filters

    config = net.config

    def bands(ax: Axes) -> None:
        filters = mel_filters(
            config.rate_hz, config.n_fft, config.n_mels, config.f_min_hz, norm=None
        )
        hz = np.linspace(0, config.rate_hz / 2, filters.shape[1])
        for i in range(0, config.n_mels, max(1, config.n_mels // 16)):
            ax.fill_between(hz, filters[i], color=style.BLUE, alpha=0.25, linewidth=0)
            ax.plot(hz, filters[i], color=style.BLUE, linewidth=0.8)
        ticks = [hz for hz in octaves(0, config.rate_hz / 2) if hz >= config.rate_hz / 16]
        ax.set_xticks([0, *ticks], ["0", *map(style.hz_text, ticks)])
        ax.set_xlim(0, config.rate_hz / 2)
        ax.set_ylim(0, 1.05)
        ax.set_xlabel("Frequency (Hz)")
        ax.set_ylabel("Weight")

    def picture(ax: Axes) -> None:
        image = log_mel(ax, net_input(clip, net), clip.duration_s)
        band_ticks(ax, middles_hz)
        recording_time(ax, start_s, clip.duration_s)
        style.colour_bar(image, ax, "Normalised level")

    some = f"Some of the {config.n_mels} bands"
    return [
        Panel(some, "Triangles that grow wider with frequency", on_axes(bands)),
        Panel("What the net sees", "Mel spectrogram of the excerpt", on_axes(picture)),
    ]


def log_mel(ax: Any, values: np.ndarray, duration_s: float, top: float | None = None) -> Any:
    """Draw normalised mel bands `(f, n)`, four spreads (80 dB) below `top`; the image."""
    top = float(values.max()) if top is None else top
    return ax.imshow(
        values,
        origin="lower",
        aspect="auto",
        extent=(0, duration_s, 0, len(values)),
        cmap=style.COLORMAP,
        vmin=top - 4,
        vmax=top,
        interpolation="nearest",
    )


def features(clip: Clip, net: Any) -> list[Panel]:
    """The channels of every encoder stage that vary most."""
    import torch

    with torch.inference_mode():
        spectrograms = torch.from_numpy(net_input(clip, net))[None, None]
        maps = [(n, m[0].float().numpy()) for n, m in net.encoder.feature_maps(spectrograms)]
    found = []
    for name, channels in maps:
        d, f, n = channels.shape
        title = f"{name[:1].upper()}{name[1:]}: {d} channels of {f} × {n}"
        alt = f"The {min(d, _MAPS)} channels of {name} that vary most, time to the right"
        found.append(Panel(title, alt, partial(_maps, channels=channels)))
    return found


def _maps(figure: Figure, channels: np.ndarray) -> None:
    order = np.argsort(-channels.std(axis=(1, 2)), kind="stable")[:_MAPS]
    axes = figure.subplots(2, _MAPS // 2, squeeze=False)
    for ax in axes.flat:
        ax.set_axis_off()
    # One scale for all six, so that they can be compared; a lone spike must not darken the rest.
    low, high = np.percentile(channels[order], (0.5, 99.5))
    look_alike: dict[str, Any] = {"cmap": "viridis", "vmin": low, "vmax": max(high, low + 1e-6)}
    for ax, index in zip(axes.flat, order, strict=False):
        image = ax.imshow(channels[index], origin="lower", aspect="auto", **look_alike)
        ax.set_title(f"channel {index}", fontsize=8.5, loc="left", pad=3)
    figure.colorbar(image, ax=axes, label="Activation", fraction=0.05, extend="both")


def why(found: Explanation) -> list[Panel]:
    """The spectrogram, and the same in the light of the reasons."""
    top = float(found.spectrogram.max())
    levels: dict[str, Any] = {"cmap": style.COLORMAP, "vmin": top - style.DB_RANGE, "vmax": top}

    def draw(ax: Axes, values: np.ndarray, **colours: Any) -> None:
        extent = (0, found.duration_s, 0, found.spectrogram.shape[0])
        ax.imshow(values, origin="lower", aspect="auto", extent=extent, **colours)
        band_ticks(ax, found.frequencies_hz.tolist())
        recording_time(ax, found.start_s, found.duration_s)

    name = words(found.label)
    lit = partial(draw, values=shaded(found))
    return [
        Panel(
            "As the net gets it",
            "Mel spectrogram of the excerpt",
            on_axes(partial(draw, values=found.spectrogram, **levels)),
        ),
        Panel(f"What spoke for {name}", f"Bright where it raised {name}", on_axes(lit)),
    ]


def scores(clip: Clip, ready: Any, whole: Sequence[Label], most: int = 6) -> list[Panel]:
    """The probabilities of the best labels, in the excerpt and in the whole recording."""
    import torch

    values = ready.net.probabilities(torch.from_numpy(clip.samples.copy()))[0].numpy()
    best = np.argsort(-values, kind="stable")[:most]
    here = [(ready.labels[i], float(values[i])) for i in best]
    there = [(one.label, one.score) for one in whole[:most]]
    if [(name, round(v, 2)) for name, v in here] == [(name, round(v, 2)) for name, v in there]:
        return [_bars("The recording", here)]  # one window: there is no other
    return [_bars("In this window alone", here), _bars("Mean over the whole recording", there)]


def _bars(title: str, rows: list[tuple[str, float]]) -> Panel:
    def draw(ax: Axes) -> None:
        places = range(len(rows) - 1, -1, -1)
        ax.barh(places, [100 * value for _, value in rows], color=style.BLUE, height=0.7)
        ax.set_yticks(places, [words(name) for name, _ in rows], parse_math=False)
        for place, (_, value) in zip(places, rows, strict=True):
            inside = value > 0.75
            ax.text(
                100 * value + (-1.5 if inside else 1.5),
                place,
                percent(value, 1),
                va="center",
                ha="right" if inside else "left",
                color=ON_BLUE if inside else style.INK,
                fontsize=9,
            )
        ax.set_xlim(0, 100)
        ax.set_xlabel("Score (%)")

    text = ", ".join(f"{words(name)} {percent(value, 1)}" for name, value in rows)
    return Panel(title, f"Scores: {text}", on_axes(draw))
