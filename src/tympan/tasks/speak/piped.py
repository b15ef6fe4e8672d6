"""Speech to a pipe, sentence by sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, Any

from tympan.audio import _wav
from tympan.audio._samples import own


class PipedWav:
    """WAV of 16 bits to a pipe, whose header says that its length is not known yet.

    It has the methods of `tympan.audio.ClipWriter` that speaking takes.

    Args:
        file: where it goes.
        rate_hz: of the samples.
        tags: what it says in words.

    >>> import io
    >>> import numpy as np
    >>> pipe = io.BytesIO()
    >>> with PipedWav(pipe, 8000, {}) as writer:
    ...     writer.write(np.zeros(8000, np.float32))
    >>> writer.duration_s, pipe.getvalue()[:4]
    (1.0, b'RIFF')
    """

    record: Any = None

    def __init__(self, file: IO[bytes], rate_hz: int, tags: Mapping[str, str]) -> None:
        self._file, self.rate_hz, self._tags = file, rate_hz, tags
        self.num_samples = 0

    @property
    def duration_s(self) -> float:
        """Seconds so far."""
        return self.num_samples / self.rate_hz

    def write(self, samples: Any) -> None:
        """Add samples `(t,)`; the first ones bring the header."""
        if not len(samples):
            return
        if not self.num_samples:
            self._file.write(_wav.header(self.rate_hz, 1, "PCM_16", self._tags))
        self._file.write(_wav.to_bytes(own(samples).T, "PCM_16"))
        self._file.flush()
        self.num_samples += len(samples)

    def checkpoint(self, record: Any = None) -> None:
        """Nothing: a pipe cannot be continued."""

    def records(self) -> Iterator[Any]:
        """None."""
        return iter(())

    def __enter__(self) -> PipedWav:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.flush()
