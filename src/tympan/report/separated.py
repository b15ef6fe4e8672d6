"""How the page of `hear` shows what `separate` answers: a lane for each source, heard together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tympan.report.parts import AnswerParts, Part, Shown, register
from tympan.report.player import choose_quality
from tympan.tasks.results import Separation

TEMPLATE, SCRIPT = "hear_sources.html.j2", "sources.js"
COLUMNS = 800
# All sources of a page together have so many bytes; longer ones are in their files only.
MOST_BYTES = 12_000_000
# A source whose power is so far below that of the recording's loudest is called silent.
SILENT_DB = 60.0


@dataclass(frozen=True)
class Lane:
    """One source on the page.

    Attributes:
        label: its name.
        d: outline of its waveform, of a picture of 800 x 200.
        src: its sound; empty if it is too long.
        note: how loud it is.
    """

    label: str
    d: str
    src: str
    note: str


@register(Separation)
def parts(shown: Shown[Separation]) -> AnswerParts:
    """Sources under one time line, each to be heard alone or left out."""
    answer = shown.answer
    if shown.nothing or not answer.sources:
        return AnswerParts()
    found = [_read(path) for path in answer.sources.values()]
    peak = max(float(one.peaks.max(initial=0.0)) for one in found) or 1.0
    loudest = max(one.power for one in found) or 1.0
    lanes = [
        Lane(label, outline(one.peaks, peak), one.src, _level(one.power, loudest))
        for label, one in zip(answer.sources, found, strict=True)
    ]
    playable = all(lane.src for lane in lanes)
    note = "" if playable else "The recording is too long to hold its sources in the page."
    values: dict[str, Any] = {
        "key": shown.key,
        "title": shown.question,
        "lanes": lanes,
        "duration_s": round(shown.duration_s, 4),
        "playable": playable,
        "note": note,
    }
    return AnswerParts(sections=[Part(TEMPLATE, values, SCRIPT if playable else "")])


@dataclass(frozen=True)
class _Heard:
    peaks: np.ndarray
    power: float
    src: str


def _read(path: Path) -> _Heard:
    """Peaks, power and sound of a file, read once."""
    from tympan.audio import blocks, probe
    from tympan.report.player import Encoder

    info = probe(path)
    rate_hz, channels = info.rate_hz, info.channels
    total = max(1, round((info.duration_s or 0.0) * rate_hz))
    quality = choose_quality(total / rate_hz, rate_hz, channels)
    size = 0 if quality is None else total / rate_hz * (quality.kbit_s * 125 or 2 * rate_hz)
    encoder = None
    if quality is not None and size <= MOST_BYTES / 3:
        encoder = Encoder(rate_hz, channels, quality)
    peaks, squares, at = np.zeros(COLUMNS), 0.0, 0
    try:
        for block in blocks(path, block_s=10.0):
            wave = block.clip.samples
            squares += float(np.square(wave, dtype=np.float64).sum())
            place = (np.arange(at, at + wave.shape[1]) * COLUMNS // total).clip(max=COLUMNS - 1)
            np.maximum.at(peaks, place, np.abs(wave).max(0))
            at += wave.shape[1]
            if encoder is not None:
                encoder.push(wave)
        src = "" if encoder is None else encoder.result()
    finally:
        if encoder is not None:
            encoder.close()
    return _Heard(peaks, squares / max(1, at * channels), src)


def outline(peaks: np.ndarray, peak: float) -> str:
    """The waveform as an SVG path around the middle of a picture 200 high.

    >>> outline(np.array([0.0, 1.0]), 1.0)
    'M0 100L1 2L1 198L0 100Z'
    """
    half = np.round(98 * peaks / peak).astype(int)
    up = "L".join(f"{i} {100 - h}" for i, h in enumerate(half))
    down = "L".join(f"{i} {100 + half[i]}" for i in range(len(half) - 1, -1, -1))
    return f"M{up}L{down}Z"


def _level(power: float, loudest: float) -> str:
    """How much below the loudest source, in words."""
    below_db = 10 * np.log10(loudest / power) if power > 0 else np.inf
    if below_db > SILENT_DB:
        return "silent"
    return "the loudest" if below_db < 0.05 else f"{below_db:.0f} dB below"
