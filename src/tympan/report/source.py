"""A recording for a page: opened once, read once, from its beginning to its end."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tympan.audio import AudioInfo

BLOCK_S = 20.0


@dataclass(frozen=True)
class Source:
    """An opened recording.

    Attributes:
        name: the file's name without its folder.
        path: the file, where it is one.
        rate_hz: samples per second.
        channels: their number.
        expected_samples: the length as far as it is known before reading (0: unknown).
        info: what the file says about itself; None for a clip.
        size: of the file in bytes, where it is known.
        blocks: float32 samples (c, t), block after block; can be gone through once.
    """

    name: str
    path: Path | None
    rate_hz: int
    channels: int
    expected_samples: int
    info: AudioInfo | None
    size: int | None
    blocks: Iterator[np.ndarray]


def open_recording(source: Any) -> Source:
    """Open a file, its bytes, a stream or a clip; nothing is decoded yet.

    Raises:
        AudioFileError: it is no recording that can be read.

    >>> from tympan.audio import synth
    >>> recording = open_recording(synth.sine(440, duration_s=50, rate_hz=8000).to_wav_bytes())
    >>> recording.info.codec, [block.shape for block in recording.blocks]
    ('pcm_16', [(1, 160000), (1, 160000), (1, 80000)])
    """
    from tympan.audio import Clip

    if isinstance(source, Clip):
        name, total = os.path.basename(source.name), source.num_samples
        blocks = _slices(source.samples, max(1, int(BLOCK_S * source.rate_hz)))
        return Source(name, None, source.rate_hz, source.channels, total, None, None, blocks)
    from tympan.audio._open import open_reader

    reader = open_reader(source)
    info = reader.info
    expected = info.num_samples or round((info.duration_s or 0.0) * info.rate_hz)
    path = Path(os.fsdecode(source)) if isinstance(source, str | os.PathLike) else None
    if path is not None and not path.is_file():
        path = None  # a pipe: nothing can be played from it later
    return Source(
        os.path.basename(info.path),
        path,
        info.rate_hz,
        info.channels,
        expected,
        info,
        _size(source, path),
        _decoded(reader),
    )


def _slices(samples: np.ndarray, step: int) -> Iterator[np.ndarray]:
    for start in range(0, samples.shape[1], step):
        yield samples[:, start : start + step]


def _decoded(reader: Any) -> Iterator[np.ndarray]:
    """Blocks of about `BLOCK_S`, of the pieces that the decoder gives."""
    from tympan.audio._decode import Span, decode

    size = max(1, int(BLOCK_S * reader.info.rate_hz))
    held: list[np.ndarray] = []
    remarks: list[str] = []
    with contextlib.closing(reader):
        span = Span.of(reader.info, None, 0.0, None)
        for piece in decode(reader, span, mono=False, partial=False, remarks=remarks):
            held.append(piece)
            if sum(map(len, held)) >= size:
                joined = np.concatenate(held)
                for start in range(0, len(joined) - size + 1, size):
                    yield np.ascontiguousarray(joined[start : start + size].T)
                held = [joined[len(joined) // size * size :]]
        rest = np.concatenate(held) if held else np.zeros((0, 1), np.float32)
        if len(rest):
            yield np.ascontiguousarray(rest.T)
    for remark in remarks:
        warnings.warn(f"{reader.info.path}: {remark}", stacklevel=2)


def _size(source: Any, path: Path | None) -> int | None:
    if path is not None:
        return path.stat().st_size
    return len(source) if isinstance(source, bytes | bytearray | memoryview) else None
