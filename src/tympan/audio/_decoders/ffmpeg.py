"""Reading through FFmpeg (PyAV): MP3, M4A, WebM, MP4 and anything else with an audio track.

From the beginning to the end, for only that gives the same samples each time: decoders keep a
memory (a predictor, the state of a noise generator), and seeking lands where an index guesses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tympan.audio._containers.boxes import is_intact_matroska
from tympan.audio._decoders.clock import Clock
from tympan.audio._decoders.convert import Converter
from tympan.audio._decoders.ffmpeg_frames import Bad, first_track
from tympan.audio._decoders.ffmpeg_input import Input
from tympan.audio._decoders.losses import Losses
from tympan.audio._reader import AudioInfo, DecodeError, Ending
from tympan.audio._source import Opened

_SILENT_PIECE = 1 << 18  # values of a gap made at once
# What an encoder pads behind the stated end: no more than this many frames.
_PADDING_FRAMES = 2
# MP3 depends on half a second before; to leave out less than two seconds is not worth it.
_SETTLED_S, _WORTH_S = 0.5, 2.0


class FFmpegReader:
    """The best audio track of a file open in FFmpeg.

    Args:
        opened: the file.
        problem: what is known to be missing.
        rate_hz: give another rate than the track's, as another reader of the same file would.
    """

    def __init__(self, opened: Opened, problem: str = "", rate_hz: int | None = None) -> None:
        self._opened = opened
        self.lenient = False
        self.exact = False
        self._open()
        # The first frame knows rate and channels better than the header.
        self._rate = rate_hz or self._frames.rate_hz
        self._channels = self._frames.channels
        self._begin()
        self.gapless = self._input.gapless  # whether there is no time without samples
        self._intact: bool | None = None  # not looked at yet
        self.info = replace(self._describe(), problem=problem)

    # -- at the beginning ------------------------------------------------------------------------

    def _open(self) -> None:
        self._frames = first_track(self._opened)
        self._input = self._frames.source

    def _begin(self) -> None:
        """Prepare to read from the first sample."""
        self._total = self._input.total(self._frames.rate_hz)
        self._losses = Losses()
        self._pieces = self._within_total(self._in_place())
        self._left = np.zeros((0, self._channels), np.float32)
        self._position = 0

    def _begin_again(self) -> None:
        self._input.close()
        self._open()
        self._begin()

    def _describe(self) -> AudioInfo:
        seconds = self._input.stated_s(self._frames.rate_hz)
        total = self._total
        if total is not None and self._rate != self._frames.rate_hz:
            total = None
        return AudioInfo(
            path=self._opened.name,
            container=self._input.container_name,
            codec=self._input.codec,
            rate_hz=int(self._rate),
            channels=int(self._channels),
            num_samples=total,
            duration_s=seconds,
            bits=self._input.bits(),
            tags=self._input.tags(),
        )

    def measured(self) -> AudioInfo:
        """The information with the length by a count of the packets, where that is quick."""
        if not self._input.may_be_counted(self._opened.size()):
            return self.info
        clock = self._clock()
        try:
            other = Input(self._opened, self._input.choice)
        except DecodeError:
            return self.info
        try:
            for time_s, seconds in other.packets(self._frames.longest / clock.rate_hz):
                clock.gap(time_s, round(seconds * clock.rate_hz))
        except DecodeError:
            return self.info
        finally:
            other.close()
            self._begin_again()
        counted_s = clock.position / clock.rate_hz
        if counted_s == 0:
            return self.info
        stated_s, num = self.info.duration_s, self.info.num_samples
        if stated_s is not None and abs(stated_s - counted_s) < 0.1 + 0.001 * counted_s:
            return self.info  # but for the encoder's padding
        return replace(self.info, duration_s=counted_s, num_samples=None if stated_s else num)

    # -- the stream of samples -------------------------------------------------------------------

    def _clock(self) -> Clock:
        clock = Clock(self._frames.rate_hz, self._input.longest_gap_s, self._input.latest_s())
        clock.position = round(self._input.lead_s(self._frames.first_time_s) * clock.rate_hz)
        return clock

    def _in_place(self) -> Iterator[np.ndarray]:
        """Yield all samples `(t, c)` at the track's first rate, silence where nothing was sent."""
        clock = self._clock()
        yield from self._silence(clock.position)
        for frame in self._frames:
            if isinstance(frame, Bad):
                yield from self._silence(self._replace(frame, clock))
                continue
            block = self._uniform(frame)
            time_s = self._input.time_s(frame)
            # What a converter holds back belongs to the frames before.
            missing = clock.gap(time_s, len(block) or 0) if self._input.clocked else 0
            if not self._input.clocked:
                clock.position += len(block)
            if missing:
                self._judge(clock.position - len(block) - missing, missing)
            yield from self._silence(missing)
            yield block
        rest = self._frames.converter.flush() if self._frames.converter is not None else None
        if rest is not None and len(rest):
            yield rest

    def _uniform(self, frame: Any) -> np.ndarray:
        """A frame's samples at the rate and in the channels of the first one."""
        block = self._frames.to_array(frame)
        kind = frame.sample_rate, block.shape[1]
        current = self._frames.converter
        before = None
        if current is not None and current.kind != kind:
            before, current = current.flush(), None
        if current is None and kind != (self._frames.rate_hz, self._channels):
            current = Converter(*kind, self._frames.rate_hz, self._channels)
        self._frames.converter = current
        if current is not None:
            block = current.push(block)
        return block if before is None else np.concatenate([before, block])

    def _replace(self, bad: Bad, clock: Clock) -> int:
        """What a packet that cannot be decoded costs: the file, or only its own time."""
        spared = self.lenient or (self._input.tolerant and self._frames.mostly_good)
        if not spared:
            raise DecodeError(bad.reason)
        if bad.ends:
            self._losses.broken_at = self._losses.broken_at or clock.position or 1
            return 0
        self._losses.damaged.append((clock.position, bad.samples))
        if self._input.clocked:
            # Its own time, if it has one, and that of the next frame tell what is missing.
            return clock.gap(bad.time_s, 0)
        clock.position += bad.samples
        return bad.samples

    def _judge(self, at: int, missing: int) -> None:
        """Whether a jump of the time stamps is silence that was not sent, or damage."""
        if "matroska" in self._input.container_name and self._intact is None:
            self._intact = is_intact_matroska(self._opened)
        damaged = self.gapless or self._intact is False
        if damaged and not self.lenient:
            seconds = at / self._frames.rate_hz
            raise DecodeError(f"{missing} samples are missing after {seconds:.2f} s")
        if damaged:
            self._losses.damaged.append((at, missing))
        elif not self._input.sparse:
            self._losses.missing.append((at, missing))

    def _silence(self, count: int) -> Iterator[np.ndarray]:
        step = max(1, _SILENT_PIECE // self._channels)
        while count > 0:
            yield np.zeros((min(step, count), self._channels), np.float32)
            count -= step

    def _within_total(self, pieces: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Drop what the encoder padded behind the stated end; if it is more, it is sound."""
        if self._rate != self._frames.rate_hz:
            pieces = self._resampled(pieces)
        if self._total is None or self._rate != self._frames.rate_hz:
            yield from pieces
            return
        held: list[np.ndarray] = []
        position = 0
        for piece in pieces:
            inside = max(0, min(len(piece), self._total - position)) if not held else 0
            position += len(piece)
            if inside:
                yield piece[:inside]
            if inside < len(piece):
                held.append(piece[inside:])
            padding = 0 if self._input.lossless else _PADDING_FRAMES * self._frames.longest
            if position - self._total > padding:
                self._losses.stated = self._total
                yield from held
                yield from pieces
                return

    def _resampled(self, pieces: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        whole = Converter(self._frames.rate_hz, self._channels, self._rate, self._channels)
        for piece in pieces:
            yield whole.push(piece)
        yield whole.flush()

    # -- what others call ------------------------------------------------------------------------

    def seek(self, sample: int) -> None:
        """Go to a sample, decoding all before it; of MP3 only what matters."""
        if sample < self._position:
            self._begin_again()
        mp3 = self._input.elementary and self._input.codec == "mp3"
        if mp3 and self._position == 0 and self._rate == self._frames.rate_hz:
            self._leave_out(sample - round(_SETTLED_S * self._rate))
        while self._position < sample:
            if len(self.read(min(sample - self._position, 1 << 18))) == 0:
                return

    def _leave_out(self, samples: int) -> None:
        """Go over packets at the beginning without decoding them, as far as it is worth it."""
        if samples < round(_WORTH_S * self._rate):
            return
        self.read(1)  # decodes the first frame, and no more
        skipped = self._frames.skip(samples - 1 - len(self._left))
        if skipped is None:
            self._begin_again()
            return
        self._position += len(self._left) + skipped
        self._left = self._left[:0]

    def read(self, count: int) -> np.ndarray:
        """Return up to `count` samples `(t, c)`."""
        while len(self._left) == 0:
            piece = next(self._pieces, None)
            if piece is None:
                return self._left[:0]
            self._left = piece
        parts, have = [self._left], len(self._left)
        while have < count:
            piece = self._next_or_later(have)
            if piece is None:
                break
            parts.append(piece)
            have += len(piece)
        block = np.concatenate(parts) if len(parts) > 1 else parts[0]
        self._left = block[count:]
        self._position += len(block[:count])
        return block[:count]

    def _next_or_later(self, have: int) -> np.ndarray | None:
        """The next piece; a failure waits until the samples before it are given out."""
        try:
            return next(self._pieces, None)
        except DecodeError as error:
            if have == 0:
                raise
            self._pieces = _raising(error)
            return None

    def ending(self, position: int) -> Ending:
        """What is to be said when all was read up to a sample."""
        remark = self._losses.remark(self._frames.rate_hz, self._frames.corrupt)
        stated_s = self.info.duration_s
        counted = self._input.lossless and self._total is not None
        # Encoders count their padding, or not; samples that were counted are all there.
        slack_s = 0.0 if counted else 0.1 + 0.001 * (stated_s or 0.0)
        missing_s = (stated_s or 0.0) - position / self._rate
        if missing_s <= slack_s:
            return Ending(remark=remark)
        what = f"its header promises {stated_s:.2f} s"
        # A frame cut in two, or many samples that were counted: no slip of the pen.
        much = counted and missing_s > self._frames.longest / self._frames.rate_hz
        if much or not self._frames.ends_whole:
            return Ending(problem=what, remark=remark)
        if remark or not self._input.states_sound:
            return Ending(remark=remark)
        return Ending(remark=f"{what}, but its sound ends after {position / self._rate:.2f} s")

    def close(self) -> None:
        """Close the decoder, and the file if it was opened for it."""
        self._input.close()
        self._opened.close()


def _raising(error: DecodeError) -> Iterator[np.ndarray]:
    raise error
    yield  # a generator that fails where it is asked first
