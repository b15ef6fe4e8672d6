"""Real codecs: encode and decode one item in memory."""

from __future__ import annotations

import importlib
import importlib.util
import io
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tympan.errors import ArgumentError, MissingDependencyError

# Name → container and codec in libsndfile.
CODECS = {
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "opus": ("OGG", "OPUS"),
    "vorbis": ("OGG", "VORBIS"),
}
# The only sample rates that a codec takes; Vorbis takes all.
RATES_HZ = {
    "mp3": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    "opus": (8000, 12000, 16000, 24000, 48000),
}
MP3_ENCODERS = ("lameenc", "libsndfile")
# Samples by which LAME (576) and any decoder (529) delay the sound.
LAME_DELAY = 576 + 529
VARIABLE_RATE = 4  # LAME's `vbr_mtrh`, what libsndfile uses too
# Of LAME's search, 0 (best) to 9: at 7 it takes three fifths of the time of 5. The band is the same
# (at 16 and 44.1 kHz, three qualities, 15 recordings), the error within 1.6 dB.
SEARCH = 7
MU = 255.0


def check_mp3_encoder(name: str | None) -> str:
    """Return the name of the MP3 encoder: the given one, or the faster of those installed.

    >>> check_mp3_encoder("libsndfile")
    'libsndfile'
    """
    installed = importlib.util.find_spec("lameenc") is not None
    if name is None:
        return "lameenc" if installed else "libsndfile"
    if name not in MP3_ENCODERS:
        raise ArgumentError(f"mp3_encoder {name!r}", fix=f"choose {' or '.join(MP3_ENCODERS)}")
    if name == "lameenc" and not installed:
        what = "the MP3 encoder lameenc is not installed"
        raise MissingDependencyError(
            what, fix="pip install 'tympan[codecs]', or mp3_encoder='libsndfile'"
        )
    return name


def round_trip(
    wave: np.ndarray, rate_hz: int, codec: str, quality: float, mp3_encoder: str = "libsndfile"
) -> np.ndarray:
    """Encode and decode `wave` (c, t) in memory.

    Args:
        wave: float32; beyond ±1 it is clipped, as in a file. More than two channels are encoded
            each for itself.
        rate_hz: sample rate.
        codec: "mp3", "opus" or "vorbis".
        quality: 0 to 1.
        mp3_encoder: "lameenc" or "libsndfile".

    Returns:
        float32 (c, t).
    """
    if len(wave) > 2:
        channels = [
            round_trip(channel[None], rate_hz, codec, quality, mp3_encoder) for channel in wave
        ]
        return np.concatenate(channels)
    # Exactly 1 is refused by some encoders.
    level = min(0.99, 1.0 - quality)
    clipped = np.clip(wave.T, -1.0, 1.0)
    if codec == "mp3" and mp3_encoder == "lameenc":
        decoded = _mp3_decoded(_lame_encoded(clipped, rate_hz, level))[:, LAME_DELAY:]
    else:
        decoded = _through_libsndfile(clipped, rate_hz, codec, level)
    y = np.zeros_like(wave)
    length = min(y.shape[1], decoded.shape[1])
    y[:, :length] = decoded[:, :length]
    return y


def _through_libsndfile(samples: np.ndarray, rate_hz: int, codec: str, level: float) -> np.ndarray:
    """Return samples (t, c) encoded and decoded as (c, t)."""
    import soundfile

    container, subtype = CODECS[codec]
    file = io.BytesIO()
    soundfile.write(
        file, samples, rate_hz, format=container, subtype=subtype, compression_level=level
    )
    file.seek(0)
    return soundfile.read(file, dtype="float32", always_2d=True)[0].T


def _lame_encoded(samples: np.ndarray, rate_hz: int, level: float) -> bytes:
    """Return samples (t, c) as MP3, with libsndfile's settings: its scale is LAME's VBR quality.

    The same encoder, but compiled with optimisation in this package, and with a shorter search: a
    fifth of the time, about as much of the sound lost, but not the same.
    """
    lameenc = importlib.import_module("lameenc")
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_vbr(VARIABLE_RATE)
    encoder.set_vbr_quality(10.0 * level)
    encoder.set_quality(SEARCH)
    encoder.set_in_sample_rate(rate_hz)
    encoder.set_out_sample_rate(rate_hz)
    encoder.set_channels(samples.shape[1])
    whole = np.rint(samples * 32767.0).astype(np.int16)
    return bytes(encoder.encode(whole.tobytes())) + bytes(encoder.flush())


def _mp3_decoded(data: bytes) -> np.ndarray:
    """Return all samples (c, t) of an MP3 stream without a header, delay included."""
    # libsndfile takes the length of such a stream from its first frames, and cuts it off there.
    import av

    decoder: Any = av.CodecContext.create("mp3float", "r")
    packets = [*decoder.parse(data), *decoder.parse(b""), None]
    frames = [frame.to_ndarray() for packet in packets for frame in decoder.decode(packet)]
    return np.concatenate(frames, axis=1)


def mu_law(x: Tensor) -> Tensor:
    """Return `x` rounded to the 255 levels of the mu-law curve.

    >>> mu_law(torch.tensor([0.5]))
    tensor([0.4953])
    """
    scale = math.log1p(MU)
    curve = torch.copysign(torch.log1p(MU * x.abs().clamp_max(1.0)) / scale, x)
    rounded = torch.round(curve * 127.0) / 127.0
    return torch.copysign(torch.expm1(rounded.abs() * scale) / MU, rounded)
