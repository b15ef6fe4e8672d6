"""Reading sound: `load` a whole file, `probe` its header, walk through it in `blocks`."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from tympan.audio import _limits
from tympan.audio._decode import Span, collect, decode
from tympan.audio._decoders.memory import ClipReader
from tympan.audio._open import open_reader
from tympan.audio._reader import AudioInfo, Reader
from tympan.audio._samples import read_only
from tympan.audio.clip import Clip
from tympan.errors import ArgumentError

__all__ = ["AudioInfo", "Block", "blocks", "load", "probe"]


class Block(NamedTuple):
    """A piece of a longer sound and where it lies in it."""

    clip: Clip
    start_s: float
    end_s: float


def load(
    source: Any,
    *,
    rate_hz: int | None = None,
    mono: bool = False,
    start_s: float = 0.0,
    end_s: float | None = None,
    max_duration_s: float | None = None,
    partial: bool = False,
) -> Clip:
    """Read a sound into memory.

    Args:
        source: a path, the bytes of a file, a binary file object, a Clip, or an array `(c, t)`.
        rate_hz: resample to this rate; for an array: the rate that it has.
        mono: average the channels.
        start_s, end_s: read only this part; what lies before is not decoded.
        max_duration_s: refuse longer sounds (after slicing).
        partial: take what a damaged or cut file still holds, instead of refusing it; what cannot
            be decoded in between is silence.

    Returns:
        The clip; it keeps the file's rate unless `rate_hz` is given.

    Raises:
        AudioFileError: missing, empty, damaged, no audio, too long for memory …

    Warns:
        UserWarning: the header is wrong, or something was lost that does not matter to most.

    >>> from tympan.audio import synth
    >>> wav = synth.sine(440, duration_s=1, rate_hz=8000).to_wav_bytes()
    >>> load(wav, rate_hz=16000, start_s=0.25)
    Clip(0.750 s, 16000 Hz, mono, 'bytes')
    """
    reader, rate, name = _open(source, rate_hz)
    remarks: list[str] = []
    with contextlib.closing(reader):
        span = Span.of(reader.info, rate, start_s, end_s)
        pieces = decode(reader, span, mono=mono, partial=partial, remarks=remarks)
        samples = collect(pieces, reader, span, mono=mono, max_duration_s=max_duration_s)
    for remark in remarks:
        warnings.warn(f"{reader.info.path}: {remark}", stacklevel=2)
    return Clip(read_only(samples), span.out_hz, name, reader.info.tags)


def probe(source: Any) -> AudioInfo:
    """Read what a file says about itself, without decoding it.

    Where a length is only estimated (streams of MP3 or AAC), the packets are counted instead.

    Raises:
        AudioFileError: missing, empty, no audio …

    >>> from tympan.audio import synth
    >>> info = probe(synth.silence(duration_s=2, rate_hz=8000).to_wav_bytes())
    >>> info.container, info.codec, info.bits, info.num_samples
    ('wav', 'pcm_16', 16, 16000)
    """
    with contextlib.closing(open_reader(source)) as reader:
        return reader.measured()


def blocks(
    source: Any,
    *,
    block_s: float = 10.0,
    hop_s: float | None = None,
    rate_hz: int | None = None,
    mono: bool = False,
    start_s: float = 0.0,
    end_s: float | None = None,
    partial: bool = False,
) -> Iterator[Block]:
    """Walk through a sound of any length in bounded memory.

    The blocks of `hop_s=None`, joined, are `load()` of the whole, to the last bit.

    Args:
        source: as in `load`.
        block_s: seconds per block; the last one may be shorter.
        hop_s: from one block's start to the next; None: `block_s`, no overlap and no gap.
        rate_hz, mono, start_s, end_s, partial: as in `load`.

    Yields:
        `Block(clip, start_s, end_s)`, times counted from the beginning of the file.

    Raises:
        AudioFileError: as `load`; damage is reported when it is reached.

    >>> from tympan.audio import synth
    >>> wav = synth.silence(duration_s=25, rate_hz=8000).to_wav_bytes()
    >>> [(block.start_s, block.end_s) for block in blocks(wav)]
    [(0.0, 10.0), (10.0, 20.0), (20.0, 25.0)]
    """
    size_s = _limits.check_number(block_s, "block_s", low=0.0)
    step_s = size_s if hop_s is None else _limits.check_number(hop_s, "hop_s", low=0.0)
    _limits.check_span(start_s, end_s)
    if rate_hz is not None:
        _limits.check_rate(rate_hz)
    return _walk(source, size_s, step_s, rate_hz, mono, (start_s, end_s), partial)


def _walk(
    source: Any,
    size_s: float,
    step_s: float,
    rate_hz: int | None,
    mono: bool,
    part_s: tuple[float, float | None],
    partial: bool,
) -> Iterator[Block]:
    reader, rate, name = _open(source, rate_hz)
    with contextlib.closing(reader):
        span = Span.of(reader.info, rate, *part_s)
        size, step = (_limits.to_samples(s, span.out_hz) for s in (size_s, step_s))
        if size < 1 or step < 1:
            raise ArgumentError(
                f"a block of {size_s:g} s every {step_s:g} s holds no sample at {span.out_hz} Hz"
            )
        remarks: list[str] = []
        pieces = decode(reader, span, mono=mono, partial=partial, remarks=remarks)
        for at, samples in _cut(pieces, size, step):
            clip = Clip(read_only(samples), span.out_hz, name, reader.info.tags)
            first = span.start_out + at
            yield Block(clip, first / span.out_hz, (first + clip.num_samples) / span.out_hz)
        for remark in remarks:
            warnings.warn(f"{reader.info.path}: {remark}", stacklevel=2)


def _cut(pieces: Iterator[np.ndarray], size: int, step: int) -> Iterator[tuple[int, np.ndarray]]:
    """Cut a stream of `(t, c)` into `(c, t)` windows, each with the sample it starts at.

    No window lies wholly inside the one before it: the one that reaches the end is the last.
    """
    held: list[np.ndarray] = []
    start, have, skip, ended_at = 0, 0, 0, -1
    for piece in pieces:
        dropped = min(skip, len(piece))
        skip -= dropped
        held.append(piece[dropped:])
        have += len(piece) - dropped
        while have >= size and skip == 0:
            joined = np.concatenate(held) if len(held) > 1 else held[0]
            yield start, np.array(joined[:size].T, dtype=np.float32, order="C")
            ended_at = start + size
            skip = max(0, step - have)
            held, have = [joined[step:].copy()], max(0, have - step)
            start += step
    if have and start + have > ended_at:
        yield start, np.array(np.concatenate(held).T, dtype=np.float32, order="C")


def _open(source: Any, rate_hz: int | None) -> tuple[Reader, int | None, str]:
    """A reader of any source, the rate to resample to, and the clip's name."""
    rate = None if rate_hz is None else _limits.check_rate(rate_hz)
    if isinstance(source, np.ndarray):
        if rate is None:
            raise ArgumentError("an array has no rate", fix="load(array, rate_hz=16000)")
        return ClipReader(Clip(source, rate)), None, ""
    if isinstance(source, Clip):
        return ClipReader(source), rate, source.name
    reader = open_reader(source)
    return reader, rate, os.path.basename(reader.info.path) or reader.info.path
