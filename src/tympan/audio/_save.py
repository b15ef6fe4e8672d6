"""Writing clips as files."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import atomic_write
from tympan.audio._id3 import Behind, id3_tag
from tympan.audio._pcm import INTEGER_BITS, as_stored
from tympan.audio._sound import Sound, sound_of
from tympan.audio._target import TargetFile, cannot_write
from tympan.audio.synthetic import is_synthetic
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
# Formats without a place for tags, and what AIFF keeps as it is.
_WITHOUT_TAGS = {"W64", "AU"}
_OF_AIFF = ("title", "artist", "comment")
# What soundfile raises where a format cannot hold a sound, or fewer bytes were written than given.
_REFUSALS = (RuntimeError, ValueError, TypeError)


def save(clip: Clip, path: str | os.PathLike[str], subtype: str | None) -> Path:
    """Write a clip; see `Clip.save`."""
    target = Path(path)
    check_suffix(target)
    return save_sound(sound_of(clip), target, subtype)


def check_suffix(target: Path) -> str:
    """The extension in lower case, if it names a format that is written."""
    suffix = target.suffix.lower()
    if suffix not in FORMATS and suffix not in FFMPEG_FORMATS:
        known = ", ".join([*FORMATS, *FFMPEG_FORMATS])
        raise AudioFileError(
            f"has the extension {suffix!r}, which names no known format",
            file=target,
            fix=f"use one of {known}",
        )
    return suffix


def save_sound(sound: Sound, target: Path, subtype: str | None) -> Path:
    """Write a sound of any length; the file appears whole or not at all."""
    try:
        with atomic_write(target) as beside, beside.open("wb+") as file:
            kept = TargetFile(file)
            try:
                encode_as(sound, kept, target.suffix.lower(), subtype, str(target))
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


def encode_as(sound: Sound, file: Any, suffix: str, subtype: str | None, shown: str) -> None:
    """Write a sound in the format of an extension."""
    if suffix in FFMPEG_FORMATS:
        from tympan.audio._ffmpeg_save import write

        write(sound, file, *FFMPEG_FORMATS[suffix], shown=shown)
        return
    form, usual = FORMATS[suffix]
    subtype = (subtype or usual).upper()
    if subtype in _LONG_ALAC:
        from tympan.audio._ffmpeg_save import write_alac

        _check(form, subtype, shown)
        write_alac(sound, file, shown=shown)
        warn_of_clipping(sound.peak, shown)
        if subtype == "ALAC_32":
            warnings.warn(f"{shown}: ALAC was written with 24 bits, not 32", stacklevel=4)
    else:
        _write(sound, file, form, subtype, shown)


def encode(clip: Clip, form: str, subtype: str) -> bytes:
    """Return a clip as the bytes of a file in one of libsndfile's formats."""
    file = io.BytesIO()
    _write(sound_of(clip), file, form, subtype, clip.name)
    return file.getvalue()


def _write(sound: Sound, file: Any, form: str, subtype: str, shown: str) -> None:
    import soundfile

    subtype = subtype.upper()
    _check(form, subtype, shown)
    try:
        if form == "MP3" and sound.tags:
            tag = id3_tag(sound.tags)
            file.write(tag)
            file = Behind(file, len(tag))
        with soundfile.SoundFile(
            file, "w", sound.rate_hz, sound.channels, subtype=subtype, format=form
        ) as out:
            _set_tags(out, form, sound.tags or {}, shown)
            for piece in sound.pieces(_PIECE):
                out.write(as_stored(piece, subtype))
    except (soundfile.LibsndfileError, AssertionError, *_REFUSALS) as error:
        why = str(getattr(error, "error_string", error)).removeprefix("Error : ").rstrip(".")
        raise AudioFileError(
            f"{form} {subtype} cannot hold {sound.channels} channels at {sound.rate_hz} Hz ({why})",
            file=shown,
            fix="resample it or use mono(), or choose .wav",
        ) from error
    if subtype in INTEGER_BITS:
        warn_of_clipping(sound.peak, shown)


def _check(form: str, subtype: str, shown: str) -> None:
    """Refuse what a format cannot hold."""
    import soundfile

    if not soundfile.check_format(form, subtype):
        raise AudioFileError(
            f"{form} cannot hold {subtype}",
            file=shown,
            fix=f"choose one of {', '.join(soundfile.available_subtypes(form))}",
        )


def _set_tags(out: Any, form: str, tags: Mapping[str, str], shown: str) -> None:
    """Give an open file of libsndfile its tags, as far as the format has room for them."""
    if form in _WITHOUT_TAGS:
        if is_synthetic(tags):
            warnings.warn(
                f"{shown}: {form} has no place for the mark that the sound is synthetic; "
                "choose .wav or .flac",
                stacklevel=6,
            )
        return
    for name, value in tags.items():
        if form != "MP3" and (form != "AIFF" or name in _OF_AIFF):
            setattr(out, name, value)


def warn_of_clipping(peak: float, shown: str) -> None:
    """Say that samples were beyond what integers hold."""
    if peak > 1.0:
        warnings.warn(
            f"{shown}: samples beyond full scale (peak {peak:.2f}) were clipped; "
            "use normalize_peak() first, or subtype='FLOAT'",
            stacklevel=5,
        )
