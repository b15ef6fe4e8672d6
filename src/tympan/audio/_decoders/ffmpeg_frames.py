"""Decoded frames, one after another, and what could not be decoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tympan.audio._containers import mpeg
from tympan.audio._decoders.convert import Converter
from tympan.audio._decoders.ffmpeg_input import Input, plain
from tympan.audio._reader import DecodeError
from tympan.audio._source import Opened

# PyAV 18.1 finds the planes of a frame by the NULL pointer behind them, which is missing from here
# on: it reads beyond the array, and the process dies.
_PLANES = 8
# FFmpeg gives ALAC's channels in its own order; CAF files hold any channels, in the file's order.
ALAC_ORDER = {
    3: [2, 0, 1],
    4: [2, 0, 1, 3],
    5: [2, 0, 1, 3, 4],
    6: [2, 0, 1, 4, 5, 3],
    7: [2, 0, 1, 4, 5, 6, 3],
    8: [2, 6, 7, 0, 1, 4, 5, 3],
}
_ANY = 64  # as many channels as a decoder of AAC can be told of
_MOST_RESUMED = 20  # how often a damaged container is gone on with


@dataclass(frozen=True)
class Bad:
    """A packet that could not be decoded."""

    reason: str
    time_s: float | None
    samples: int  # as many as the frame before it had
    ends: bool = False  # nothing follows


class Frames:
    """The frames of a track, with `Bad` in the place of a packet that is damaged.

    Raises:
        DecodeError: there is none that can be decoded.
    """

    def __init__(self, source: Input) -> None:
        self.source = source
        self.longest = 0  # samples of the longest frame
        self.converter: Converter | None = None
        self.ends_whole = True
        self.corrupt = 0  # packets that the container says are damaged
        self._good = self._bad = 0
        self._repack: Any = None
        self._waiting: list[Any] = []
        self._stream = self._decode()
        first = None
        for item in self._stream:
            self._waiting.append(item)
            if not isinstance(item, Bad):
                first = item
                break
        if first is None:
            if self._waiting:
                raise DecodeError(self._waiting[0].reason)
            raise DecodeError("its audio track holds no samples", empty=True)
        self.rate_hz, self.channels = int(first.sample_rate), len(first.layout.channels)
        self.first_time_s = source.time_s(first)
        self._waiting = [
            Bad(item.reason, item.time_s, first.samples, item.ends)
            if isinstance(item, Bad)
            else item
            for item in self._waiting
        ]

    def __iter__(self) -> Iterator[Any]:
        while self._waiting:
            yield self._waiting.pop(0)
        yield from self._stream

    def skip(self, samples: int) -> int | None:
        """Leave out packets of MP3 without decoding them, up to so many samples.

        Returns:
            The samples left out; None where a packet is not like the first one, so that its
            samples cannot be known: then one must begin again.
        """
        usual, skipped = None, 0
        for packet in self._packets:
            stated = mpeg.frame(bytes(packet)[:4]) if packet.size else None
            usual = usual or stated
            if stated is None or usual is None or stated[1:] != usual[1:]:
                return None
            if stated[0] != packet.size:  # junk in it
                return None
            skipped += stated[1]
            if skipped + stated[1] > samples:
                self.source.stream.codec_context.flush_buffers()
                return skipped
        return None

    @property
    def mostly_good(self) -> bool:
        """Whether what is damaged is the exception."""
        return self._bad <= 10 + self._good

    def _decode(self) -> Iterator[Any]:
        resumed = 0
        while True:
            try:
                yield from self._demux()
                return
            except self.source.errors as error:
                resumed += 1
                self._bad += 1
                yield Bad(plain(error), None, 0, ends=True)
                if resumed > _MOST_RESUMED:
                    return

    def _demux(self) -> Iterator[Any]:
        source, length = self.source, 0
        decoder = source.stream.codec_context
        self._packets = source.container.demux(source.stream)
        for packet in self._packets:
            self.corrupt += packet.is_corrupt and source.broadcast
            if packet.size and source.mpeg:
                self.ends_whole = _is_whole(packet)
            try:
                frames = decoder.decode(packet)
                if _is_misled(decoder, frames):
                    decoder = _fresh(decoder)
                    raise ValueError("a packet changes how its track is laid out")
            except source.errors as error:
                if packet.size:  # not at the end, where decoders are emptied
                    self._bad += 1
                    yield Bad(plain(error), source.time_s(packet), length)
                continue
            self._good += 1
            for frame in frames:
                if frame.samples:
                    length = frame.samples
                    self.longest = max(self.longest, length)
                    yield frame

    def to_array(self, frame: Any) -> np.ndarray:
        """A frame's samples as float32 `(t, c)`."""
        channels = len(frame.layout.channels)
        if (frame.format.is_planar and channels >= _PLANES) or "64" in frame.format.name:
            array = self._packed(frame, channels)
        else:
            array = frame.to_ndarray()
            array = array.T if frame.format.is_planar else array.reshape(-1, channels)
        if self.source.container_name == "caf" and self.source.codec == "alac":
            array = array[:, ALAC_ORDER.get(channels, slice(None))]
        kind = array.dtype
        if kind.kind == "f":
            return np.ascontiguousarray(array, dtype=np.float32)
        offset = 128 if kind == np.uint8 else 0
        scale = float(1 << (8 * kind.itemsize - 1))
        return ((array.astype(np.float64) - offset) / scale).astype(np.float32, order="C")

    def _packed(self, frame: Any, channels: int) -> np.ndarray:
        """Samples that PyAV cannot take out of a frame, interleaved by FFmpeg itself."""
        import av

        kind = frame.format.name, frame.layout.name, frame.sample_rate
        if self._repack is None or self._repack[0] != kind:
            # Integers of 64 bits have no place in PyAV's table.
            form = av.AudioFormat("dbl") if "64" in frame.format.name else frame.format.packed
            packed = av.AudioResampler(form, frame.layout, frame.sample_rate)
            self._repack = kind, packed
        parts = [part.to_ndarray() for part in self._repack[1].resample(frame)]
        return np.concatenate(parts, axis=1).reshape(-1, channels)


def first_track(opened: Opened) -> Frames:
    """Open the best track of a file, or another one where nothing of that can be decoded.

    Raises:
        DecodeError: no track can be decoded.
    """
    failure: DecodeError | None = None
    choice = 0
    while True:
        source = None
        try:
            source = Input(opened, choice)
            return Frames(source)
        except BaseException as error:
            if source is not None:
                source.close()
            if not isinstance(error, DecodeError):
                raise
            failure = failure or error
            choice += 1
            if source is None or choice >= source.tracks:
                raise failure from None


def _is_misled(decoder: Any, frames: list[Any]) -> bool:
    """Whether noise made a decoder of AAC believe in more channels, for all that follows.

    Its track says in the container once and for all how it is laid out (no other may be in its
    packets: ISO/IEC 14496-3); one or two may become two or one (parametric stereo).
    """
    if decoder.codec.canonical_name != "aac" or not decoder.extradata:
        return False
    return any(len(frame.layout.channels) > max(2, _stated(decoder)) for frame in frames)


def _stated(decoder: Any) -> int:
    """The channels in the AudioSpecificConfig of an AAC track; 0 means: in its own table."""
    first, second = (*decoder.extradata, 0)[:2]
    object_type, rate, channels = first >> 3, (first & 7) << 1 | second >> 7, second >> 3 & 15
    plain_form = object_type < 31 and rate < 15 and 0 < channels < 8
    return (channels if channels < 7 else 8) if plain_form else _ANY


def _fresh(decoder: Any) -> Any:
    """A decoder of the same track that has read nothing; to flush it would not be enough."""
    import av

    other = av.CodecContext.create(decoder.codec.name, "r")
    other.extradata, other.flags2 = decoder.extradata, decoder.flags2
    return other


def _is_whole(packet: Any) -> bool:
    """Whether a packet of MPEG audio has the length that its own header states."""
    stated = mpeg.frame(bytes(packet)[:4])
    return stated is None or stated[0] == packet.size
