"""The sound inside a page: MP3, which every browser plays, at a bit rate that bounds the page.

| length | what the page holds |
|---|---|
| up to about 8 min | up to two channels at up to 48 kHz, 128 kbit/s |
| up to about 70 min | mono, the highest of 64, 48, 32, 24 and 16 kbit/s that stays below 8 MB |
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

_USUAL_BYTES, _MOST_BYTES = 8_000_000, 15_000_000
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
    fitting = (step for step in _LADDER if duration_s * step[0] * 125 <= _USUAL_BYTES)
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
        import soundfile
        import soxr

        self.quality = quality
        handle, name = tempfile.mkstemp(suffix=".mp3")
        os.close(handle)
        self._path = Path(name)
        self._resampler = None
        if quality.rate_hz != rate_hz:
            self._resampler = soxr.ResampleStream(
                rate_hz, quality.rate_hz, quality.channels, dtype="float32"
            )
        try:
            self._file: Any = soundfile.SoundFile(
                name,
                "w",
                quality.rate_hz,
                quality.channels,
                "MPEG_LAYER_III",
                format="MP3",
                compression_level=_compression(quality),
                bitrate_mode="CONSTANT",
            )
        except Exception:
            self._path.unlink(missing_ok=True)
            raise

    def push(self, samples: np.ndarray, last: bool = False) -> None:
        """Take the next samples (c, t)."""
        c = self.quality.channels
        if c == 1 and len(samples) > 1:
            out = samples.mean(axis=0, dtype=np.float32)[:, None]
        else:
            out = np.ascontiguousarray(samples[:c].T)
        if self._resampler is not None:
            out = self._resampler.resample_chunk(out, last=last)
        # Louder than full scale would be flattened by the decoder all the same.
        self._file.write(np.clip(out, -1.0, 1.0))

    def result(self) -> str:
        """Finish, and return the sound as a `data:` address."""
        if self._resampler is not None:
            self.push(np.zeros((self.quality.channels, 0), np.float32), last=True)
        self._file.close()
        data = self._path.read_bytes()
        self._path.unlink()
        return "data:audio/mpeg;base64," + base64.b64encode(data).decode()

    def close(self) -> None:
        """Leave nothing behind, finished or not."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def _compression(quality: Quality) -> float:
    """libsndfile's scale from 0 to 1 for a constant bit rate: linear between MPEG's ends."""
    if quality.rate_hz >= 32000:
        low, high = 32, 320
    elif quality.rate_hz >= 16000:
        low, high = 8, 160
    else:
        low, high = 8, 64
    return float(np.clip((high - quality.kbit_s) / (high - low), 0.0, 1.0))


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
