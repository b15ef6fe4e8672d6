"""Sound files that benchmarks make on the spot: any format, any length, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

SEED = 0
# name → extension, and libsndfile's format and subtype or FFmpeg's container and codec.
SNDFILE = {
    "WAV, 16 bit": ("wav", "WAV", "PCM_16"),
    "WAV, 24 bit": ("wav", "WAV", "PCM_24"),
    "WAV, float": ("wav", "WAV", "FLOAT"),
    "WAV, µ-law": ("wav", "WAV", "ULAW"),
    "RF64": ("rf64", "RF64", "PCM_16"),
    "W64": ("w64", "W64", "PCM_16"),
    "AIFF, 16 bit": ("aiff", "AIFF", "PCM_16"),
    "AIFF, 24 bit": ("aiff", "AIFF", "PCM_24"),
    "AU": ("au", "AU", "PCM_16"),
    "CAF": ("caf", "CAF", "PCM_16"),
    "CAF, ALAC": ("caf", "CAF", "ALAC_16"),
    "FLAC": ("flac", "FLAC", "PCM_16"),
    "FLAC, 24 bit": ("flac", "FLAC", "PCM_24"),
    "MP3": ("mp3", "MP3", "MPEG_LAYER_III"),
    "Ogg Vorbis": ("ogg", "OGG", "VORBIS"),
    "Opus": ("opus", "OGG", "OPUS"),
}
FFMPEG = {
    "M4A (AAC)": ("m4a", "ipod", "aac"),
    "AAC (ADTS)": ("aac", "adts", "aac"),
    "MP4 (AAC)": ("mp4", "mp4", "aac"),
    "MOV, ALAC": ("mov", "mov", "alac"),
    "WebM (Opus)": ("webm", "webm", "libopus"),
    "Matroska (FLAC)": ("mka", "matroska", "flac"),
    "MP2": ("mp2", "mp2", "mp2"),
    "AC-3": ("ac3", "ac3", "ac3"),
    "WavPack": ("wv", "wv", "wavpack"),
    "TTA": ("tta", "tta", "tta"),
}
FORMATS = {**SNDFILE, **FFMPEG}
_INTEGER_ONLY = {"wavpack": "s16p", "tta": "s16", "alac": "s16p", "flac": "s16"}


def rate_of(name: str) -> int:
    """The usual rate of a format in Hz: Opus knows no 44.1 kHz."""
    return 48000 if "Opus" in name else 44100


def sound(duration_s: float, rate_hz: int, channels: int = 2, seed: int = SEED) -> np.ndarray:
    """A tone that wanders, in pink noise: float32 (c, t), each channel another."""
    from tympan.audio import synth

    options = {"duration_s": duration_s, "rate_hz": rate_hz}
    rows = []
    for channel in range(channels):
        number = 7 * seed + channel
        clip = synth.pink_noise(amplitude=0.3, seed=number, **options)
        tone = synth.chirp(100 + 50 * (number % 9), 3000, amplitude=0.4, **options)
        rows.append((clip + tone).samples[0])
    return np.stack(rows)


def write(path: Path, name: str, samples: np.ndarray, rate_hz: int, seconds: float = 0.0) -> None:
    """Write (c, t) in a format, over and over until it lasts `seconds`."""
    times = max(1, round(seconds * rate_hz / samples.shape[1]))
    parts = (samples for _ in range(times))
    if name in SNDFILE:
        _with_libsndfile(path, name, parts, rate_hz, len(samples))
    else:
        _with_ffmpeg(path, name, parts, rate_hz, len(samples))


def _with_libsndfile(
    path: Path, name: str, parts: Iterator[np.ndarray], rate_hz: int, channels: int
) -> None:
    import soundfile

    _, form, subtype = SNDFILE[name]
    with soundfile.SoundFile(path, "w", rate_hz, channels, subtype, format=form) as file:
        for samples in parts:
            for start in range(0, samples.shape[1], 1 << 14):  # libvorbis takes no large pieces
                file.write(np.ascontiguousarray(samples[:, start : start + (1 << 14)].T))


def _with_ffmpeg(
    path: Path, name: str, parts: Iterator[np.ndarray], rate_hz: int, channels: int
) -> None:
    import av

    _, container, codec = FFMPEG[name]
    layout = "stereo" if channels == 2 else "mono"
    with av.open(str(path), "w", format=container) as file:
        stream: Any = file.add_stream(codec, rate=rate_hz, layout=layout)
        context = stream.codec_context
        if codec in _INTEGER_ONLY:
            context.format = av.AudioFormat(_INTEGER_ONLY[codec])
        context.bit_rate = 96_000 * channels
        into = av.AudioResampler(
            context.format, layout, rate_hz, frame_size=context.frame_size or 1024
        )
        at = 0
        for samples in parts:
            for start in range(0, samples.shape[1], 1 << 14):
                piece = np.ascontiguousarray(samples[:, start : start + (1 << 14)])
                frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout=layout)
                frame.sample_rate, frame.pts = rate_hz, at
                at += piece.shape[1]
                for ready in into.resample(frame):
                    file.mux(stream.encode(ready))
        for ready in into.resample(None):
            file.mux(stream.encode(ready))
        file.mux(stream.encode(None))
