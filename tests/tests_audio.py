"""One short sound in every format that tympan reads, made here: nothing is checked in."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from functools import cache

import numpy as np

from tympan.audio import Clip, synth
from tympan.audio._save import encode

SECONDS = 1.2
RATE_HZ = 16_000

# name → libsndfile's format and subtype
SNDFILE = {
    "wav-u8": ("WAV", "PCM_U8"),
    "wav-16": ("WAV", "PCM_16"),
    "wav-24": ("WAV", "PCM_24"),
    "wav-32": ("WAV", "PCM_32"),
    "wav-float": ("WAV", "FLOAT"),
    "wav-double": ("WAV", "DOUBLE"),
    "wav-alaw": ("WAV", "ALAW"),
    "wav-mulaw": ("WAV", "ULAW"),
    "wav-ima": ("WAV", "IMA_ADPCM"),
    "rf64": ("RF64", "PCM_16"),
    "w64": ("W64", "PCM_16"),
    "flac-16": ("FLAC", "PCM_16"),
    "flac-24": ("FLAC", "PCM_24"),
    "vorbis": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "aiff-16": ("AIFF", "PCM_16"),
    "aiff-24": ("AIFF", "PCM_24"),
    "aiff-float": ("AIFF", "FLOAT"),
    "au": ("AU", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "caf-alac": ("CAF", "ALAC_16"),
}
# name → FFmpeg's container and codec
FFMPEG = {
    "m4a": ("ipod", "aac"),
    "mp4": ("mp4", "aac"),
    "mov-pcm": ("mov", "pcm_s16le"),
    "mov-alac": ("mov", "alac"),
    "webm": ("webm", "libopus"),
    "mkv-aac": ("matroska", "aac"),
    "mkv-flac": ("matroska", "flac"),
    "adts": ("adts", "aac"),
    "mpegts": ("mpegts", "aac"),
    "mp2": ("mp2", "mp2"),
    "avi-mp3": ("avi", "mp3"),
    "flv": ("flv", "aac"),
    "wavpack": ("wv", "wavpack"),
    "tta": ("tta", "tta"),
    "ogg-flac": ("ogg", "flac"),
}
LOSSLESS = {
    "wav-16", "wav-24", "wav-32", "wav-float", "wav-double", "rf64", "w64", "flac-16", "flac-24",
    "aiff-16", "aiff-24", "aiff-float", "au", "caf", "caf-alac", "mov-pcm", "mov-alac", "mkv-flac",
    "wavpack", "tta", "ogg-flac",
}  # fmt: skip


def recording(seconds: float = SECONDS, rate_hz: int = RATE_HZ) -> Clip:
    """Stereo, tonal on the left and noisier on the right, on the grid of 16 bits."""
    options = {"duration_s": seconds, "rate_hz": rate_hz}
    left = synth.chirp(100, 3000, amplitude=0.4, **options)
    right = synth.sine(523, amplitude=0.3, **options)
    right = right + synth.pink_noise(amplitude=0.2, seed=1, **options)
    both = Clip(np.concatenate([left.samples, right.samples]), rate_hz)
    return synth.quantize(both, 16)


@cache
def encoded(name: str) -> bytes:
    """The recording as the bytes of a file."""
    if name in SNDFILE:
        return encode(recording(), *SNDFILE[name])
    return _ffmpeg(*FFMPEG[name])


def _ffmpeg(container: str, codec: str) -> bytes:
    return muxed(recording(), container, codec)


def muxed(
    clip: Clip,
    container: str,
    codec: str,
    keep: Callable[[float], bool] = lambda _: True,
    layout: str | None = None,
) -> bytes:
    """A clip as the bytes of a file that FFmpeg writes.

    Args:
        keep: whether a packet of this time stamp (seconds) is sent; the others are lost.
        layout: names of the channels, mono or stereo by themselves.
    """
    import av

    file = io.BytesIO()
    timed = container in ("ipod", "mp4", "mov")
    options = {"movie_timescale": str(clip.rate_hz)} if timed else {}
    layout = layout or {1: "mono", 2: "stereo"}[clip.channels]
    with av.open(file, "w", format=container, container_options=options) as out:
        stream = out.add_stream(codec, rate=clip.rate_hz, layout=layout)
        if codec == "aac":
            # Its stand-in for noise is drawn anew at each decoding: no two would be equal.
            stream.options = {"aac_pns": "0"}
        context = stream.codec_context
        if codec in ("wavpack", "tta"):  # they would choose 8 bits
            context.format = av.AudioFormat("s16p" if codec == "wavpack" else "s16")
        into = av.AudioResampler(
            context.format, layout, context.sample_rate, frame_size=context.frame_size or 1024
        )
        # Interleaved: PyAV cannot hand over more than seven planes.
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(clip.samples.T).reshape(1, -1), format="flt", layout=layout
        )
        frame.sample_rate, frame.pts = clip.rate_hz, 0
        frames = [*into.resample(frame), *into.resample(None)]
        packets = [packet for one in frames for packet in stream.encode(one)]
        for packet in [*packets, *stream.encode(None)]:
            if packet.pts is None or keep(float(packet.pts * packet.time_base)):
                out.mux(packet)
    return file.getvalue()


def patched(data: bytes, at: int, form: str, *values: float) -> bytes:
    """A file with some bytes exchanged; `form` as in `struct`."""
    new = struct.pack(form, *values)
    return data[:at] + new + data[at + len(new) :]
