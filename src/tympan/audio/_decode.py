"""From a reader to exactly the samples wanted: slicing, mono, resampling, checks on the way."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from tympan.audio import _limits
from tympan.audio._reader import AudioInfo, DecodeError, Ending, Reader
from tympan.audio._resample import Resampler
from tympan.errors import AudioFileError

_PIECE_VALUES = 1 << 18  # values decoded at once: 1 MiB of float32
# A header may promise anything: more memory than this is taken only for what has come.
_PROMISED_BYTES = 1 << 30
# What the resampler must see on each side of a slice, in samples of the lower rate.
_CONTEXT = 1024


@dataclass(frozen=True)
class Span:
    """Which samples to read, and which of the (resampled) ones to keep."""

    in_hz: int
    out_hz: int
    first_in: int  # where decoding starts
    stop_in: int | None  # where it may stop
    start_out: int  # first sample kept, counted at out_hz from the file's beginning
    count_out: int | None  # samples kept; None: to the end

    @classmethod
    def of(cls, info: AudioInfo, rate_hz: int | None, start_s: object, end_s: object) -> Span:
        """Plan the reading of a part of a file.

        Raises:
            AudioFileError: the part begins behind the end.
            ArgumentError: no proper part, or far too high a rate.
        """
        start, end = _limits.check_span(start_s, end_s)
        in_hz, out_hz = info.rate_hz, rate_hz or info.rate_hz
        _limits.check_factor(in_hz, out_hz, info.path)
        start_out = _limits.to_samples(start, out_hz)
        count = None if end is None else _limits.to_samples(end, out_hz) - start_out
        if count is not None and count < 1:
            raise AudioFileError(
                f"the slice from {start:g} to {end:g} s holds no sample at {out_hz} Hz",
                file=info.path,
            )
        if in_hz == out_hz:
            stop = None if count is None else start_out + count
            return cls(in_hz, out_hz, start_out, stop, start_out, count)
        # Start where both rates have a sample, with some sound before it: then a slice of the
        # resampled file and the resampled slice of the file are the same.
        context = _CONTEXT * math.ceil(max(1.0, in_hz / out_hz))
        unit = in_hz // math.gcd(in_hz, out_hz)
        first = max(0, _limits.to_samples(start, in_hz) - context) // unit * unit
        stop = None if end is None else _limits.to_samples(end, in_hz) + context
        return cls(in_hz, out_hz, first, stop, start_out, count)

    @property
    def skip_out(self) -> int:
        """Resampled samples to drop before the first one kept."""
        return self.start_out - self.first_in * self.out_hz // self.in_hz


def decode(
    reader: Reader, span: Span, *, mono: bool, partial: bool, remarks: list[str]
) -> Iterator[np.ndarray]:
    """Yield exactly the samples of the span as `(t, c)` pieces.

    What the user should know although the sound is given is added to `remarks` at the end.

    Raises:
        AudioFileError: damage is met, or the span holds nothing.
    """
    pieces = _read(reader, span, partial, remarks)
    if mono and reader.info.channels > 1:
        pieces = (piece.mean(axis=1, keepdims=True, dtype=np.float32) for piece in pieces)
    channels = 1 if mono else reader.info.channels
    if span.in_hz != span.out_hz:
        pieces = _resampled(pieces, span, channels)
    skip, left = span.skip_out, span.count_out
    empty = True
    for piece in pieces:
        dropped = min(skip, len(piece))
        skip -= dropped
        piece = piece[dropped:] if left is None else piece[dropped : dropped + left]
        if len(piece):
            empty = False
            yield piece
        if left is not None:
            left -= len(piece)
            if left == 0:
                return
    if empty:
        if span.start_out:
            raise _behind_the_end(reader.info, span.start_out / span.out_hz)
        raise AudioFileError("holds no samples", file=reader.info.path, fix="record it again")


def collect(
    pieces: Iterator[np.ndarray],
    reader: Reader,
    span: Span,
    *,
    mono: bool,
    max_duration_s: float | None,
) -> np.ndarray:
    """Join pieces `(t, c)` to one `(c, t)`, unless they are too many for memory.

    Raises:
        AudioFileError: longer than `max_duration_s` or than one clip may be.
    """
    allowed_s = (
        None if max_duration_s is None else _limits.check_number(max_duration_s, "max_duration_s")
    )
    info = reader.info
    channels = 1 if mono else info.channels
    promised = 0
    if info.duration_s is not None and info.problem == "":
        wanted = _wanted(info.duration_s, span)
        # Refused at once for being too long is only what surely is.
        if not reader.exact and _is_too_long(wanted, channels, span, allowed_s):
            wanted = _wanted(reader.measured().duration_s or 0.0, span)
        _refuse_too_long(wanted, channels, info, span, allowed_s)
        promised = max(0, math.ceil(wanted))
    if promised * channels * 4 > _PROMISED_BYTES:
        promised = 0
    # Where the header says how much comes, each piece goes to its place while it is in the cache.
    out = np.empty((channels, promised), np.float32)
    held: list[np.ndarray] = []
    total = 0
    for piece in pieces:
        _refuse_too_long(total + len(piece), channels, info, span, allowed_s)
        if not held and total + len(piece) <= promised:
            out[:, total : total + len(piece)] = piece.T
        else:
            held.append(piece)
        total += len(piece)
    if not held and total == promised:
        return out
    return _joined(out, held, total)


def _joined(start: np.ndarray, held: list[np.ndarray], total: int) -> np.ndarray:
    """Join what is in place already and the pieces `(t, c)` behind it to one `(c, t)`."""
    out = np.empty((len(start), total), np.float32)
    at = total - sum(len(piece) for piece in held)
    out[:, :at] = start[:, :at]
    del start
    held.reverse()
    while held:  # each piece is let go as soon as it is copied
        piece = held.pop()
        out[:, at : at + len(piece)] = piece.T
        at += len(piece)
    return out


def _wanted(duration_s: float, span: Span) -> float:
    """How many samples of a sound of some length a span asks for."""
    rest = duration_s * span.out_hz - span.start_out
    return max(0.0, rest if span.count_out is None else min(rest, span.count_out))


def _is_too_long(samples: float, channels: int, span: Span, allowed_s: float | None) -> bool:
    longer = allowed_s is not None and samples / span.out_hz > allowed_s
    return longer or samples * channels * 4 > _limits.MAX_CLIP_BYTES


def _refuse_too_long(
    samples: float, channels: int, info: AudioInfo, span: Span, allowed_s: float | None
) -> None:
    if not _is_too_long(samples, channels, span, allowed_s):
        return
    seconds = samples / span.out_hz
    if allowed_s is not None and seconds > allowed_s:
        raise AudioFileError(
            f"is longer than the {allowed_s:g} s allowed",
            file=info.path,
            fix="load a part: start_s=…, end_s=…",
        )
    raise AudioFileError(
        f"holds {_hours(info.duration_s or seconds)} of sound, more than fits in one clip",
        file=info.path,
        fix="walk through it with tympan.blocks(), or load a part: start_s=…, end_s=…",
    )


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds:.0f} s"


def _read(reader: Reader, span: Span, partial: bool, remarks: list[str]) -> Iterator[np.ndarray]:
    """Yield the decoded samples from `first_in` to `stop_in`, checked."""
    info, position = reader.info, span.first_in
    size = max(1, _PIECE_VALUES // info.channels)
    reader.lenient = partial
    try:
        if position:
            reader.seek(position)
        while span.stop_in is None or position < span.stop_in:
            count = size if span.stop_in is None else min(size, span.stop_in - position)
            piece = reader.read(count)
            if len(piece) == 0:
                break
            _refuse_non_finite(piece, position, info)
            yield piece
            position += len(piece)
    except DecodeError as error:
        if not partial:
            raise _damaged(info, position, error) from error
        remarks.append(f"is damaged after {position / info.rate_hz:.2f} s ({error})")
        return
    reached_end = span.stop_in is None or position < span.stop_in
    ending = reader.ending(position) if reached_end and position > span.first_in else Ending()
    if not partial:
        _refuse_cut(info, ending, position, reached_end and position > span.first_in)
    remarks += [remark for remark in (info.note, ending.remark) if remark]


def _damaged(info: AudioInfo, position: int, error: DecodeError) -> AudioFileError:
    return AudioFileError(
        f"is damaged after {position / info.rate_hz:.2f} s ({error})",
        file=info.path,
        fix="copy or record it again",
        local="--partial or load(…, partial=True) takes what is whole",
    )


def _refuse_cut(info: AudioInfo, ending: Ending, position: int, reached_end: bool) -> None:
    """Raise if a file ended before the end that its header promised."""
    problem = (info.problem or ending.problem) if reached_end else ""
    if problem:
        raise AudioFileError(
            f"is cut short: {problem}; it ends after {position / info.rate_hz:.2f} s",
            file=info.path,
            fix="copy or record it again",
            local="--partial or load(…, partial=True) takes what is there",
        )


def _refuse_non_finite(piece: np.ndarray, position: int, info: AudioInfo) -> None:
    # One sum tells in a tenth of the time of a look at each; if it overflows, each is looked at.
    values = piece.ravel()
    with np.errstate(over="ignore", invalid="ignore"):
        if np.isfinite(np.dot(values, values)):
            return
    bad = ~np.isfinite(piece).all(axis=1)
    if bad.any():
        at = (position + int(np.argmax(bad))) / info.rate_hz
        raise AudioFileError(
            f"holds samples that are not numbers (NaN or infinite), the first at {at:.3f} s",
            file=info.path,
            fix="write it again from its source",
        )


def _resampled(pieces: Iterator[np.ndarray], span: Span, channels: int) -> Iterator[np.ndarray]:
    stream = Resampler(span.in_hz, span.out_hz, channels)
    some = given = False
    first = None
    for piece in pieces:
        first = piece[:1] if first is None else first
        out = stream.push(piece)
        some = True
        given = given or len(out) > 0
        if len(out):
            yield out
    if some:
        out = stream.push(np.zeros((0, channels), np.float32), last=True)
        if len(out) or given:
            yield out
        elif first is not None:
            yield first  # so short that soxr rounds it away, see `_resample.resample`


def _behind_the_end(info: AudioInfo, start_s: float) -> AudioFileError:
    ends = "" if info.duration_s is None else f" of {info.duration_s:.2f} s"
    return AudioFileError(
        f"has nothing at {start_s:g} s: that is behind its end{ends}",
        file=info.path,
        fix="choose an earlier start_s",
    )
