"""Writing clips as files."""

from __future__ import annotations

import io
import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import atomic_write
from tympan.audio._pcm import INTEGER_BITS, as_stored
from tympan.audio._target import TargetFile, cannot_write
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
# libsndfile (1.2.2) writes noise in more than 16 bits so that nothing can read it: FFmpeg does it.
_LONG_ALAC = {"ALAC_20", "ALAC_24", "ALAC_32"}
# One large write overflows the stack inside libvorbis, so samples go in pieces.
_PIECE = 1 << 14
# What soundfile raises where a format cannot hold a sound, or fewer bytes were written than given.
_REFUSALS = (RuntimeError, ValueError, TypeError)


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
        with atomic_write(target) as beside, beside.open("wb+") as file:
            kept = TargetFile(file)
            try:
                _encode_as(clip, kept, suffix, subtype, str(target))
            except AudioFileError as error:
                # A library takes a disk that is full for a sound that it cannot hold.
                raise kept.failure or error from error
            if kept.failure is not None:
                raise kept.failure
    except AudioFileError:
        raise
    except TympanError as error:
        raise AudioFileError(error.what, file=error.file, fix=error.fix) from error
    except OSError as error:
        raise cannot_write(error, target) from error
    return target


def _encode_as(clip: Clip, file: Any, suffix: str, subtype: str | None, shown: str) -> None:
    """Write a clip in the format of an extension."""
    if suffix in FFMPEG_FORMATS:
        from tympan.audio._ffmpeg_save import write

        write(clip, file, *FFMPEG_FORMATS[suffix], shown=shown)
        return
    form, usual = FORMATS[suffix]
    subtype = (subtype or usual).upper()
    if subtype in _LONG_ALAC:
        from tympan.audio._ffmpeg_save import write_alac

        _check(form, subtype, shown)
        write_alac(clip, file, shown=shown)
        _warn_of_clipping(clip, shown)
        if subtype == "ALAC_32":
            warnings.warn(f"{shown}: ALAC was written with 24 bits, not 32", stacklevel=4)
    else:
        _write(clip, file, form, subtype, shown)


def encode(clip: Clip, form: str, subtype: str) -> bytes:
    """Return a clip as the bytes of a file in one of libsndfile's formats."""
    file = io.BytesIO()
    _write(clip, file, form, subtype, clip.name)
    return file.getvalue()


def _write(clip: Clip, file: Any, form: str, subtype: str, shown: str) -> None:
    import soundfile

    subtype = subtype.upper()
    _check(form, subtype, shown)
    try:
        with soundfile.SoundFile(
            file, "w", clip.rate_hz, clip.channels, subtype=subtype, format=form
        ) as sound:
            for start in range(0, clip.num_samples, _PIECE):
                sound.write(as_stored(clip.samples[:, start : start + _PIECE].T, subtype))
    except (soundfile.LibsndfileError, AssertionError, *_REFUSALS) as error:
        why = str(getattr(error, "error_string", error)).removeprefix("Error : ").rstrip(".")
        raise AudioFileError(
            f"{form} {subtype} cannot hold {clip.channels} channels at {clip.rate_hz} Hz ({why})",
            file=shown,
            fix="resample it or use mono(), or choose .wav",
        ) from error
    if subtype in INTEGER_BITS:
        _warn_of_clipping(clip, shown)


def _check(form: str, subtype: str, shown: str) -> None:
    """Refuse what a format cannot hold."""
    import soundfile

    if not soundfile.check_format(form, subtype):
        raise AudioFileError(
            f"{form} cannot hold {subtype}",
            file=shown,
            fix=f"choose one of {', '.join(soundfile.available_subtypes(form))}",
        )


def _warn_of_clipping(clip: Clip, shown: str) -> None:
    if clip.peak > 1.0:
        warnings.warn(
            f"{shown}: samples beyond full scale (peak {clip.peak:.2f}) were clipped; "
            "use normalize_peak() first, or subtype='FLOAT'",
            stacklevel=5,
        )
