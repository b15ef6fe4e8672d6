"""Reading through libsndfile: WAV, FLAC, OGG Vorbis and Opus, AIFF and their kin."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from tympan.audio._reader import AudioInfo, DecodeError, Ending
from tympan.audio._source import Opened
from tympan.audio.tags import tags_found

_MALFORMED = 3  # SF_ERR_MALFORMED_FILE: recognised, but its content is damaged or cut
_SMALL = 1 << 12
_BITS = re.compile(r"(?:PCM_|ALAC_)(?:S|U)?(\d+)")
_STORED_BITS = {"FLOAT": 32, "DOUBLE": 64, "ULAW": 8, "ALAW": 8}
# Vorbis needs the block before, Opus predicts from the past, and settles if it is no speech.
# From so many seconds before the place to go to the decoder is started first.
_WITH_MEMORY = {"vorbis": 0.5, "opus": 1.0, "mpeg_layer_iii": 1.0, "mpeg_layer_ii": 1.0}
_COMPARED_S = 0.25
_SETTLED = 1e-6


class SndfileReader:
    """A file open in libsndfile."""

    def __init__(self, opened: Opened, problem: str = "") -> None:
        self._opened = opened
        self.lenient = False
        self.settles = True  # whether a decoder with memory comes to the same samples in time
        self._sound: Any = self._open()
        if self._sound.frames == 0:
            # A recorder that died leaves a header that says 0: FFmpeg reads what follows.
            self._sound.close()
            raise DecodeError("holds no samples", empty=True)
        self.info = self._describe(opened.name, problem)
        self.exact = bool(self.info.bits) and not self.info.problem
        if self.exact:
            self._begin()

    def _begin(self) -> None:
        """Go to the first sample as a decoder that was never anywhere else."""
        self._reopen()
        # Seeks count from there, whatever a strange header says: then reading must do so, too.
        if self.exact and not self._jump(0):
            self._reopen()

    def _reopen(self) -> None:
        self._sound.close()
        self._opened.rewind()
        self._sound = self._open()

    def _open(self) -> Any:
        import soundfile

        self._library_error = soundfile.LibsndfileError
        self._position = 0
        self._failure: Exception | None = None
        try:
            # By handle, not by name: libsndfile would believe the extension of some names.
            if self._opened.handle is not None:
                return _sequential(self._opened.handle, closefd=False)
            return _sequential(self._opened.file)
        except soundfile.LibsndfileError as error:
            cut = error.code == _MALFORMED
            raise DecodeError(str(error.error_string).rstrip("."), cut=cut) from error
        except Exception as error:
            raise DecodeError(f"{type(error).__name__}: {error}") from error

    def _describe(self, name: str, problem: str) -> AudioInfo:
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
            bits=int(bits.group(1)) if bits else _STORED_BITS.get(sound.subtype),
            problem=problem,
            tags=tags_found(sound.copy_metadata()),
        )

    def seek(self, sample: int) -> None:
        """Go to a sample; a decoder with a memory is started so early that it has settled."""
        frames = self.info.num_samples
        sample = sample if frames is None else min(sample, frames)
        if sample == self._position:
            return
        if self.info.codec in _WITH_MEMORY:
            if not (self.settles and self._settle(sample)):
                self._begin()
                self._skip_to(sample)
        elif self.info.codec.startswith("alac") or not self._jump(sample):
            # Some codecs (GSM, G.721, DWVW) can only be read from the beginning, and in damaged
            # ALAC the library loses its place.
            self._begin()
            self._skip_to(sample)

    def _jump(self, sample: int) -> bool:
        """Go to a sample without what lies before; False where the library cannot."""
        try:
            self._sound.seek(sample)
        except (self._library_error, RuntimeError):
            return False
        self._position = sample
        return True

    def _skip_to(self, sample: int) -> None:
        while self._position < sample:
            if len(self.read(min(sample - self._position, 1 << 16))) == 0:
                return

    def _settle(self, sample: int) -> bool:
        """Start so early that an even earlier start makes no difference at the sample.

        Two decoders that began at different places and agree have both forgotten where.
        """
        back, before = round(_WITH_MEMORY[self.info.codec] * self.info.rate_hz), None
        compared = round(_COMPARED_S * self.info.rate_hz)
        while sample - back > 0:
            if not self._jump(sample - back):
                return False
            self._skip_to(sample - compared)
            now = self.read(compared)
            if len(now) < compared:
                return False
            if before is not None and np.abs(now - before).max() <= _SETTLED:
                return True
            before, back = now, 2 * back
        return False

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

    def ending(self, position: int) -> Ending:
        """Compare what came with the number of samples that the header states."""
        info = self.info
        slack_s = 0.0 if info.bits else 0.1
        if info.duration_s is None or position / info.rate_hz >= info.duration_s - slack_s:
            return Ending()
        return Ending(problem=f"its header promises {info.duration_s:.2f} s")

    def measured(self) -> AudioInfo:
        """The information: its length is a number of samples already."""
        return self.info

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
