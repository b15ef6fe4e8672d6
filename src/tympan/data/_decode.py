"""Decode at one rate, in blocks, so that a file of any length fits in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float32]


def read_blocks(
    path: Path, rate_hz: int | None, *, block_s: float = 30.0, end_s: float | None = None
) -> Iterator[Wave]:
    """Float32 blocks `(c, t)` of a file, at `rate_hz` (None: its own rate).

    Raises:
        AudioFileError: it cannot be decoded.
    """
    from tympan import audio

    for block in audio.blocks(path, block_s=block_s, rate_hz=rate_hz, end_s=end_s):
        yield block.clip.samples
