"""Reading through libsndfile: WAV, FLAC, OGG Vorbis and Opus, MP3, AIFF and their kin."""

from __future__ import annotations

import os
import re
from typing import Any

import numpy as np

from tympan.audio._reader import AudioInfo, DecodeError
from tympan.audio._source import Opened

_UNRECOGNISED, _MALFORMED = 1, 3
# The library's log of the header: ` data : 32000 (should be 9956)` is a file cut short.
_SHORT = re.compile(r"^\s*(?:data|SSND|Data Size)\s*:\s*(\d+) \(should be (\d+)\)", re.M)
_SHORT_DS64 = re.compile(r"frame count (\d+) does not match value from 'ds64' chunk of (\d+)")
# Lengths that programs write into a header which they cannot come back to: a stream, no lie.
_PLACEHOLDER = 0x7FFF0000
_BITS = re.compile(r"(?:PCM_|ALAC_)(?:S|U)?(\d+)")
_LOSSLESS_BITS = {"FLOAT": 32, "DOUBLE": 64, "ULAW": 8, "ALAW": 8}


class SndfileReader:
    """A file open in libsndfile."""

    def __init__(self, opened: Opened) -> None:
        import soundfile

        self._opened = opened
        self._library_error = soundfile.LibsndfileError
        try:
            # By handle, not by name: libsndfile would believe the extension of some names.
            if opened.path is not None and os.name == "posix":
                self._sound: Any = soundfile.SoundFile(opened.file.fileno(), closefd=False)
            else:
                self._sound = soundfile.SoundFile(opened.file)
        except soundfile.LibsndfileError as error:
            cut = error.code == _MALFORMED
            raise DecodeError(str(error.error_string).rstrip("."), cut=cut) from error
        except Exception as error:
            raise DecodeError(f"{type(error).__name__}: {error}") from error
        if self._sound.frames == 0:
            # A recorder that died leaves a header that says 0: FFmpeg reads what follows.
            self._sound.close()
            raise DecodeError("holds no samples")
        self.info = self._describe(opened.name)

    def _describe(self, name: str) -> AudioInfo:
        sound = self._sound
        bits = _BITS.match(sound.subtype)
        # MPEG-like streams of unknown length are reported with a huge count.
        frames = sound.frames if sound.frames < 1 << 62 else None
        return AudioInfo(
            path=name,
            container=sound.format.lower(),
            codec=sound.subtype.lower(),
            rate_hz=int(sound.samplerate),
            channels=int(sound.channels),
            num_samples=frames,
            duration_s=frames / sound.samplerate if frames and sound.samplerate > 0 else None,
            bits=int(bits.group(1)) if bits else _LOSSLESS_BITS.get(sound.subtype),
            problem=_missing_end(sound.extra_info),
        )

    def seek(self, sample: int) -> None:
        """Go to a sample."""
        frames = self.info.num_samples
        try:
            self._sound.seek(sample if frames is None else min(sample, frames))
        except (self._library_error, RuntimeError) as error:
            raise DecodeError(str(error)) from error

    def read(self, count: int) -> np.ndarray:
        """Return up to `count` samples `(t, c)`."""
        try:
            block: np.ndarray = self._sound.read(count, dtype="float32", always_2d=True)
        except (self._library_error, RuntimeError) as error:
            raise DecodeError(str(error)) from error
        return block

    def close(self) -> None:
        """Close the decoder, and the file if it was opened for it."""
        self._sound.close()
        self._opened.close()


def _missing_end(log: str) -> str:
    found = _SHORT.search(log)
    if found:
        says, has = int(found.group(1)), int(found.group(2))
        if has < says < _PLACEHOLDER:
            return f"its header promises {says} bytes of samples, but {has} follow"
    found = _SHORT_DS64.search(log)
    if found:
        return f"its header promises {found.group(2)} samples, but {found.group(1)} follow"
    return ""
