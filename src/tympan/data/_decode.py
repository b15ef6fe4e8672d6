"""Decode to mono at one rate, in blocks, so that a file of any length fits in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from tympan.errors import AudioFileError

Wave = npt.NDArray[np.float32]


def read_blocks(
    path: Path, rate_hz: int | None, *, block_s: float = 30.0, end_s: float | None = None
) -> Iterator[Wave]:
    """Mono float32 blocks (t,) of a file, at `rate_hz` (None: its own rate).

    Raises:
        AudioFileError: it cannot be decoded.
    """
    import soundfile
    import soxr

    try:
        with soundfile.SoundFile(str(path)) as file:
            rate = rate_hz or file.samplerate
            stream = soxr.ResampleStream(file.samplerate, rate, 1, dtype="float32")
            left = file.frames if end_s is None else round(end_s * file.samplerate)
            size = max(1, round(block_s * file.samplerate))
            while left > 0:
                block = file.read(min(size, left), dtype="float32", always_2d=True)
                left -= len(block)
                if not len(block):
                    break
                mono = np.ascontiguousarray(block.mean(axis=1), dtype=np.float32)
                yield mono if rate == file.samplerate else stream.resample_chunk(mono)
            if rate != file.samplerate:
                yield stream.resample_chunk(np.zeros(0, np.float32), last=True)
    except (soundfile.LibsndfileError, OSError, RuntimeError) as error:
        raise AudioFileError(f"cannot be decoded: {error}", file=path) from error
