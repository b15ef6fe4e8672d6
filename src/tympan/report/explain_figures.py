"""The panels of `explain` up to the spectrogram: what is done before the net."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tympan.report.panels import FAINT, Panel, octaves, on_axes, recording_time
from tympan.spectra import figures_draw
from tympan.spectra import figures_style as style
from tympan.spectra.figures_data import overview, power_db, strongest

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from tympan.audio import Clip

_CLOSE_S = 0.004  # The close-up of the samples.
_FEW_BITS, _FEWER = 4, 4
_RAISED = "Amplitude (peak raised to 1)"


def _loudest(clip: Clip, length: int) -> int:
    """The start of the close-up: around the largest sample."""
    peak = int(np.abs(clip.samples).max(axis=0).argmax())
    return max(0, min(peak - length // 2, clip.num_samples - length))


def _after(start_s: float, start: int, rate_hz: int) -> str:
    return f"Time after {start_s + start / rate_hz:.3f} s (ms)"


def _whole(ax: Axes, clip: Clip, start_s: float) -> None:
    figures_draw.waveform(ax, overview(clip), [0])
    ax.set_title("", loc="left")
    recording_time(ax, start_s, clip.duration_s)


def samples(clip: Clip, start_s: float) -> list[Panel]:
    """The waveform of the excerpt, and a few milliseconds of it sample by sample."""
    length = min(clip.num_samples, max(24, round(_CLOSE_S * clip.rate_hz)))
    start = _loudest(clip, length)

    def whole(ax: Axes) -> None:
        _whole(ax, clip, start_s)
        ax.axvline((start + length / 2) / clip.rate_hz, color=style.ORANGE, linewidth=1.2)

    def close(ax: Axes) -> None:
        wave = clip.samples[0, start : start + length]
        times_ms = 1000 * np.arange(length) / clip.rate_hz
        ax.axhline(0, color=style.RULE, linewidth=0.8)
        ax.vlines(times_ms, 0, wave, color=style.BLUE, linewidth=0.8, alpha=0.5)
        ax.plot(times_ms, wave, "o", color=style.BLUE, markersize=3.5)
        ax.set_xlabel(_after(start_s, start, clip.rate_hz))
        ax.set_ylabel("Amplitude")

    at = f"{start_s + (start + length / 2) / clip.rate_hz:.3f} s"
    excerpt = "Waveform of the excerpt; an orange line marks the close-up"
    return [
        Panel("The excerpt", excerpt, on_axes(whole), clip),
        Panel(f"{length} samples, at {at}", "Samples as dots on stems", on_axes(close)),
    ]


def digitised(clip: Clip) -> list[tuple[str, Clip]]:
    """The clip with few bits, and with few samples a second without any filter; peak at 1."""
    from tympan.audio.synth import quantize

    loud = clip.mono().normalize_peak(-0.1)
    kept = loud.samples[:, ::_FEWER]
    fewer = type(clip)(kept.copy(), max(1, clip.rate_hz // _FEWER), clip.name)
    coarse = quantize(loud, _FEW_BITS)
    return [(f"{_FEW_BITS} bits", coarse), (f"{fewer.rate_hz:,} Hz", fewer)]


def digitisation(clip: Clip, start_s: float) -> list[Panel]:
    """The close-up rounded to few levels, and with few samples."""
    (coarse_name, coarse), (fewer_name, fewer) = digitised(clip)
    loud = clip.mono().normalize_peak(-0.1)
    length = min(clip.num_samples, max(24, round(_CLOSE_S * clip.rate_hz)))
    start = _loudest(loud, length)
    times_ms = 1000 * np.arange(length) / clip.rate_hz

    def original(ax: Axes) -> None:
        wave = loud.samples[0, start : start + length]
        ax.plot(times_ms, wave, color=style.MUTED, linewidth=1.0, label="original")
        ax.set_xlabel(_after(start_s, start, clip.rate_hz))
        ax.set_ylabel(_RAISED)
        ax.set_ylim(-1.1, 1.45)  # room for the legend

    def finish(ax: Axes) -> None:
        ax.legend(loc="upper right", frameon=False, fontsize=9, ncols=2)

    def levels(ax: Axes) -> None:
        original(ax)
        wave = coarse.samples[0, start : start + length]
        ax.step(times_ms, wave, where="mid", color=style.ORANGE, label=coarse_name)
        finish(ax)

    def few(ax: Axes) -> None:
        original(ax)
        first = -(-start // _FEWER)
        last = min((start + length) // _FEWER, fewer.num_samples)
        places = np.arange(first, max(first, last))
        few_ms = 1000 * (places * _FEWER - start) / clip.rate_hz
        ax.plot(few_ms, fewer.samples[0, places], "o-", color=style.BLUE, label=fewer_name)
        finish(ax)

    title = f"Few levels: {coarse_name} are {2**_FEW_BITS} levels"
    steps = "The close-up and the same in steps"
    dots = "The close-up and one sample in four of it"
    return [
        Panel(title, steps, on_axes(levels), coarse),
        Panel(f"Few samples: {fewer_name}", dots, on_axes(few), fewer),
    ]


def tones(clip: Clip) -> str:
    """Name the tones that the spectrum marks, in one sentence."""
    found = strongest(overview(clip))
    if not found:
        return "No single tone stands out."
    return f"Marked: {', '.join(f'{p.frequency_hz:,.0f} Hz' for p in found)}."


def time_and_frequency(clip: Clip, start_s: float) -> list[Panel]:
    """The time domain beside the frequency domain."""
    data = overview(clip)

    def spectrum(ax: Axes) -> None:
        figures_draw.spectrum(ax, data, db=False, log_hz=True, peaks=0)
        ax.set_title("", loc="left")
        log_hz_axis(ax, clip.rate_hz)
        figures_draw.label_peaks(ax, strongest(data), db=False)

    return [
        Panel("Time domain", "Amplitude over time", on_axes(lambda ax: _whole(ax, clip, start_s))),
        Panel("Frequency domain", f"Amplitude over frequency. {tones(clip)}", on_axes(spectrum)),
    ]


def log_hz_axis(ax: Axes, rate_hz: int) -> None:
    """A logarithmic frequency axis with a tick at each octave."""
    from matplotlib.ticker import NullFormatter, NullLocator

    ax.set_xscale("log")
    low_hz = min(50.0, rate_hz / 16)
    ax.set_xlim(low_hz, rate_hz / 2)
    ticks = octaves(low_hz, rate_hz / 2)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xticks(ticks, [style.hz_text(hz) for hz in ticks])
    ax.set_xlabel("Frequency (Hz)")


def spectrogram(clip: Clip, n_fft: int, start_s: float) -> list[Panel]:
    """A frame under its window, its spectrum, the same in dB, and where it stands among all."""
    length = min(n_fft, clip.num_samples)
    start = _loudest(clip, length)
    window = np.hanning(length + 1)[:-1] if length > 1 else np.ones(1)
    frame = clip.samples[0, start : start + length]
    amplitude = np.abs(np.fft.rfft(frame * window)) * 2 / max(window.sum(), 1e-9)
    hz = np.linspace(0, clip.rate_hz / 2, len(amplitude))

    def cut(ax: Axes) -> None:
        times_ms = 1000 * np.arange(length) / clip.rate_hz
        peak = float(np.abs(frame).max()) or 1.0
        ax.plot(times_ms, frame, color=FAINT, linewidth=0.8, label="frame")
        ax.plot(times_ms, window * peak, "--", color=style.ORANGE, linewidth=1, label="window")
        ax.plot(times_ms, frame * window, color=style.BLUE, linewidth=0.9, label="product")
        ax.set_ylim(-1.1 * peak, 1.5 * peak)
        ax.set_xlabel(_after(start_s, start, clip.rate_hz))
        ax.set_ylabel("Amplitude")
        ax.legend(loc="upper right", frameon=False, fontsize=9, ncols=3)

    def lines(ax: Axes, values: np.ndarray, name: str) -> None:
        ax.plot(hz[1:], values[1:], color=style.BLUE, linewidth=0.9)
        log_hz_axis(ax, clip.rate_hz)
        ax.set_ylabel(name)

    def level(ax: Axes) -> None:
        values = power_db(amplitude**2)
        lines(ax, values, "Level (dB re full scale)")
        ax.set_ylim(values.max() - 90, values.max() + 8)

    def picture(ax: Axes) -> None:
        figures_draw.spectrogram(ax, overview(clip), "linear")
        ax.set_title("", loc="left")
        recording_time(ax, start_s, clip.duration_s)
        ax.axvline((start + length / 2) / clip.rate_hz, color="white", linewidth=1, ls="--")

    amplitudes = on_axes(lambda ax: lines(ax, amplitude, "Amplitude"))
    return [
        Panel("1 · a frame × a window", "The frame, the window and their product", on_axes(cut)),
        Panel("2 · its spectrum", "Amplitude of the frame over frequency", amplitudes),
        Panel("3 · the same in decibels", "Level of the frame over frequency", on_axes(level)),
        Panel(
            "4 · all frames side by side",
            "Spectrogram; a dashed line marks the frame",
            on_axes(picture),
        ),
    ]
