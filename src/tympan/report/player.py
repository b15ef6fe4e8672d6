"""The sound inside a page: MP3, which every browser plays, at a bit rate that bounds the page.

| length | what the page holds |
|---|---|
| up to 60 s | up to two channels at up to 48 kHz, 128 kbit/s |
| up to about 80 min | mono, the highest of 64, 48, 32, 24 and 16 kbit/s that stays below 10 MB |
| up to about 2 h | mono at 16 kHz, 16 kbit/s: at most 15 MB |
| longer | no sound: the page plays the file from where it lies |
"""

from __future__ import annotations

import base64
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

_USUAL_BYTES, _MOST_BYTES = 10_000_000, 15_000_000
_SHORT_S = 60.0
# kbit/s, highest rate in Hz, channels
_LADDER = (
    (128, 48000, 2),
    (64, 32000, 1),
    (48, 24000, 1),
    (32, 16000, 1),
    (24, 16000, 1),
    (16, 16000, 1),
)
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


@dataclass(frozen=True)
class Player:
    """What the page plays: an address, and what to tell about it."""

    src: str = ""
    embedded: bool = False
    note: str = ""


@dataclass(frozen=True)
class Quality:
    """How the sound is encoded."""

    kbit_s: int
    rate_hz: int
    channels: int


def choose_quality(duration_s: float, rate_hz: int, channels: int) -> Quality | None:
    """Choose the best quality that keeps the page small enough; None: too long to embed.

    >>> choose_quality(5, 44100, 2)
    Quality(kbit_s=128, rate_hz=44100, channels=2)
    >>> choose_quality(7200, 44100, 2)
    Quality(kbit_s=16, rate_hz=16000, channels=1)
    >>> choose_quality(36000, 44100, 2) is None
    True
    """
    if duration_s * _LADDER[-1][0] * 125 > _MOST_BYTES:
        return None
    steps = _LADDER if duration_s <= _SHORT_S else _LADDER[1:]
    fitting = (step for step in steps if duration_s * step[0] * 125 <= _USUAL_BYTES)
    kbit_s, top_hz, most = next(fitting, _LADDER[-1])
    # The next rate that MP3 knows: a little upsampling loses nothing.
    rate = next((r for r in _MP3_RATES if r >= rate_hz), _MP3_RATES[-1])
    return Quality(kbit_s, min(rate, top_hz), min(most, channels))


class Encoder:
    """Takes a recording block by block and encodes it as MP3 on disk: memory stays small.

    Args:
        rate_hz: samples per second of the blocks.
        channels: their channels.
        quality: how to encode.
    """

    def __init__(self, rate_hz: int, channels: int, quality: Quality) -> None:
        import av
        import soxr

        self.quality = quality
        handle, name = tempfile.mkstemp(suffix=".mp3")
        os.close(handle)
        self._path = Path(name)
        self._count = 0
        self._resampler = None
        if quality.rate_hz != rate_hz:
            self._resampler = soxr.ResampleStream(
                rate_hz, quality.rate_hz, quality.channels, dtype="float32"
            )
        self._out: Any = av.open(name, "w", format="mp3")
        # LAME's quality 7 takes half the time of its default; the bit rate stays the same.
        self._stream = self._out.add_stream(
            "libmp3lame", rate=quality.rate_hz, options={"compression_level": "7"}
        )
        self._stream.bit_rate = 1000 * quality.kbit_s
        self._stream.layout = "mono" if quality.channels == 1 else "stereo"

    def push(self, samples: np.ndarray) -> None:
        """Take the next samples (c, t)."""
        c = self.quality.channels
        if c == 1 and len(samples) > 1:
            samples = samples.mean(axis=0, dtype=np.float32, keepdims=True)
        self._resample(samples[:c].T, last=False)

    def _resample(self, wave: np.ndarray, last: bool) -> None:
        if self._resampler is not None:
            wave = self._resampler.resample_chunk(np.ascontiguousarray(wave), last=last)
        # In pieces, because the encoder works on a copy in its own format.
        for start in range(0, len(wave), 1 << 18):
            self._encode(wave[start : start + (1 << 18)])

    def _encode(self, wave: np.ndarray) -> None:
        import av

        # Louder than full scale would be flattened by the decoder all the same.
        planes = np.ascontiguousarray(np.clip(wave.T, -1.0, 1.0), dtype=np.float32)
        layout = "mono" if self.quality.channels == 1 else "stereo"
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=layout)
        frame.sample_rate = self.quality.rate_hz
        frame.pts = self._count
        self._count += planes.shape[1]
        self._out.mux(self._stream.encode(frame))

    def result(self) -> str:
        """Finish, and return the sound as a `data:` address."""
        if self._resampler is not None:
            self._resample(np.zeros((0, self.quality.channels), np.float32), last=True)
        self._out.mux(self._stream.encode(None))
        self._out.close()
        data = self._path.read_bytes()
        self._path.unlink()
        return "data:audio/mpeg;base64," + base64.b64encode(data).decode()

    def close(self) -> None:
        """Leave nothing behind, finished or not."""
        self._out.close()
        self._path.unlink(missing_ok=True)


def linked(source: Any, page: Path) -> Player:
    """Play a file from where it lies, relative to the page."""
    try:
        where = os.path.relpath(os.fspath(source), page.resolve().parent)
    except (TypeError, ValueError):  # bytes, or another drive
        return Player(note="This recording is too long to be held in the page.")
    note = f"This recording is too long to be held in the page. The player reads {where}."
    return Player(src=quote(where.replace(os.sep, "/")), note=note)


def data_address(samples: np.ndarray, rate_hz: int) -> str:
    """Encode a short clip (c, t) for a small player."""
    quality = choose_quality(samples.shape[1] / rate_hz, rate_hz, 1)
    assert quality is not None, "short clips always fit"
    small = Quality(min(64, quality.kbit_s), min(quality.rate_hz, 32000), 1)
    encoder = Encoder(rate_hz, len(samples), small)
    try:
        encoder.push(samples)
        return encoder.result()
    finally:
        encoder.close()
