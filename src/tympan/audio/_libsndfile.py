"""Reading through libsndfile: WAV, FLAC, OGG Vorbis and Opus, AIFF and their kin."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from tympan.audio._reader import AudioInfo, DecodeError
from tympan.audio._source import Opened

_MALFORMED = 3  # SF_ERR_MALFORMED_FILE: recognised, but its content is damaged or cut
# The library's log of the header: ` data : 32000 (should be 9956)` is a file cut short.
_SHORT = re.compile(r"^\s*(?:data|SSND|Data Size)\s*:\s*(\d+) \(should be (\d+)\)", re.M)
_SHORT_DS64 = re.compile(r"frame count (\d+) does not match value from 'ds64' chunk of (\d+)")
# Lengths that programs write into a header which they cannot come back to: a stream, no lie.
_PLACEHOLDERS = (range(0x7FFF0000, 0x80000001), range(0xFFFF0000, 0x100000000))
_SMALL = 1 << 12
_BITS = re.compile(r"(?:PCM_|ALAC_)(?:S|U)?(\d+)")
_STORED_BITS = {"FLOAT": 32, "DOUBLE": 64, "ULAW": 8, "ALAW": 8}
# Decoders with memory give other samples right after a seek: Vorbis needs the block before,
# Opus predicts from the past, MP3 has its bit reservoir. They settle within this many samples.
_PREROLL = {"mpeg_layer_iii": 16384, "mpeg_layer_ii": 16384, "vorbis": 16384, "opus": 16384}
_OGG_PAGE_MAX = 65307


class SndfileReader:
    """A file open in libsndfile."""

    def __init__(self, opened: Opened) -> None:
        import soundfile

        self._opened = opened
        self._library_error = soundfile.LibsndfileError
        try:
            # By handle, not by name: libsndfile would believe the extension of some names.
            if opened.handle is not None:
                self._sound: Any = _sequential(opened.handle, closefd=False)
            else:
                self._sound = _sequential(opened.file)
        except soundfile.LibsndfileError as error:
            cut = error.code == _MALFORMED
            raise DecodeError(str(error.error_string).rstrip("."), cut=cut) from error
        except Exception as error:
            raise DecodeError(f"{type(error).__name__}: {error}") from error
        if self._sound.frames == 0:
            # A recorder that died leaves a header that says 0: FFmpeg reads what follows.
            self._sound.close()
            raise DecodeError("holds no samples", empty=True)
        self._position = 0
        self._failure: Exception | None = None
        self.info = self._describe(opened.name)
        self.promised_s = self.info.duration_s
        self.slack_s = 0.0 if self.info.bits else 0.1

    def _describe(self, name: str) -> AudioInfo:
        sound = self._sound
        bits = _BITS.match(sound.subtype)
        problem = _missing_end(sound.extra_info)
        if sound.format == "OGG":
            problem = _cut_page(self._ogg_tail())
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
            bits=int(bits.group(1)) if bits else _STORED_BITS.get(sound.subtype),
            problem=problem,
        )

    def seek(self, sample: int) -> None:
        """Go to a sample, by way of a little before it where the decoder needs that."""
        frames = self.info.num_samples
        sample = sample if frames is None else min(sample, frames)
        start = max(0, sample - _PREROLL.get(self.info.codec, 0))
        if self.info.codec == "vorbis" and start:
            start = self._before_last_page(start)
        try:
            self._sound.seek(start)
        except (self._library_error, RuntimeError) as error:
            raise DecodeError(str(error)) from error
        self._position = start
        while self._position < sample:
            if len(self.read(min(sample - self._position, 1 << 16))) == 0:
                return

    def _before_last_page(self, sample: int) -> int:
        """Move a position out of the last Ogg page.

        That page's time stamp is shortened to the true end of the sound, from which libsndfile
        (1.2.2) would count back the wrong positions of the packets in it.
        """
        tail = self._ogg_tail()
        last = tail.rfind(b"OggS")
        before = tail.rfind(b"OggS", 0, max(0, last))
        if before < 0:
            return 0
        granule = int.from_bytes(tail[before + 6 : before + 14], "little", signed=True)
        return max(0, min(sample, granule - _PREROLL["vorbis"]))

    def _ogg_tail(self) -> bytes:
        start = max(0, self._opened.size() - 2 * _OGG_PAGE_MAX)
        return self._opened.read_at(start, 2 * _OGG_PAGE_MAX)

    def read(self, count: int) -> np.ndarray:
        """Return up to `count` samples `(t, c)`."""
        # All or nothing is what the library gives; in small steps the whole part of a damaged
        # FLAC file comes out.
        step = _SMALL if self.info.container == "flac" else count
        parts: list[np.ndarray] = []
        have = 0
        try:
            while have < count and self._failure is None:
                part = self._sound.read(min(step, count - have), dtype="float32", always_2d=True)
                if len(part) == 0:
                    break
                parts.append(part)
                have += len(part)
        except (self._library_error, RuntimeError) as error:
            self._failure = error
        if self._failure is not None and not parts:
            raise DecodeError(str(self._failure).removeprefix("Error : ")) from self._failure
        self._position += have
        if not parts:
            return np.zeros((0, self.info.channels), np.float32)
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def close(self) -> None:
        """Close the decoder, and the file if it was opened for it."""
        self._sound.close()
        self._opened.close()


def _sequential(file: Any, **options: Any) -> Any:
    """Open a SoundFile that reads on where it stopped.

    soundfile seeks after each read of a file that can seek. In MP3 that empties the bit reservoir,
    and the samples at every border between two reads come out wrong.
    """
    import soundfile

    class Sequential(soundfile.SoundFile):
        def seekable(self) -> bool:
            return False

    return Sequential(file, **options)


def _missing_end(log: str) -> str:
    found = _SHORT.search(log)
    if found:
        says, has = int(found.group(1)), int(found.group(2))
        if has < says and not any(says in values for values in _PLACEHOLDERS):
            return f"its header promises {says} bytes of samples, but {has} follow"
    found = _SHORT_DS64.search(log)
    if found:
        return f"its header promises {found.group(2)} samples, but {found.group(1)} follow"
    return ""


def _cut_page(tail: bytes) -> str:
    """Whether an Ogg file ends inside a page; a stream may end behind any."""
    last = tail.rfind(b"OggS")
    if last < 0 or len(tail) < last + 27:
        return "its last page is missing"
    segments = tail[last + 26]
    length = 27 + segments + sum(tail[last + 27 : last + 27 + segments])
    return "its last page is cut" if last + length > len(tail) else ""
