"""Reading through FFmpeg (PyAV): MP3, M4A, WebM, MP4 and anything else with an audio track."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from tympan.audio._reader import AudioInfo, DecodeError
from tympan.audio._source import Opened

# Containers of recordings. What is left out on purpose: playlists (hls, concat, dash, sdp), which
# open other files and addresses; devices; headerless formats and text, which match any bytes.
_CONTAINERS = (
    "3dostr,aac,ac3,aiff,amr,ape,asf,ast,au,avi,caf,dsf,dts,dtshd,eac3,flac,flv,gxf,iff,ircam,"
    "matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mlp,mp3,mpc,mpc8,mpeg,mpegts,mxf,nistsphere,nut,nsv,"
    "ogg,oma,qcp,rm,shn,sox,swf,tak,truehd,tta,voc,vqf,w64,wav,wtv,wv,xwma"
)
_OPTIONS = {"format_whitelist": _CONTAINERS, "protocol_whitelist": "pipe"}
# Decoders with memory (MP3's bit reservoir, Opus' predictor) settle within this time.
_PREROLL_S = 0.5
# In these, junk between packets is common (tags, cuts on the air), and every player skips it.
_SKIP_JUNK = {"mp3", "mp2", "mp1"}
_EXACT = {"mov,mp4,m4a,3gp,3g2,mj2", "caf", "wav", "w64", "aiff", "au", "flac", "tta", "wv"}
# Here FFmpeg guesses the duration from the bit rate.
_NO_LENGTH = {"aac", "ac3", "eac3", "dts", "dtshd", "mlp", "truehd", "amr", "mp3", "mpeg", "mpegts"}
_CODEC_BITS = re.compile(r"pcm_[suf](\d+)")
_LOSSLESS = {"flac", "alac", "wavpack", "tta", "ape", "tak", "mlp", "truehd"}


class FFmpegReader:
    """The best audio track of a file open in FFmpeg."""

    def __init__(self, opened: Opened) -> None:
        import av

        av.logging.set_level(None)
        self._opened = opened
        self._errors = (av.FFmpegError, ValueError, OSError, RuntimeError, EOFError, IndexError)
        self._container: Any = None
        try:
            self._begin()
            self.info = self._describe(opened.name)
            self.promised_s = self.info.duration_s if self._states_length() else None
            self.slack_s = 0.1 + 0.02 * (self.info.duration_s or 0.0)
        except self._errors as error:
            self._release()
            raise DecodeError(_plain(error)) from error
        except BaseException:
            self._release()
            raise

    def _begin(self) -> None:
        """Open at the first frame: it knows rate and channels better than the header."""
        import av

        self._release()
        self._opened.file.seek(0)
        self._container = av.open(
            self._opened.file, container_options=_OPTIONS, metadata_errors="replace"
        )
        self._stream = self._container.streams.best("audio")
        if self._stream is None:
            raise DecodeError("it has no audio track")
        if self._stream.codec_context is None:
            raise DecodeError("the codec of its audio track is unknown")
        if self._container.format.name == "caf":
            # Its last ALAC packet says itself how much it holds; FFmpeg would cut that twice.
            self._stream.codec_context.flags2 |= av.codec.context.Flags2.skip_manual
        self._frames = self._decode()
        first = next(self._frames, None)
        if first is None:
            raise DecodeError("its audio track holds no samples", empty=True)
        self._rate, self._channels = first.sample_rate, len(first.layout.channels)
        self._origin_s = float(first.pts * first.time_base) if first.pts is not None else 0.0
        self._first_length = first.samples
        self._left = _to_array(first)
        self._position = 0

    def _describe(self, name: str) -> AudioInfo:
        stream, container = self._stream, self._container
        seconds = None
        if stream.duration is not None and stream.time_base is not None:
            seconds = float(stream.duration * stream.time_base)
        elif container.duration is not None:
            seconds = container.duration / 1e6
        # These count in samples and know the true end; what the codec pads behind it is dropped.
        exact = seconds is not None and container.format.name in _EXACT
        exact = exact and stream.time_base * self._rate == 1
        self._total = round(seconds * self._rate) if exact and seconds else None
        codec = stream.codec_context.codec.canonical_name
        stored = _CODEC_BITS.match(codec)
        bits = int(stored.group(1)) if stored else None
        if codec in _LOSSLESS and stream.codec_context.format is not None:
            bits = stream.codec_context.format.bits
        return AudioInfo(
            path=name,
            container=container.format.name,
            codec=codec,
            rate_hz=int(self._rate),
            channels=int(self._channels),
            num_samples=self._total,
            duration_s=seconds if seconds is not None and seconds > 0 else None,
            bits=bits,
        )

    def _states_length(self) -> bool:
        """Whether the duration is written in the file and is that of the sound."""
        container = self._container
        if container.format.name in _NO_LENGTH:
            # MP3 may state it, in a first frame without sound.
            head = self._opened.read_at(0, 1 << 16)
            return container.format.name == "mp3" and (b"Xing" in head or b"Info" in head)
        # A film's length says nothing about where its sound ends.
        return self._stream.duration is not None or len(container.streams) == 1

    def _decode(self) -> Iterator[Any]:
        import av

        tolerant = self._stream.codec_context.codec.canonical_name in _SKIP_JUNK
        good = bad = 0
        for packet in self._container.demux(self._stream):
            try:
                frames = packet.decode()
            except av.InvalidDataError:
                bad += 1
                if not tolerant or bad > 10 + good:
                    raise
                continue
            good += 1
            yield from (frame for frame in frames if frame.samples)

    def seek(self, sample: int) -> None:
        """Go to a sample: to a packet shortly before it, then decode up to it."""
        preroll = round(_PREROLL_S * self._rate)
        ahead = sample - self._position
        try:
            if sample < 2 * preroll and ahead < 0:
                # Only a fresh start drops the codec's lead-in as the first pass did.
                self._begin()
            elif not 0 <= ahead < 2 * preroll and sample >= 2 * preroll:
                self._jump(sample - preroll)
        except self._errors as error:
            raise DecodeError(_plain(error)) from error
        while self._position < sample:
            if len(self.read(min(sample - self._position, 1 << 16))) == 0:
                return

    def _jump(self, sample: int) -> None:
        """Go to the last packet that starts before a sample."""
        target_s = self._origin_s + sample / self._rate
        offset = int(target_s / self._stream.time_base)
        self._container.seek(max(0, offset), stream=self._stream, backward=True)
        self._frames = self._decode()
        first = next(self._frames, None)
        if first is None:
            self._left, self._position = self._left[:0], sample
            return
        if first.pts is None:
            raise DecodeError("its packets carry no times")
        index = round((float(first.pts * first.time_base) - self._origin_s) * self._rate)
        self._left, self._position = _to_array(first), self._snap(index, first.samples)

    def _snap(self, index: int, size: int) -> int:
        """Undo the rounding of times (to milliseconds in WebM) where frames have one length."""
        nearest = self._first_length + round((index - self._first_length) / size) * size
        return nearest if abs(nearest - index) * 1000 < 2 * self._rate and nearest > 0 else index

    def read(self, count: int) -> np.ndarray:
        """Return up to `count` samples `(t, c)`."""
        if self._total is not None:
            count = max(0, min(count, self._total - self._position))
        parts, have = [self._left], len(self._left)
        try:
            while have < count:
                frame = next(self._frames, None)
                if frame is None:
                    break
                if frame.sample_rate != self._rate or len(frame.layout.channels) != self._channels:
                    raise DecodeError("its sampling rate or channels change on the way")
                parts.append(_to_array(frame))
                have += len(parts[-1])
        except self._errors as error:
            raise DecodeError(_plain(error)) from error
        block = np.concatenate(parts) if len(parts) > 1 else parts[0]
        self._left = block[count:]
        self._position += len(block[:count])
        return block[:count]

    def close(self) -> None:
        """Close the decoder, and the file if it was opened for it."""
        self._release()
        self._opened.close()

    def _release(self) -> None:
        if self._container is not None:
            self._container.close()
            self._container = None


def _to_array(frame: Any) -> np.ndarray:
    """A decoded frame as float32 `(t, c)`."""
    array = frame.to_ndarray()
    if not frame.format.is_planar:
        array = array.reshape(-1, len(frame.layout.channels)).T
    kind = array.dtype
    if kind.kind == "f":
        return np.ascontiguousarray(array.T, dtype=np.float32)
    offset = 128 if kind == np.uint8 else 0
    scale = float(1 << (8 * kind.itemsize - 1))
    return np.ascontiguousarray(((array.T.astype(np.float64) - offset) / scale).astype(np.float32))


def _plain(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
