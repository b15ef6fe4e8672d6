"""The figures of `explain`: each draws one stage of the pipeline for one clip."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.report.page import percent
from tympan.report.why import shaded
from tympan.spectra import figures_draw
from tympan.spectra import figures_style as look
from tympan.spectra.figures_data import power_db, survey

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from tympan.audio import Clip
    from tympan.tasks.classify.explanation import Explanation

_CLOSE_S = 0.004  # The close-up of the samples.
_FEW_BITS, _FEWER = 4, 4
_MAPS = 6


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _loudest(clip: Clip, length: int) -> int:
    """The start of the close-up: around the largest sample."""
    peak = int(np.abs(clip.samples).max(axis=0).argmax())
    return max(0, min(peak - length // 2, clip.num_samples - length))


def samples(clip: Clip) -> Figure:
    """The whole waveform, and a few milliseconds of it sample by sample."""
    figure = _figure(11, 3.6)
    whole, close = figure.subplots(1, 2)
    figures_draw.waveform(whole, survey(clip), [0])
    whole.set_title("The recording", loc="left")
    length = min(clip.num_samples, max(24, round(_CLOSE_S * clip.rate_hz)))
    start = _loudest(clip, length)
    wave = clip.samples[0, start : start + length]
    times_ms = 1000 * np.arange(length) / clip.rate_hz
    close.axhline(0, color=look.RULE, linewidth=0.8)
    close.vlines(times_ms, 0, wave, color=look.BLUE, linewidth=0.8, alpha=0.5)
    close.plot(times_ms, wave, "o", color=look.BLUE, markersize=3.5)
    close.set_xlabel(f"Time after {start / clip.rate_hz:.3f} s (ms)")
    close.set_ylabel("Amplitude")
    close.set_title(f"{length} samples of it", loc="left")
    middle_s = (start + length / 2) / clip.rate_hz
    whole.axvline(middle_s, color=look.ORANGE, linewidth=1.2)
    return figure


def digitised(clip: Clip) -> list[tuple[str, Clip]]:
    """The clip with few bits, and with few samples a second without any filter."""
    from tympan.audio.synth import quantize

    loud = clip.mono().normalize_peak(-0.1)
    kept = loud.samples[:, ::_FEWER]
    fewer = type(clip)(kept.copy(), max(1, clip.rate_hz // _FEWER), clip.name)
    coarse = quantize(loud, _FEW_BITS)
    return [(f"{_FEW_BITS} bits", coarse), (f"{fewer.rate_hz:,} Hz", fewer)]


def digitisation(clip: Clip) -> Figure:
    """The close-up rounded to few levels, and with few samples."""
    (coarse_name, coarse), (fewer_name, fewer) = digitised(clip)
    loud = clip.mono().normalize_peak(-0.1)
    length = min(clip.num_samples, max(24, round(_CLOSE_S * clip.rate_hz)))
    start = _loudest(loud, length)
    times_ms = 1000 * np.arange(length) / clip.rate_hz
    wave = loud.samples[0, start : start + length]
    figure = _figure(11, 3.6)
    left, right = figure.subplots(1, 2, sharey=True)
    for ax in (left, right):
        ax.plot(times_ms, wave, color=look.MUTED, linewidth=1.0, label="original")
        ax.set_xlabel(f"Time after {start / clip.rate_hz:.3f} s (ms)")
    left.step(
        times_ms,
        coarse.samples[0, start : start + length],
        where="mid",
        color=look.ORANGE,
        label=coarse_name,
    )
    left.set_ylabel("Amplitude")
    left.set_title(f"Few levels: {coarse_name} are {2**_FEW_BITS} levels", loc="left")
    first = -(-start // _FEWER)
    last = min((start + length) // _FEWER, fewer.num_samples)
    places = np.arange(first, max(first, last))
    few_ms = 1000 * (places * _FEWER - start) / clip.rate_hz
    right.plot(few_ms, fewer.samples[0, places], "o-", color=look.BLUE, label=fewer_name)
    right.set_title(f"Few samples: {fewer_name}", loc="left")
    for ax in (left, right):
        ax.legend(loc="upper right", frameon=False, fontsize=9)
    return figure


def time_and_frequency(clip: Clip) -> Figure:
    """The time domain beside the frequency domain."""
    figure = _figure(11, 3.6)
    figures_draw.time_and_frequency(figure, survey(clip))
    for ax, name in zip(figure.axes, ("Time domain", "Frequency domain"), strict=True):
        look.title(ax, "", name)
    return figure


def spectrogram(clip: Clip, n_fft: int) -> Figure:
    """A frame under its window, its spectrum, and where it stands in the spectrogram."""
    figure = _figure(12, 3.8)
    frame_ax, level_ax, image_ax = figure.subplots(1, 3, width_ratios=(1, 1, 1.5))
    length = min(n_fft, clip.num_samples)
    start = _loudest(clip, length)
    window = np.hanning(length + 1)[:-1] if length > 1 else np.ones(1)
    frame = clip.samples[0, start : start + length]
    times_ms = 1000 * np.arange(length) / clip.rate_hz
    frame_ax.plot(times_ms, frame, color=look.RULE, linewidth=0.8)
    frame_ax.plot(times_ms, frame * window, color=look.BLUE, linewidth=0.9)
    peak = float(np.abs(frame).max()) or 1.0
    frame_ax.plot(times_ms, window * peak, "--", color=look.ORANGE, linewidth=1)
    frame_ax.set_xlabel("Time (ms)")
    frame_ax.set_ylabel("Amplitude")
    frame_ax.set_title("1 · a frame × window", loc="left")
    power = np.abs(np.fft.rfft(frame * window)) ** 2 * (2 / max(window.sum(), 1e-9)) ** 2
    level = power_db(power)
    hz = np.linspace(0, clip.rate_hz / 2, len(level))
    level_ax.plot(hz, level, color=look.BLUE, linewidth=0.9)
    level_ax.set_ylim(level.max() - 90, level.max() + 8)
    level_ax.set_xlim(0, clip.rate_hz / 2)
    level_ax.set_xlabel("Frequency (Hz)")
    level_ax.set_ylabel("Level (dB)")
    level_ax.set_title("2 · its spectrum", loc="left")
    figures_draw.spectrogram(image_ax, survey(clip), "linear")
    image_ax.axvline((start + length / 2) / clip.rate_hz, color="white", linewidth=1, ls="--")
    image_ax.set_title("3 · all frames side by side", loc="left")
    return figure


def mel(clip: Clip, net: Any) -> Figure:
    """The mel filters, and the picture that the net gets."""
    from tympan.spectra.mel import mel_filters

    config = net.config
    figure = _figure(12, 3.8)
    bands_ax, image_ax = figure.subplots(1, 2, width_ratios=(1, 1.5))
    filters = mel_filters(config.rate_hz, config.n_fft, config.n_mels, config.f_min_hz, norm=None)
    hz = np.linspace(0, config.rate_hz / 2, filters.shape[1])
    for i in range(0, config.n_mels, max(1, config.n_mels // 16)):
        bands_ax.fill_between(hz, filters[i], color=look.BLUE, alpha=0.25, linewidth=0)
        bands_ax.plot(hz, filters[i], color=look.BLUE, linewidth=0.8)
    bands_ax.set_xlim(0, config.rate_hz / 2)
    bands_ax.set_ylim(0, 1.05)
    bands_ax.set_xlabel("Frequency (Hz)")
    bands_ax.set_ylabel("Weight")
    bands_ax.set_title(f"Some of the {config.n_mels} bands", loc="left")
    image = _log_mel(image_ax, net_input(clip, net), clip.duration_s)
    image_ax.set_ylabel("Mel band")
    image_ax.set_xlabel("Time (s)")
    image_ax.set_title("What the net sees", loc="left")
    look.colour_bar(image, image_ax, "Value (0 ± 1 on average)")
    return figure


def net_input(clip: Clip, net: Any) -> np.ndarray:
    """The normalised log-mel (f, n) of a mono clip at the net's rate."""
    import torch

    found: np.ndarray = net.front(torch.from_numpy(clip.samples.copy()))[0, 0].numpy()
    return found


def _log_mel(ax: Any, values: np.ndarray, duration_s: float, top: float | None = None) -> Any:
    top = float(values.max()) if top is None else top
    return ax.imshow(
        values,
        origin="lower",
        aspect="auto",
        extent=(0, duration_s, 0, len(values)),
        cmap=look.COLORMAP,
        vmin=top - 4,
        vmax=top,
        interpolation="nearest",
    )


@dataclass(frozen=True)
class Version:
    """An augmented version: what the net sees of it, and the sound where there is one."""

    name: str
    values: np.ndarray
    clip: Clip | None = None
    duration_s: float = 0.0


def augmented_versions(clip: Clip, net: Any, seed: int) -> list[Version]:
    """Vary a clip in some of the ways that training does."""
    import torch

    from tympan import augment
    from tympan.tasks.classify.net import SPREAD_DB

    rate_hz = clip.rate_hz
    sounds: dict[str, Any] = {
        "Noise": augment.ColoredNoise(5, 8, rate_hz=rate_hz),
        "Pitch shift": augment.PitchShift(3, 4, rate_hz=rate_hz),
        "Time stretch": augment.TimeStretch(0.75, 0.8, rate_hz=rate_hz),
        "Reverb": augment.Reverb(min_rt60_s=0.6, max_rt60_s=0.8, rate_hz=rate_hz),
    }
    pictures: dict[str, Any] = {
        "Time mask": augment.TimeMask(0.25, 2),
        "Frequency mask": augment.FrequencyMask(0.25, 2),
        # The picture is in units of SPREAD_DB.
        "Filter": augment.FilterAugment(-9 / SPREAD_DB, 9 / SPREAD_DB),
    }
    original = net_input(clip, net)
    found = [Version("Original", original, clip, clip.duration_s)]
    for i, (name, transform) in enumerate(sounds.items()):
        changed = transform(clip, torch.Generator().manual_seed(seed + i))
        found.append(Version(name, net_input(changed, net), changed, changed.duration_s))
    values = torch.from_numpy(original.copy())[None, None]
    for i, (name, transform) in enumerate(pictures.items()):
        changed = transform(values, torch.Generator().manual_seed(seed + 100 + i))[0, 0].numpy()
        found.append(Version(name, changed, None, clip.duration_s))
    return found


def augmented(versions: list[Version], net: Any) -> Figure:
    """The log-mel of every version."""
    figure = _figure(12, 5.2)
    axes = figure.subplots(2, -(-len(versions) // 2), sharey=True)
    top = float(versions[0].values.max())
    for ax, version in zip(axes.flat, versions, strict=False):
        _log_mel(ax, version.values, version.duration_s, top)
        ax.set_title(version.name, loc="left")
    for ax in axes[-1]:
        ax.set_xlabel("Time (s)")
    for ax in axes[:, 0]:
        ax.set_ylabel("Mel band")
    return figure


def features(clip: Clip, net: Any) -> Figure:
    """The channels of every encoder stage that vary most."""
    import torch

    with torch.inference_mode():
        spectrograms = torch.from_numpy(net_input(clip, net))[None, None]
        maps = [(n, m[0].float().numpy()) for n, m in net.encoder.feature_maps(spectrograms)]
    figure = _figure(12, 1.5 * len(maps) + 0.3)
    axes = figure.subplots(len(maps), _MAPS, squeeze=False)
    for row, (name, channels) in zip(axes, maps, strict=True):
        order = np.argsort(-channels.std(axis=(1, 2)), kind="stable")[:_MAPS]
        d, f, n = channels.shape
        for ax, index in zip(row, order, strict=False):
            ax.imshow(channels[index], origin="lower", aspect="auto", cmap="viridis")
            ax.set_xticks([])
            ax.set_yticks([])
            ax.set_title(f"channel {index}", fontsize=8, loc="left", pad=3)
            for spine in ax.spines.values():
                spine.set_visible(False)
        for ax in row[len(order) :]:
            ax.set_axis_off()
        row[0].set_ylabel(f"{name}\n{d} × {f} × {n}", fontsize=9)
    return figure


def why(found: Explanation) -> Figure:
    """The spectrogram, and the same in the light of the reasons."""
    figure = _figure(12, 3.8)
    plain, lit = figure.subplots(1, 2, sharey=True)
    f = found.spectrogram.shape[0]
    extent = (found.start_s, found.start_s + found.duration_s, 0, f)
    look_of: dict[str, Any] = {"origin": "lower", "aspect": "auto", "extent": extent}
    top = float(found.spectrogram.max())
    level = found.spectrogram
    plain.imshow(level, cmap=look.COLORMAP, vmin=top - look.DB_RANGE, vmax=top, **look_of)
    lit.imshow(shaded(found), **look_of)
    rows = np.linspace(0, f - 1, 6).round().astype(int)
    plain.set_yticks(rows + 0.5, [f"{found.frequencies_hz[i]:,.0f}" for i in rows])
    plain.set_ylabel("Frequency (Hz, mel scale)")
    plain.set_title("As the net hears it", loc="left")
    name = found.label.replace("_", " ")
    lit.set_title(f"What spoke for {name}", loc="left", parse_math=False)
    for ax in (plain, lit):
        ax.set_xlabel("Time (s)")
    return figure


def scores(clip: Clip, ready: Any, most: int = 8) -> Figure:
    """The probabilities of the best labels."""
    import torch

    values = ready.net.probabilities(torch.from_numpy(clip.samples.copy()))[0].numpy()
    best = np.argsort(-values, kind="stable")[:most][::-1]
    figure = _figure(9, 0.9 + 0.34 * len(best))
    ax = figure.subplots()
    names = [ready.labels[i].replace("_", " ") for i in best]
    ax.barh(range(len(best)), 100 * values[best], color=look.BLUE, height=0.7)
    ax.set_yticks(range(len(best)))
    ax.set_yticklabels(names, parse_math=False)
    for i, value in enumerate(values[best]):
        ax.text(100 * value + 1, i, percent(float(value), 1), va="center", fontsize=9)
    ax.set_xlim(0, 110)
    ax.set_xticks(range(0, 101, 20))
    ax.set_xlabel("Score (%)")
    return figure
