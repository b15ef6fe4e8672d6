"""Writing through FFmpeg (PyAV): AAC in M4A and MP4, Opus in WebM, ALAC in CAF."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from tympan.audio._decoders.ffmpeg_frames import ALAC_ORDER
from tympan.audio._pcm import as_stored
from tympan.audio._sound import Sound
from tympan.errors import AudioFileError

_LAYOUTS = {1: "mono", 2: "stereo"}
_ALAC_LAYOUTS = {
    **_LAYOUTS,
    3: "3.0",
    4: "4.0",
    5: "5.0",
    6: "5.1",
    7: "6.1(back)",
    8: "7.1(wide)",
}
_ALAC_FRAME = 4096
_PIECE = 1024
# What FFmpeg calls tags, where it has another word.
_WORDS = {"tracknumber": "track"}
_BITS_PER_SECOND = 96_000  # per channel: transparent for AAC and Opus


def write(sound: Sound, file: Any, container: str, codec: str, *, shown: str) -> None:
    """Encode a sound of one or two channels into an open file.

    Raises:
        AudioFileError: the codec does not take this rate or number of channels.
    """
    if sound.channels not in _LAYOUTS:
        raise AudioFileError(
            f"{container} is written with 1 or 2 channels, this clip has {sound.channels}",
            file=shown,
            fix="use clip.mono(), or choose .wav",
        )
    # MP4 keeps the true length in units of its time scale, a millisecond unless told.
    options = {} if container == "webm" else {"movie_timescale": str(sound.rate_hz)}
    with _refusals(sound, codec, shown):
        _encode(sound, file, container, codec, _LAYOUTS[sound.channels], options)


def write_alac(sound: Sound, file: Any, *, shown: str) -> None:
    """Write a sound of up to eight channels as ALAC of 24 bits in CAF, losslessly.

    Raises:
        AudioFileError: too many channels.
    """
    if sound.channels not in _ALAC_LAYOUTS:
        raise AudioFileError(
            f"ALAC holds at most {max(_ALAC_LAYOUTS)} channels, this clip has {sound.channels}",
            file=shown,
            fix="choose .wav",
        )
    # FFmpeg takes the channels in its own order; the file shall have them in the clip's.
    order = np.argsort(ALAC_ORDER.get(sound.channels, range(sound.channels)))

    def moved(count: int) -> Iterator[np.ndarray]:
        return (piece[:, order] for piece in sound.pieces(count))

    with _refusals(sound, "alac", shown):
        layout = _ALAC_LAYOUTS[sound.channels]
        _encode(replace(sound, pieces=moved), file, "caf", "alac", layout, {})


@contextmanager
def _refusals(sound: Sound, codec: str, shown: str) -> Iterator[None]:
    import av

    av.logging.set_level(None)
    try:
        yield
    except (av.FFmpegError, ValueError, OSError) as error:
        raise AudioFileError(
            f"{codec} cannot hold {sound.channels} channels at {sound.rate_hz} Hz ({error})",
            file=shown,
            fix="resample it to 48000 Hz, or choose .wav",
        ) from error


def _encode(
    sound: Sound, file: Any, container: str, codec: str, layout: str, options: dict[str, str]
) -> None:
    import av

    with av.open(file, "w", format=container, container_options=options) as out:
        stream: Any = out.add_stream(codec, rate=sound.rate_hz, layout=layout)
        for name, value in (sound.tags or {}).items():
            if name != "software":  # FFmpeg signs itself
                out.metadata[_WORDS.get(name, name)] = value
        exact = codec == "alac"
        if exact:
            stream.codec_context.format = av.AudioFormat("s32p")
        else:
            stream.codec_context.bit_rate = _BITS_PER_SECOND * sound.channels
        into = av.AudioResampler(stream.codec_context.format, layout, sound.rate_hz)
        step = _ALAC_FRAME if exact else _PIECE
        start = 0
        for piece in sound.pieces(step):
            count = len(piece)
            piece = as_stored(piece, "PCM_24") if exact else piece
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(piece).reshape(1, -1),
                format="s32" if exact else "flt",
                layout=layout,
            )
            frame.sample_rate, frame.pts = sound.rate_hz, start
            start += count
            for ready in into.resample(frame):
                out.mux(stream.encode(ready))
        for ready in into.resample(None):
            out.mux(stream.encode(ready))
        out.mux(stream.encode(None))
