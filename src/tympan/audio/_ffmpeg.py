"""Reading through FFmpeg (PyAV): M4A, WebM, MP4 and anything else with an audio track."""

from __future__ import annotations

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
_PREROLL_S = 0.25


class FFmpegReader:
    """The best audio track of a file open in FFmpeg."""

    def __init__(self, opened: Opened) -> None:
        import av

        av.logging.set_level(None)
        self._opened = opened
        self._errors = (av.FFmpegError, ValueError, OSError, RuntimeError, EOFError, IndexError)
        self._container: Any = None
        try:
            self._container = av.open(
                opened.file, container_options=_OPTIONS, metadata_errors="replace"
            )
            stream = self._container.streams.best("audio")
            if stream is None:
                raise DecodeError("it has no audio track")
            self._stream = stream
            self._begin()
            self.info = self._describe(opened.name)
        except self._errors as error:
            self._release()
            raise DecodeError(_plain(error)) from error
        except BaseException:
            self._release()
            raise

    def _begin(self) -> None:
        """Decode the first frame: it knows rate and channels better than the header."""
        self._frames = self._decode()
        first = next(self._frames, None)
        if first is None:
            raise DecodeError("its audio track holds no samples")
        self._rate, self._channels = first.sample_rate, len(first.layout.channels)
        self._origin_s = float(first.pts * first.time_base) if first.pts is not None else 0.0
        self._first_length = first.samples
        self._left = _to_array(first)
        self._position = 0

    def _describe(self, name: str) -> AudioInfo:
        stream, context = self._stream, self._stream.codec_context
        seconds = None
        if stream.duration is not None and stream.time_base is not None:
            seconds = float(stream.duration * stream.time_base)
        elif self._container.duration is not None:
            seconds = self._container.duration / 1e6
        seconds = seconds if seconds is not None and seconds > 0 else None
        return AudioInfo(
            path=name,
            container=self._container.format.name,
            codec=context.name,
            rate_hz=int(self._rate),
            channels=int(self._channels),
            num_samples=round(seconds * self._rate) if seconds else None,
            duration_s=seconds,
        )

    def _decode(self) -> Iterator[Any]:
        for packet in self._container.demux(self._stream):
            for frame in packet.decode():
                if frame.samples:
                    yield frame

    def seek(self, sample: int) -> None:
        """Go to a sample: to a packet shortly before it, then decode up to it."""
        if sample == self._position:
            return
        target_s = self._origin_s + sample / self._rate
        base = self._stream.time_base
        try:
            self._container.seek(
                max(0, int((target_s - _PREROLL_S) / base)), stream=self._stream, backward=True
            )
            self._frames = self._decode()
            first = next(self._frames, None)
        except self._errors as error:
            raise DecodeError(_plain(error)) from error
        if first is None:
            self._left, self._position = self._left[:0], sample
            return
        self._left = _to_array(first)
        self._position = self._index_of(first)
        while self._position < sample:
            skipped = len(self.read(min(sample - self._position, 1 << 16)))
            if skipped == 0:
                return

    def _index_of(self, frame: Any) -> int:
        if frame.pts is None:
            raise DecodeError("its packets carry no times")
        index = (float(frame.pts * frame.time_base) - self._origin_s) * self._rate
        # WebM rounds times to milliseconds; codecs of one frame length let us undo that.
        size = frame.codec_frame_size if hasattr(frame, "codec_frame_size") else frame.samples
        nearest = self._first_length + round((index - self._first_length) / size) * size
        return max(0, nearest if index >= self._first_length / 2 else 0)

    def read(self, count: int) -> np.ndarray:
        """Return up to `count` samples `(t, c)`."""
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


def _to_array(frame: Any) -> np.ndarray:
    """A decoded frame as float32 `(t, c)`."""
    array = frame.to_ndarray()
    channels = len(frame.layout.channels)
    if not frame.format.is_planar:
        array = array.reshape(-1, channels).T
    kind = array.dtype
    if kind.kind == "f":
        return np.ascontiguousarray(array.T, dtype=np.float32)
    offset = 128 if kind == np.uint8 else 0
    scale = float(1 << (8 * kind.itemsize - 1))
    return np.ascontiguousarray(((array.T.astype(np.float64) - offset) / scale).astype(np.float32))


def _plain(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
