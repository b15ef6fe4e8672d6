"""What each part of a page shows, as plain values for the templates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.report import charts
from tympan.report.measure import RANGE_DB, SILENT_DB
from tympan.report.page import NBSP, percent
from tympan.spectra import figures_style as style
from tympan.spectra.figures_data import Overview

if TYPE_CHECKING:
    from tympan.audio import AudioInfo
    from tympan.report.measure import Measurements

_WAVE_COLUMNS = 1000


@dataclass(frozen=True)
class Fact:
    """One entry of a list of facts."""

    name: str
    value: str
    note: str = ""
    headline: bool = False


@dataclass(frozen=True)
class Warning:
    """Something wrong with the recording, and what it means."""

    what: str
    why: str


def moment(seconds: float) -> str:
    """Write a moment of a recording.

    >>> moment(2.5), moment(75.25), moment(7384)
    ('2.5 s', '1:15.2', '2:03:04.0')
    """
    text = style.clock(math.floor(seconds * 10) / 10, 0.1)
    return f"{text} s" if seconds < 60 else text


def summary(data: Overview, info: AudioInfo | None) -> str:
    """One line about the file."""
    parts = [
        style.duration_text(data.duration_s),
        f"{data.rate_hz:,} Hz",
        channel_text(data.channels),
    ]
    if info is not None:
        parts.append(format_text(info))
    return " · ".join(parts)


def channel_text(channels: int) -> str:
    """Name a number of channels."""
    return {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")


def format_text(info: AudioInfo) -> str:
    """Name container and codec, once if they are the same."""
    container = info.container.split(",")[0].upper()
    codec = info.codec.replace("_", " ").upper()
    return container if codec == container else f"{container}, {codec}"


def facts(
    data: Overview, measured: Measurements, info: AudioInfo | None, size: int | None
) -> list[Fact]:
    """Say what the file is and how loud it is."""
    found = [
        Fact("Duration", style.duration_text(data.duration_s), f"{data.num_samples:,} samples")
    ]
    found.append(
        Fact("Sampling rate", f"{data.rate_hz:,} Hz", f"sound up to {data.rate_hz / 2:,.0f} Hz")
    )
    found.append(Fact("Channels", channel_text(data.channels)))
    if info is not None:
        bits = f"{info.bits} bits per sample" if info.bits else ""
        found.append(Fact("Format", format_text(info), bits))
    if size is not None:
        found.append(Fact("File size", size_text(size)))
    if measured.loudness_lufs is not None:
        found.append(Fact("Loudness", _loudness(measured.loudness_lufs), "EBU R128, integrated"))
    found.append(Fact("Peak", level(decibel(measured.peak), "dBFS"), "0 is full scale"))
    found.append(Fact("Mean level", level(decibel(measured.rms), "dBFS"), "root mean square"))
    pauses = f"of the time {RANGE_DB:.0f}{NBSP}dB below the loudest"
    found.append(Fact("Silence", percent(measured.silent_share), pauses))
    return found


def decibel(amplitude: float) -> float:
    """Level of an amplitude in dB re full scale; `-inf` for 0."""
    return 20 * math.log10(amplitude) if amplitude > 0 else -math.inf


def level(value_db: float, unit: str) -> str:
    """Write a level with a true minus sign.

    >>> level(-23.04, "LUFS").replace(NBSP, " "), level(-math.inf, "dBFS")
    ('−23.0 LUFS', 'silence')
    """
    if not math.isfinite(value_db):
        return "silence"
    return f"{value_db:.1f}{NBSP}{unit}".replace("-", "−")


def _loudness(lufs: float) -> str:
    """Write a loudness; the standard leaves out what is below −70 LUFS."""
    return level(lufs, "LUFS") if math.isfinite(lufs) else f"below −70{NBSP}LUFS"


def size_text(size: int) -> str:
    """Write a file size.

    >>> size_text(900), size_text(160_044), size_text(3_200_000)
    ('900 bytes', '160 kB', '3.2 MB')
    """
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1e3:.0f} kB" if size < 1e6 else f"{size / 1e6:.1f} MB"


def warnings(data: Overview, measured: Measurements, info: AudioInfo | None) -> list[Warning]:
    """Say what is wrong with the recording."""
    found: list[Warning] = []
    if measured.silent:
        peak = f"No sample reaches {SILENT_DB:.0f}{NBSP}dB of full scale".replace("-", "−")
        why = "Every sample is zero" if measured.peak == 0 else peak
        return [Warning("Nothing but silence.", f"{why}; no answer can be right.")]
    if measured.clipped:
        times = "once" if measured.clipped == 1 else f"{measured.clipped:,} times"
        first = moment(measured.first_clip_s or 0)
        why = f"The signal stays at full scale {times}, first at {first}; what lies above is lost."
        found.append(Warning("Clipped.", why))
    if measured.silent_share >= 0.7:
        share = percent(measured.silent_share)
        found.append(
            Warning("Mostly silent.", f"{share} of the time is 60 dB or more below the loudest.")
        )
    loudness = measured.loudness_lufs
    if loudness is not None and loudness < -45 and measured.silent_share < 0.7:
        found.append(
            Warning("Very quiet.", f"Loudness {_loudness(loudness)}: noise may cover the sound.")
        )
    if measured.offset > 0.02:
        offset = f"{measured.offset:.3f}"
        found.append(Warning("Off centre.", f"The mean of the samples is {offset} instead of 0."))
    if measured.cancelling:
        why = (
            "Left and right are opposite, and their mean is nearly silent: models got the louder "
            "channel instead."
        )
        found.append(Warning("Channels cancel.", why))
    elif measured.same_channels:
        found.append(Warning("One channel twice.", "All channels hold the same samples."))
    if data.duration_s < 0.4:
        found.append(Warning("Very short.", "Less than 0.4 s tells a model little."))
    if info is not None and info.problem:
        found.append(Warning("Damaged file.", info.problem))
    return found


def waves(data: Overview) -> list[dict[str, Any]]:
    """One waveform, or two for stereo; more channels are drawn as one outline."""
    low, high = data.low, data.high
    names = ["L", "R"] if data.channels == 2 else [""]
    if data.channels != 2:
        low, high = low.min(axis=0, keepdims=True), high.max(axis=0, keepdims=True)
    peak = max(float(np.max(high)), -float(np.min(low)), 1e-9)
    drawn = []
    for name, bottom, top in zip(names, low, high, strict=True):
        bottom = charts.fewer(bottom, _WAVE_COLUMNS, highest=False)
        top = charts.fewer(top, _WAVE_COLUMNS, highest=True)
        which = {"L": "left channel, ", "R": "right channel, "}.get(name, "")
        length = style.duration_text(data.duration_s)
        alt = f"Waveform, {which}{length}, peak {peak:.2f} of full scale"
        # The last column may stand for less time than the others.
        columns = data.num_samples / data.samples_per_column
        width = columns * len(top) / data.low.shape[1]
        d = charts.envelope_path(bottom, top, peak)
        drawn.append(
            {"name": name, "d": d, "width": round(width, 3), "alt": alt, "peak": peak}
            | {"scale": f"{peak:.2g}"}
        )
    return drawn


def spectrogram(data: Overview) -> dict[str, Any]:
    """The picture and its place on the time axis."""
    columns = data.power.shape[1]
    half = data.frames_s / 2
    top_hz = data.rate_hz / 2
    src, reference_db = charts.spectrogram_and_reference(data)
    return {
        "src": src,
        "reference_db": reference_db,
        "width": columns,
        "height": charts.IMAGE_ROWS,
        "left": round(-100 * half / data.duration_s, 4),
        "wide": round(100 * columns * data.frames_s / data.duration_s, 4),
        "top_hz": top_hz,
        "range_db": charts.DB_RANGE,
        "y_ticks": charts.mel_ticks(top_hz),
        "alt": f"Spectrogram from 0 to {top_hz:,.0f} Hz on the mel scale, "
        f"{style.duration_text(data.duration_s)}; brighter is more energy",
    }
