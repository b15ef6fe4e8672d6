"""The sound inside a page, which every browser plays; its size is bounded.

| length | what the page holds |
|---|---|
| up to 1 MB of 16-bit samples (half a minute of mono at 16 kHz) | the sound itself: WAV, 16 bits |
| up to 60 s | MP3, up to two channels at up to 48 kHz, 128 kbit/s |
| up to about 80 min | MP3, mono, the highest of 64 to 16 kbit/s that stays below 10 MB |
| up to about 2 h | MP3, mono at 16 kHz, 16 kbit/s: at most 15 MB |
| longer | no sound: the page plays the file from where it lies |
"""

from __future__ import annotations

import base64
import contextlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from tympan.tasks.downmix import Downmix

# FLAC would be smaller than WAV, but Chromium fails to seek in it where it is silent.
_EXACT_BYTES, _USUAL_BYTES, _MOST_BYTES = 1_000_000, 10_000_000, 15_000_000
# A file that goes on long after the length that its header says is not held either.
_STOP_BYTES = 2 * _MOST_BYTES
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
    """What the page plays: an address, and a sentence about it."""

    src: str = ""
    embedded: bool = False
    note: str = ""


@dataclass(frozen=True)
class Quality:
    """How the sound is encoded; with 0 kbit/s as WAV, which loses nothing."""

    kbit_s: int
    rate_hz: int
    channels: int


def choose_quality(
    duration_s: float, rate_hz: int, channels: int, *, exact: bool = True
) -> Quality | None:
    """Choose the best quality that keeps the page small enough; None: too long to embed.

    Args:
        duration_s: length of the recording; 0 if it is unknown.
        rate_hz: of the recording.
        channels: of the recording.
        exact: whether it may be WAV.

    >>> choose_quality(30, 16000, 1)
    Quality(kbit_s=0, rate_hz=16000, channels=1)
    >>> choose_quality(50, 44100, 2)
    Quality(kbit_s=128, rate_hz=44100, channels=2)
    >>> choose_quality(7200, 44100, 2)
    Quality(kbit_s=16, rate_hz=16000, channels=1)
    >>> choose_quality(36000, 44100, 2) is None
    True
    """
    if duration_s * _LADDER[-1][0] * 125 > _MOST_BYTES:
        return None
    known = duration_s > 0
    raw_bytes = 2 * duration_s * rate_hz * channels
    exact = exact and known and 8000 <= rate_hz <= 48000 and channels <= 2
    if exact and raw_bytes <= _EXACT_BYTES:
        return Quality(0, rate_hz, channels)
    steps = _LADDER if known and duration_s <= _SHORT_S else _LADDER[1:]
    fitting = (step for step in steps if duration_s * step[0] * 125 <= _USUAL_BYTES)
    kbit_s, top_hz, most = next(fitting, _LADDER[-1])
    # The next rate that MP3 knows: a little upsampling loses nothing.
    rate = next((r for r in _MP3_RATES if r >= rate_hz), _MP3_RATES[-1])
    return Quality(kbit_s, min(rate, top_hz), min(most, channels))


class Encoder:
    """Takes a recording block by block and encodes it on disk: memory stays small.

    Args:
        rate_hz: samples per second of the blocks.
        channels: their channels.
        quality: how to encode.
    """

    def __init__(self, rate_hz: int, channels: int, quality: Quality) -> None:
        import soxr

        self.quality = quality
        self._kind = "wav" if quality.kbit_s == 0 else "mp3"
        handle, name = tempfile.mkstemp(suffix=f".{self._kind}")
        os.close(handle)
        self._path = Path(name)
        self._mix = Downmix(rate_hz) if channels > quality.channels == 1 else None
        self._resampler = None
        if quality.rate_hz != rate_hz:
            self._resampler = soxr.ResampleStream(
                rate_hz, quality.rate_hz, quality.channels, dtype="float32"
            )
        writer = _Wav if quality.kbit_s == 0 else _Mp3
        self._writer: _Wav | _Mp3 | None = writer(name, quality)

    def push(self, samples: np.ndarray) -> None:
        """Take the next samples (c, t)."""
        mixed = samples if self._mix is None else self._mix.push(samples)[None]
        self._resample(mixed[: self.quality.channels].T, last=False)
        if self._path.stat().st_size > _STOP_BYTES:
            self._close_writer()

    def _resample(self, wave: np.ndarray, last: bool) -> None:
        if self._writer is None:
            return
        if self._resampler is not None:
            wave = self._resampler.resample_chunk(np.ascontiguousarray(wave), last=last)
        # In pieces, because the encoder works on a copy in its own format.
        for start in range(0, len(wave), 1 << 18):
            self._writer.write(wave[start : start + (1 << 18)])

    def _close_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()

    def result(self) -> str:
        """Finish, and return the sound as a `data:` address; empty if it became too long."""
        if self._writer is None:
            return ""
        if self._mix is not None:
            self._resample(self._mix.finish()[:, None], last=False)
        if self._resampler is not None:
            self._resample(np.zeros((0, self.quality.channels), np.float32), last=True)
        self._close_writer()
        data = self._path.read_bytes()
        self._path.unlink()
        kind = "wav" if self._kind == "wav" else "mpeg"
        return f"data:audio/{kind};base64," + base64.b64encode(data).decode()

    def close(self) -> None:
        """Leave nothing behind, finished or not."""
        with contextlib.suppress(Exception):
            self._close_writer()
        self._path.unlink(missing_ok=True)


class _Wav:
    """Samples (t, c) as WAV of 16 bits; those of a file of 16 bits stay as they are."""

    def __init__(self, path: str, quality: Quality) -> None:
        import soundfile

        self._file = soundfile.SoundFile(
            path, "w", quality.rate_hz, quality.channels, "PCM_16", format="WAV"
        )

    def write(self, wave: np.ndarray) -> None:
        self._file.write(np.clip(np.rint(wave * 32768), -32768, 32767).astype(np.int16))

    def close(self) -> None:
        self._file.close()


class _Mp3:
    """Samples (t, c) as MP3 of a constant bit rate."""

    def __init__(self, path: str, quality: Quality) -> None:
        import av

        self._rate_hz, self._count = quality.rate_hz, 0
        self._layout = "mono" if quality.channels == 1 else "stereo"
        self._out: Any = av.open(path, "w", format="mp3")
        # LAME's quality 7 takes half the time of its default; the bit rate stays the same.
        self._stream = self._out.add_stream(
            "libmp3lame", rate=quality.rate_hz, options={"compression_level": "7"}
        )
        self._stream.bit_rate = 1000 * quality.kbit_s
        self._stream.layout = self._layout

    def write(self, wave: np.ndarray) -> None:
        import av

        # Louder than full scale would be flattened by the decoder all the same.
        planes = np.ascontiguousarray(np.clip(wave.T, -1.0, 1.0), dtype=np.float32)
        frame = av.AudioFrame.from_ndarray(planes, format="fltp", layout=self._layout)
        frame.sample_rate = self._rate_hz
        frame.pts = self._count
        self._count += planes.shape[1]
        self._out.mux(self._stream.encode(frame))

    def close(self) -> None:
        try:
            self._out.mux(self._stream.encode(None))
        finally:
            self._out.close()


def linked(path: Path | None, page: Path) -> Player:
    """Play a file from where it lies, relative to the page; None: there is no file."""
    try:
        where = None if path is None else os.path.relpath(path, page.resolve().parent)
    except ValueError:  # another drive
        where = None
    if where is None:
        return Player(note="This recording is too long to be held in the page.")
    note = f"This recording is too long to be held in the page. The player reads {where}."
    return Player(src=quote(where.replace(os.sep, "/")), note=note)


def data_address(samples: np.ndarray, rate_hz: int) -> str:
    """Encode a short clip (c, t) for a small player."""
    quality = choose_quality(samples.shape[1] / rate_hz, rate_hz, 1, exact=False)
    assert quality is not None, "short clips always fit"
    small = Quality(min(64, quality.kbit_s), min(quality.rate_hz, 32000), 1)
    encoder = Encoder(rate_hz, len(samples), small)
    try:
        encoder.push(samples)
        return encoder.result()
    finally:
        encoder.close()
