"""Writing through FFmpeg (PyAV): AAC in M4A and MP4, Opus in WebM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import AudioFileError

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

_LAYOUTS = {1: "mono", 2: "stereo"}
_PIECE = 1024
_BITS_PER_SECOND = 96_000  # per channel: transparent for AAC and Opus


def write(clip: Clip, path: Path, container: str, codec: str, *, shown: str) -> None:
    """Encode a clip of one or two channels.

    Raises:
        AudioFileError: the codec does not take this rate or number of channels.
    """
    import av

    av.logging.set_level(None)
    if clip.channels not in _LAYOUTS:
        raise AudioFileError(
            f"{container} is written with 1 or 2 channels, this clip has {clip.channels}",
            file=shown,
            fix="use clip.mono(), or choose .wav",
        )
    layout = _LAYOUTS[clip.channels]
    try:
        # MP4 keeps the true length in units of its time scale, a millisecond unless told.
        options = {} if container == "webm" else {"movie_timescale": str(clip.rate_hz)}
        with av.open(str(path), "w", format=container, container_options=options) as file:
            stream: Any = file.add_stream(codec, rate=clip.rate_hz, layout=layout)
            stream.codec_context.bit_rate = _BITS_PER_SECOND * clip.channels
            into = av.AudioResampler(stream.codec_context.format, layout, clip.rate_hz)
            for start in range(0, clip.num_samples, _PIECE):
                piece = np.ascontiguousarray(clip.samples[:, start : start + _PIECE])
                frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
                frame.sample_rate, frame.pts = clip.rate_hz, start
                for ready in into.resample(frame):
                    file.mux(stream.encode(ready))
            for ready in into.resample(None):
                file.mux(stream.encode(ready))
            file.mux(stream.encode(None))
    except (av.FFmpegError, ValueError, OSError) as error:
        raise AudioFileError(
            f"{codec} cannot hold {clip.channels} channels at {clip.rate_hz} Hz ({error})",
            file=shown,
            fix="resample it to 48000 Hz, or choose .wav",
        ) from error
