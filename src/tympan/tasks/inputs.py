"""One pass over a recording for all the models that answer about it.

Blocks come at the recording's rate, with all its channels. For each rate that models need they are
mixed and resampled once; what mixing and resampling takes away is measured on the way.
"""

from __future__ import annotations

import dataclasses
import os
from collections import deque
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.downmix import Downmix

if TYPE_CHECKING:
    from tympan.tasks.contract import Answer, Model, Session
    from tympan.tasks.windows import Wave

    A = TypeVar("A", bound=Answer)

BLOCK_S = 30.0
# One step of 16 bits is -90 dB of full scale: what never reaches it holds nothing.
SILENT_PEAK = 10 ** (-90 / 20)
SHORTEST_S = 0.1
# The power of larger samples is beyond float32, and with it every spectrum.
MOST_PEAK = 1e15
# From this share of the power on, what lies above a model's band is worth a warning.
MUCH_LOST = 0.5
# With less than -50 dB of the power left, a model would hear clicks where the sound begins.
NOTHING_LEFT = 1e-5
# From this share of the time on, it is worth saying that one channel stands for all.
MUCH_CANCELLED = 0.1


class Stage(Protocol):
    """A step between a recording and its models: as many samples `(c, t)` come out as went in."""

    def push(self, wave: Wave) -> Wave:
        """Take the next samples; give those that are done."""
        ...

    def finish(self) -> Wave:
        """The recording ends here; give the rest."""
        ...


class ModelInput:
    """A recording on its way to models of one rate: mixed, resampled and measured.

    Args:
        from_hz: rate of the recording.
        channels: of the recording.
        rate_hz: rate that the models need.
        mono: whether they take one channel.
        cleaner: makes, from rate and channels, what takes its noise away; None: it stays.

    >>> tone = np.sin(2 * np.pi * 20_000 / 48_000 * np.arange(48_000, dtype=np.float32))
    >>> way = ModelInput(48_000, channels=1, rate_hz=16_000)
    >>> ready = way.push(tone[None]), way.finish()
    >>> way.empty, way.warnings[0]
    (True, 'all of its sound lies above the 8,000 Hz up to which the model listens, so that the \
answer means nothing')
    """

    def __init__(
        self,
        from_hz: int,
        channels: int,
        rate_hz: int,
        mono: bool = True,
        cleaner: Callable[[int, int], Stage] | None = None,
    ) -> None:
        from tympan.audio._resample import Resampler

        self.from_hz, self.rate_hz = from_hz, rate_hz
        self._mix = Downmix(from_hz) if mono and channels > 1 else None
        self._kept = 1 if mono else channels
        self._cleaner = None if cleaner is None else cleaner(rate_hz, self._kept)
        self._resampler = None if from_hz == rate_hz else Resampler(from_hz, rate_hz, self._kept)
        self._first: Wave | None = None
        self._before = _Level()
        self._after = self._before if self._resampler is None else _Level()
        self._peak = 0.0
        self._samples = 0

    def push(self, block: Wave) -> Wave:
        """Take the next samples `(c, t)`; give those `(c, t)` that are ready for the models."""
        self._peak = max(self._peak, float(np.abs(block).max(initial=0.0)))
        self._samples += block.shape[1]
        mixed = block if self._mix is None else self._mix.push(block)[None]
        return self._cleaned(self._resampled(mixed))

    def finish(self) -> Wave:
        """The samples that remain; the recording ends here."""
        ready = [] if self._mix is None else [self._resampled(self._mix.finish()[None])]
        if self._resampler is not None:
            end = self._resampler.push(np.zeros((0, self._kept), np.float32), last=True).T
            if not self._after.count + end.shape[1] and self._first is not None:
                end = self._first  # so short that the resampler rounds it away
            self._after.add(end)
            ready.append(end)
        rest = np.concatenate(ready, axis=1) if ready else np.zeros((self._kept, 0), np.float32)
        if self._cleaner is None:
            return rest
        return np.concatenate((self._cleaned(rest), self._cleaner.finish()), axis=1)

    def _cleaned(self, wave: Wave) -> Wave:
        if self._cleaner is None or not wave.shape[1]:
            return wave
        return self._cleaner.push(wave)

    def _resampled(self, wave: Wave) -> Wave:
        self._before.add(wave)
        if self._resampler is None:
            return wave
        if self._first is None and wave.shape[1]:
            self._first = wave[:, :1]
        ready: Wave = self._resampler.push(wave.T).T
        self._after.add(ready)
        return ready

    @property
    def duration_s(self) -> float:
        """Length so far."""
        return self._samples / self.from_hz

    @property
    def silent(self) -> bool:
        """Whether no sample of the recording reaches -90 dB of full scale."""
        return self._peak < SILENT_PEAK

    @property
    def lost(self) -> float:
        """Share of the power (without its mean) that lies above the models' band, 0 … 1."""
        if self.rate_hz >= self.from_hz:
            return 0.0
        return 1 - min(1.0, self._after.power / max(self._before.power, 1e-20))

    @property
    def empty(self) -> bool:
        """Whether there is nothing that a model could answer about."""
        return self.silent or self.duration_s < SHORTEST_S or self._nothing_left

    @property
    def _nothing_left(self) -> bool:
        return self._after.peak < SILENT_PEAK or self.lost > 1 - NOTHING_LEFT

    @property
    def too_loud(self) -> str:
        """Why nothing can be computed of so large samples, a clause; empty: it can."""
        if self._peak <= MOST_PEAK:
            return ""
        told = f"holds samples of up to {self._peak:.0e}, where full scale is 1"
        return f"{told}: too large to compute with, so the answer means nothing"

    @property
    def above_band(self) -> str:
        """How much lies above the models' band, a sentence if that is much, else empty."""
        above = f"above the {self.rate_hz / 2:,.0f} Hz up to which the model listens"
        if self.silent or self.lost < MUCH_LOST:
            return ""
        if self._nothing_left:
            return f"all of its sound lies {above}, so that the answer means nothing"
        return f"{_percent(self.lost)} of its power lies {above}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What of the recording the models do not get, and why an answer may mean nothing."""
        if self.too_loud:
            return (self.too_loud,)
        if self.silent:
            return ("is silent, so the answer means nothing",)
        if self.duration_s < SHORTEST_S:
            return (f"lasts only {1000 * self.duration_s:.0f} ms, too short to tell what it is",)
        found = [self.above_band] if self.above_band else []
        if self._mix is not None and self._mix.cancelled >= MUCH_CANCELLED:
            found.append("its channels cancel each other: the louder one is used, not their mean")
        return tuple(found)


class _Level:
    """Peak and power of a stream of samples."""

    def __init__(self) -> None:
        self.peak, self.count = 0.0, 0
        self._sum = self._squares = 0.0

    def add(self, wave: Wave) -> None:
        if not wave.size:
            return
        flat = np.ascontiguousarray(wave).ravel()
        self.peak = max(self.peak, float(flat.max()), -float(flat.min()))
        self.count += flat.size
        self._sum += float(flat.sum(dtype=np.float64))
        self._squares += float(np.dot(flat, flat))

    @property
    def power(self) -> float:
        """Mean square without the mean, which is no sound."""
        mean = self._sum / max(1, self.count)
        return max(0.0, self._squares / max(1, self.count) - mean**2)


def _percent(share: float) -> str:
    text = f"{100 * share:.0f}"
    return "more than 99 %" if text == "100" else f"{text} %"


class Feed:
    """Gives each block of a recording to all sessions that have joined.

    Args:
        rate_hz: of the recording.
        channels: of the recording.
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self.rate_hz, self.channels = rate_hz, channels
        self._inputs: dict[tuple[Any, ...], ModelInput] = {}
        self._sessions: list[tuple[ModelInput, Session[Any]]] = []

    def join(self, model: Model[Any], session: Session[Any]) -> ModelInput:
        """Let a session of a model have the recording; its input, which tells what it lacks."""
        way = way_to(model, session, self._inputs, self.rate_hz, self.channels)
        self._sessions.append((way, session))
        return way

    def push(self, block: Wave) -> None:
        """Give the next samples `(c, t)` to all."""
        ready = {way: way.push(block) for way in self._inputs.values()}
        for way, session in self._sessions:
            _give(session, ready[way])

    def finish(self) -> None:
        """Give what remains to all; the recording ends here."""
        ready = {way: way.finish() for way in self._inputs.values()}
        for way, session in self._sessions:
            _give(session, ready[way])

    def answers(self) -> list[Any]:
        """The answers of all sessions in the order they joined, with the warnings added."""
        return [with_warnings(session.result(), way.warnings) for way, session in self._sessions]


def _give(session: Session[Any], wave: Wave) -> None:
    if wave.shape[1]:
        deque(session.push(wave), maxlen=0)  # `push` may be a generator


def with_warnings(answer: A, warnings: tuple[str, ...]) -> A:
    """An answer with more warnings, those that it does not have yet."""
    more = tuple(line for line in warnings if line not in answer.warnings)
    if not more or not dataclasses.is_dataclass(answer):
        return answer
    found: A = dataclasses.replace(answer, warnings=(*more, *answer.warnings))
    return found


def blocks_of(source: Any) -> Iterator[tuple[int, Wave]]:
    """A recording from its beginning to its end, opened once: its rate, and samples `(c, t)`.

    Args:
        source: path, bytes, binary file object or `Clip`.

    Raises:
        AudioFileError: the recording cannot be read.
        ArgumentError: an array, which knows no rate.
    """
    from tympan.audio import Clip, blocks

    if isinstance(source, np.ndarray):
        fix = "tympan.load(array, rate_hz=...) gives a clip that knows its rate"
        raise ArgumentError("an array of samples has no rate", fix=fix)
    if isinstance(source, Clip):
        step = max(1, int(BLOCK_S * source.rate_hz))
        for start in range(0, source.num_samples, step):
            yield source.rate_hz, source.samples[:, start : start + step]
        return
    for block in blocks(source, block_s=BLOCK_S):
        yield block.clip.rate_hz, block.clip.samples


def input_key(model: Any, mono: bool | None = None) -> tuple[int, bool, Any]:
    """What a recording has to be for a model: rate, whether mono, and its cleaner.

    Models with one key share one `ModelInput`.
    """
    wanted = bool(model.mono) if mono is None else mono
    return int(model.rate_hz), wanted, getattr(model, "cleaner", None)


def way_to(
    model: Model[Any],
    session: Session[Any],
    ways: dict[tuple[Any, ...], ModelInput],
    rate_hz: int,
    channels: int,
) -> ModelInput:
    """What a session is to be given of a recording, which it is told of.

    Args:
        model: whose session it is.
        session: that has just begun.
        ways: of this recording to other sessions; those that want the same share one.
        rate_hz: of the recording.
        channels: of the recording.
    """
    from tympan.tasks.contract import TakesAsIs

    # A session may want the channels that its model usually mixes.
    key = input_key(model, bool(getattr(session, "mono", model.mono)))
    if isinstance(session, TakesAsIs):
        key = (rate_hz, False, None)
        session.begin(rate_hz, channels)
    if key not in ways:
        ways[key] = ModelInput(rate_hz, channels, *key)
    if hasattr(session, "input"):
        session.input = ways[key]
    return ways[key]


def samples_of(
    source: Any,
    rate_hz: int,
    *,
    mono: bool = True,
    cleaner: Callable[[int, int], Stage] | None = None,
) -> Iterator[Wave]:
    """A recording as models of one rate get it: blocks `(c, t)`; opened once."""
    way: ModelInput | None = None
    for from_hz, block in blocks_of(source):
        way = way or ModelInput(from_hz, len(block), rate_hz, mono, cleaner)
        yield way.push(block)
    if way is not None:
        yield way.finish()


def name_of(source: Any) -> str:
    """How an answer calls a recording: its path as it was given, or the clip's name."""
    from tympan.audio import Clip

    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, Clip):
        return source.name or "clip"
    return "bytes" if isinstance(source, bytes) else str(getattr(source, "name", "stream"))
