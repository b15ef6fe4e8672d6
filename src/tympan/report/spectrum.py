"""The spectrum on a page: that of the whole recording, its tones marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.report import charts
from tympan.report.parts import Part
from tympan.report.sections import decibel, level
from tympan.spectra import figures_style as style
from tympan.spectra.figures_data import Overview, Peak, lowest_hz, power_db, strongest
from tympan.spectra.figures_draw import thin

if TYPE_CHECKING:
    from collections.abc import Callable

_RANGE_DB = 90


def spectrum_part(data: Overview, *, live: bool) -> Part:
    """The section of a page: the chart and the names of its tones.

    Args:
        data: the gathered recording.
        live: whether the spectrum of the moment can be drawn over it.
    """
    peaks = strongest(data)
    legend = ("whole recording", "at the cursor") if live else ()
    chart = replace(spectrum(data, peaks), legend=legend)
    values = {"spectrum": chart, "tones": tones(peaks), "live": live}
    return Part("hear_spectrum.html.j2", values)


def spectrum(data: Overview, peaks: Sequence[Peak]) -> charts.Plot:
    """Mean level over a logarithmic frequency axis, the strongest tones numbered."""
    top_hz = data.rate_hz / 2
    low_hz = lowest_hz(data)
    x, y = thin(
        data.frequencies_hz, power_db(data.amplitude**2), low_hz, top_hz, log=True, points=700
    )
    # Single moments are louder than the mean, and are drawn in the same axes.
    loudest = max(float(np.max(y)), float(power_db(np.max(data.power))))
    high = 10 * math.ceil((loudest + 3) / 10)
    bottom = high - _RANGE_DB

    def across(hz: Any) -> Any:
        return np.log(np.maximum(hz, low_hz) / low_hz) / np.log(top_hz / low_hz)

    def up(db: Any) -> Any:
        return (db - bottom) / (high - bottom)

    marks = [
        charts.Mark(
            round(100 * float(across(peak.frequency_hz)), 2),
            round(100 * float(up(decibel(peak.amplitude))), 2),
            f"{number}",
        )
        for number, peak in enumerate(peaks, 1)
    ]
    return charts.Plot(
        alt=f"Mean spectrum of the recording. {tones(peaks) or 'No tone stands out.'}",
        lines=[
            charts.Line(charts.path(across(x), up(y), closed=True), "area"),
            charts.Line(charts.path(across(x), up(y))),
        ],
        x_ticks=_octave_ticks(low_hz, top_hz, across),
        y_ticks=[
            charts.Tick(round(100 * up(db), 2), f"{db}".replace("-", "−"))
            for db in range(bottom + 10, high + 1, 20)
        ],
        x_label="Frequency (Hz)",
        y_label="Level (dB re full scale)",
        marks=marks,
        data={"low": round(low_hz, 3), "high": top_hz, "bottom": bottom, "top": high},
    )


def _octave_ticks(low_hz: float, top_hz: float, across: Callable[[Any], Any]) -> list[charts.Tick]:
    """Round frequencies: 62.5, 125, 250 … Hz."""
    octaves = [125.0 * 2**k for k in range(-4, 10)]
    return [
        charts.Tick(round(100 * float(across(hz)), 2), style.hz_text(hz))
        for hz in octaves
        if low_hz * 1.1 < hz <= top_hz * 1.001
    ]


def tones(peaks: Sequence[Peak]) -> str:
    """Name the marked tones with the nearest notes."""
    named = [
        f"{number}: {hz:,.1f} Hz ({note_name(hz)}, {level(decibel(amplitude), 'dB')})"
        for number, (hz, amplitude) in enumerate(peaks, 1)
    ]
    return f"Strongest tones: {', '.join(named)}." if named else ""


def note_name(frequency_hz: float) -> str:
    """Name the nearest note of equal temperament, A4 = 440 Hz.

    >>> note_name(440.0), note_name(261.6), note_name(1396.9)
    ('A4', 'C4', 'F6')
    """
    number = round(69 + 12 * math.log2(frequency_hz / 440.0))
    names = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
    return f"{names[number % 12]}{number // 12 - 1}"
