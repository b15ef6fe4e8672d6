"""The panels of `explain` that show how training varies a recording, each with what was drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.report.explain_net import log_mel, net_input
from tympan.report.page import percent
from tympan.report.panels import Panel, band_ticks, on_axes

if TYPE_CHECKING:
    import torch
    from matplotlib.axes import Axes

    from tympan.audio import Clip
    from tympan.tasks.classify.learner import ClassifyLearner

_SMALL = (3.3, 2.5)


def augmented(clip: Clip, net: Any, seed: int, middles_hz: Sequence[float]) -> list[Panel]:
    """Vary a clip one by one in the ways that `ClassifyLearner` does, with its own settings."""
    import torch

    from tympan.tasks.classify.learner import ClassifyLearner

    learner = ClassifyLearner(net, net.config, ("",))
    generator = torch.Generator().manual_seed(seed)
    original = net_input(clip, net)
    top = float(original.max())

    def panel(name: str, values: np.ndarray, duration_s: float, sound: Clip | None) -> Panel:
        def draw(ax: Axes) -> None:
            log_mel(ax, values, duration_s, top)
            band_ticks(ax, middles_hz)
            ax.set_ylabel("Frequency (Hz)")
            ax.set_xlabel("Time in the excerpt (s)")

        return Panel(name, f"{name}: mel spectrogram", on_axes(draw), sound, _SMALL)

    found = [panel("Original", original, clip.duration_s, clip)]
    for name, sound in _varied(clip, learner, generator):
        found.append(panel(name, net_input(sound, net), sound.duration_s, sound))
    for name, values in _repainted(original, learner, generator, middles_hz):
        found.append(panel(name, values, clip.duration_s, None))
    return found


def _varied(
    clip: Clip, learner: ClassifyLearner, generator: torch.Generator
) -> Iterator[tuple[str, Clip]]:
    """What is done to the wave: shift, crop, and another sound mixed in."""
    import torch

    from tympan.tasks.classify.learner import crop_non_silent
    from tympan.tasks.classify.net import normalize_level

    wave = torch.from_numpy(clip.samples.copy())[None]  # (b, c, t)
    config = learner.config

    def clip_of(x: Any) -> Clip:
        return type(clip)(x[0].numpy(), clip.rate_hz, clip.name)

    for transform in learner.augmentation.waveform:
        params = transform.draw(wave, generator)
        title = type(transform).__name__
        if "shift_samples" in params:
            by_s = float(params["shift_samples"][0]) / clip.rate_hz
            title = f"Shift in a circle by {_signed(by_s, 2)} s"
        yield title, clip_of(transform.apply(wave, params))
    if config.crop < 1:
        title = f"Crop: {percent(config.crop)} of the length"
        yield title, clip_of(crop_non_silent(wave, config.crop, generator))
    if learner.mix:
        other = torch.from_numpy(_sweep(clip))[None]
        both = normalize_level(torch.cat([wave, other]))
        params = learner.mix.draw(both, generator)
        params["active"][:] = True
        share = float(params["share"][0])
        mixed = learner.mix.apply(both, params)[:1]
        # As loud as the excerpt: the net gets everything at one level anyway.
        mixed *= wave.square().mean().sqrt() / mixed.square().mean().sqrt().clamp_min(1e-9)
        title = f"Mixed: {percent(share)}, {percent(1 - share)} a sweep"
        yield title, clip_of(mixed)


def _repainted(
    original: np.ndarray,
    learner: ClassifyLearner,
    generator: torch.Generator,
    middles_hz: Sequence[float],
) -> Iterator[tuple[str, np.ndarray]]:
    """What is done to the spectrogram: frequency shift, filter, and masks."""
    import torch

    values = torch.from_numpy(original.copy())[None, None]
    for transform in learner.augmentation.spectrogram:
        params = transform.draw(values, generator)
        params["active"][:] = True
        title = _spectral_title(type(transform).__name__, params, original.shape, middles_hz)
        yield title, transform.apply(values, params)[0, 0].numpy()


def _spectral_title(
    kind: str, params: dict[str, Any], shape: tuple[int, ...], middles_hz: Sequence[float]
) -> str:
    from tympan.tasks.classify.net import SPREAD_DB

    if kind == "FrequencyShift":
        return f"Frequency shift by {_signed(int(params['bins'][0]), 0)} band(s)"
    if kind == "FilterAugment":
        # The picture is in units of SPREAD_DB.
        gains = SPREAD_DB * params["gains_db"][0]
        return f"Filter: {_signed(float(gains.min()), 1)} to {_signed(float(gains.max()), 1)} dB"
    parts = zip(params["start"][0].tolist(), params["width"][0].tolist(), strict=True)
    drawn = [(start, width) for start, width in parts if width]
    if kind == "TimeMask":
        widths = [percent(width / shape[1]) for _, width in drawn]
        return f"Time mask: {' and '.join(widths) or 'none'} of the time"
    edges = [(middles_hz[start], middles_hz[start + width - 1]) for start, width in drawn]
    bands = [f"{low:.0f}" + f" to {high:.0f}" * (high > low) for low, high in edges]
    return f"Frequency mask: {' and '.join(bands) or 'no'} Hz"


def _signed(value: float, digits: int) -> str:
    return f"{value:+.{digits}f}".replace("-", "−")


def _sweep(clip: Clip) -> np.ndarray:
    """A sweep `(1, t)` from 200 Hz to a quarter of the rate: plainly another sound."""
    t = np.arange(clip.num_samples) / clip.rate_hz
    ratio = max(1.1, clip.rate_hz / 4 / 200.0)
    turns = 200.0 * clip.duration_s / np.log(ratio) * (ratio ** (t / clip.duration_s) - 1)
    found: np.ndarray = np.sin(2 * np.pi * turns)[None].astype(np.float32)
    return found
