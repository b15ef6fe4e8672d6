"""Compressed sound of a stream: decoded packet by packet with FFmpeg, as it comes."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from tympan.errors import AudioFileError
from tympan.live.sources.base import Wave


def decoded(
    source: Any,
    name: str,
    stop: threading.Event,
    *,
    options: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
) -> Iterator[tuple[int, Wave, bool]]:
    """Rate, samples `(c, t)`, and whether they begin anew, of the first track of sound.

    A packet that is damaged costs that packet, and what follows begins anew.

    Args:
        source: address, or a file object with `read`.
        name: for messages.
        stop: ends it.
        options: of FFmpeg's demuxer.
        timeout_s: how long opening, and each read, may take.

    Raises:
        AudioFileError: it cannot be opened, holds no sound, or breaks off.
    """
    import av

    try:
        container: Any = av.open(
            source,
            mode="r",
            options=dict(options or {}),
            timeout=timeout_s,
            metadata_errors="ignore",
        )
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise AudioFileError(f"cannot be opened: {_plain(error)}", file=name) from error
    with container:
        if not container.streams.audio:
            raise AudioFileError("holds no sound", file=name)
        try:
            yield from _frames(container, stop)
        except (av.error.FFmpegError, OSError) as error:
            raise AudioFileError(f"breaks off: {_plain(error)}", file=name) from error


def _frames(container: Any, stop: threading.Event) -> Iterator[tuple[int, Wave, bool]]:
    import av

    shape: tuple[Any, ...] = ()
    resampler: Any = None
    begins = True
    for packet in container.demux(container.streams.audio[0]):
        if stop.is_set():
            return
        try:
            frames = packet.decode()
        except (av.error.InvalidDataError, av.error.EOFError):
            begins = True
            continue
        for frame in frames:
            here = (frame.format.name, frame.layout.name, frame.sample_rate)
            if here != shape:
                resampler, begins = av.AudioResampler(format="fltp"), begins or shape != ()
                shape = here
            for ready in resampler.resample(frame):
                samples = np.ascontiguousarray(ready.to_ndarray(), dtype=np.float32)
                if samples.shape[1]:
                    yield ready.sample_rate, samples, begins
                    begins = False


def _plain(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error) or type(error).__name__
