"""Writing clips as files."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan._files import atomic_write
from tympan.errors import AudioFileError, TympanError

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

# extension → libsndfile's format and the subtype written unless another is asked for
FORMATS = {
    ".wav": ("WAV", "PCM_16"),
    ".wave": ("WAV", "PCM_16"),
    ".rf64": ("RF64", "PCM_16"),
    ".w64": ("W64", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".ogg": ("OGG", "VORBIS"),
    ".oga": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".aiff": ("AIFF", "PCM_16"),
    ".aif": ("AIFF", "PCM_16"),
    ".au": ("AU", "PCM_16"),
    ".caf": ("CAF", "PCM_16"),
}
# extension → FFmpeg's container and codec
FFMPEG_FORMATS = {".m4a": ("ipod", "aac"), ".mp4": ("mp4", "aac"), ".webm": ("webm", "libopus")}
# One large write overflows the stack inside libvorbis, so samples go in pieces.
_PIECE = 1 << 14
_INTEGER_BITS = {"PCM_U8": 8, "PCM_S8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}


def save(clip: Clip, path: str | os.PathLike[str], subtype: str | None) -> Path:
    """Write a clip; see `Clip.save`."""
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in FORMATS and suffix not in FFMPEG_FORMATS:
        known = ", ".join([*FORMATS, *FFMPEG_FORMATS])
        raise AudioFileError(
            f"has the extension {suffix!r}, which names no known format",
            file=target,
            fix=f"use one of {known}",
        )
    try:
        with atomic_write(target) as beside:
            if suffix in FORMATS:
                form, usual = FORMATS[suffix]
                with beside.open("wb+") as file:
                    _write(clip, file, form, subtype or usual, str(target))
            else:
                from tympan.audio._ffmpeg_save import write

                write(clip, beside, *FFMPEG_FORMATS[suffix], shown=str(target))
    except AudioFileError:
        raise
    except TympanError as error:
        raise AudioFileError(error.what, file=error.file, fix=error.fix) from error
    except OSError as error:
        raise AudioFileError(f"cannot be written: {error.strerror}", file=target) from error
    return target


def encode(clip: Clip, form: str, subtype: str) -> bytes:
    """Return a clip as the bytes of a file in one of libsndfile's formats."""
    file = io.BytesIO()
    _write(clip, file, form, subtype, clip.name)
    return file.getvalue()


def _write(clip: Clip, file: Any, form: str, subtype: str, shown: str) -> None:
    import soundfile

    subtype = subtype.upper()
    if not soundfile.check_format(form, subtype):
        raise AudioFileError(
            f"{form} cannot hold {subtype}",
            file=shown,
            fix=f"choose one of {', '.join(soundfile.available_subtypes(form))}",
        )
    try:
        with soundfile.SoundFile(
            file, "w", clip.rate_hz, clip.channels, subtype=subtype, format=form
        ) as sound:
            for start in range(0, clip.num_samples, _PIECE):
                sound.write(_as_stored(clip.samples[:, start : start + _PIECE].T, subtype))
    except (soundfile.LibsndfileError, RuntimeError, ValueError, TypeError) as error:
        raise AudioFileError(
            f"{form} {subtype} cannot hold {clip.channels} channels at {clip.rate_hz} Hz ({error})",
            file=shown,
            fix="resample it or use mono(), or choose .wav",
        ) from error
    if subtype in _INTEGER_BITS and clip.peak > 1.0:
        warnings.warn(
            f"{shown}: samples beyond full scale (peak {clip.peak:.2f}) were clipped; "
            "use normalize_peak() first, or subtype='FLOAT'",
            stacklevel=4,
        )


def _as_stored(piece: np.ndarray, subtype: str) -> np.ndarray:
    """Integers where the file holds integers: rounded, so that load and save are inverse."""
    bits = _INTEGER_BITS.get(subtype)
    if bits is None:
        return np.ascontiguousarray(piece)
    full = 1 << (bits - 1)
    rounded = np.clip(np.rint(piece.astype(np.float64) * full), -full, full - 1)
    # libsndfile takes the upper bits of 16 or 32.
    if bits == 16:
        return rounded.astype(np.int16)
    return (rounded * (1 << (32 - bits))).astype(np.int32)
