"""Sound on its way to a client, encoded while it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError

Wave = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SoundFormat:
    """A format that can be written from front to back.

    Attributes:
        media: its media type.
        container: FFmpeg's name; empty: written here.
        codec: FFmpeg's name.
        rates: the rates that it has, the preferred one first; none: any.
        bits_per_second: for one channel; 0: lossless.
    """

    media: str
    container: str = ""
    codec: str = ""
    rates: tuple[int, ...] = ()
    bits_per_second: int = 0


FORMATS = {
    "wav": SoundFormat("audio/wav"),
    # Without a header nobody could tell the rate: it is that of OpenAI's server.
    "pcm": SoundFormat("audio/pcm", rates=(24_000,)),
    "flac": SoundFormat("audio/flac", "flac", "flac"),
    "mp3": SoundFormat(
        "audio/mpeg", "mp3", "libmp3lame",
        (44_100, 48_000, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000), 64_000,
    ),
    "opus": SoundFormat("audio/ogg", "ogg", "libopus", (48_000, 24_000, 16_000), 48_000),
    "ogg": SoundFormat("audio/ogg", "ogg", "libopus", (48_000, 24_000, 16_000), 48_000),
    "aac": SoundFormat(
        "audio/aac", "adts", "aac",
        (48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000), 64_000,
    ),
}  # fmt: skip


def sound_format(name: str) -> SoundFormat:
    """The format of that name.

    Raises:
        ArgumentError: there is none.
    """
    if name not in FORMATS:
        raise ArgumentError(f"sound is not sent as {name!r}", fix=f"one of {', '.join(FORMATS)}")
    return FORMATS[name]


class Encoder:
    """Takes samples and gives the bytes that are ready.

    Args:
        name: one of `FORMATS`.
        rate_hz: of the samples.
        tags: what the file says of itself, where the format has a place for it.

    >>> encoder = Encoder("wav", 8000, {})
    >>> encoder.push(np.zeros(8, np.float32))[:4], encoder.finish()
    (b'RIFF', b'')
    """

    def __init__(self, name: str, rate_hz: int, tags: Mapping[str, str]) -> None:
        from tympan.audio._resample import Resampler

        self._format, self._tags = sound_format(name), tags
        rates = self._format.rates
        self.rate_hz = rate_hz if not rates or rate_hz in rates else rates[0]
        self._resampler = None
        if self.rate_hz != rate_hz:
            self._resampler = Resampler(rate_hz, self.rate_hz, 1)
        self._begun = False
        self._out: Any = None
        self._buffer = _Buffer()
        self._stream: Any = None
        self._at = 0

    def push(self, samples: Wave) -> bytes:
        """Take the next samples `(t,)`; the bytes that are ready."""
        return self._encoded(self._resampled(samples, last=False))

    def finish(self) -> bytes:
        """The bytes that remain."""
        rest = self._encoded(self._resampled(np.zeros(0, np.float32), last=True))
        if self._out is not None:
            self._out.mux(self._stream.encode(None))
            self._out.close()
            rest += self._buffer.taken()
        return rest

    def _resampled(self, samples: Wave, *, last: bool) -> Wave:
        if self._resampler is None:
            return samples
        ready: Wave = self._resampler.push(samples[:, None], last=last)[:, 0]
        return ready

    def _encoded(self, samples: Wave) -> bytes:
        from tympan.audio import _wav

        if not len(samples):
            return b""
        if self._format.container:
            return self._muxed(samples)
        head = b""
        if not self._begun and self._format.media == "audio/wav":
            head = _wav.header(self.rate_hz, 1, "PCM_16", self._tags)
        self._begun = True
        return head + _wav.to_bytes(samples[:, None], "PCM_16")

    def _muxed(self, samples: Wave) -> bytes:
        import av

        if self._out is None:
            self._open()
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples)[None], format="flt", layout="mono"
        )
        frame.sample_rate, frame.pts = self.rate_hz, self._at
        self._at += len(samples)
        # The encoder's `flt` may be planar, or whole numbers.
        for ready in self._into.resample(frame):
            self._out.mux(self._stream.encode(ready))
        return self._buffer.taken()

    def _open(self) -> None:
        import av

        form = self._format
        self._out = av.open(self._buffer, "w", format=form.container)
        self._stream = self._out.add_stream(form.codec, rate=self.rate_hz, layout="mono")
        tags = dict(self._tags)
        if form.container in ("flac", "ogg") and "comment" in tags:
            # FFmpeg calls a comment a description there, which libsndfile does not read.
            tags["copyright"] = tags["comment"]
        for name, value in tags.items():
            if name != "software":  # FFmpeg signs itself
                self._out.metadata[name] = value
        context = self._stream.codec_context
        if form.bits_per_second:
            context.bit_rate = form.bits_per_second
        self._into = av.AudioResampler(context.format, "mono", self.rate_hz)


class _Buffer:
    """What FFmpeg writes into; it cannot go back in it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        found, self._parts = b"".join(self._parts), []
        return found
