"""Cuts the speech out of a recording: windows that end at pauses, and none that is too long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from tympan.tasks.segment.answer import SegmentModel

Wave = npt.NDArray[np.float32]
Values = npt.NDArray[np.float32]


class FindsSpeech(Protocol):
    """Says of each frame of a stream how probably it is speech.

    Attributes:
        frame: samples of a frame.
    """

    frame: int

    def push(self, wave: Wave) -> Values:
        """Take the next samples `(t,)`; the probabilities `(n,)` of the next frames."""
        ...

    def finish(self) -> Values:
        """Those that are still to come; the recording ends here."""
        ...


class SpeechModelFrames:
    """A model of segments with one label, such as `speech`, as what finds speech.

    Args:
        model: finds speech.
        chunk_s: a causal model answers in pieces of so many seconds, with the same answer; None:
            its own.
    """

    def __init__(self, model: SegmentModel, chunk_s: float | None = None) -> None:
        from dataclasses import replace

        if chunk_s is not None and model.config.causal:
            model = replace(model, config=replace(model.config, chunk_s=chunk_s))
        self.frame = model.config.frame
        self._session = model.session()
        self._session.kept = []

    def push(self, wave: Wave) -> Values:
        """Take the next samples `(t,)`."""
        self._session.push(wave[None])
        self._session.flush()
        self._session.forget()
        return self._taken()

    def finish(self) -> Values:
        """The recording has ended."""
        self._session.result()
        return self._taken()

    def _taken(self) -> Values:
        found, self._session.kept = self._session.kept or [], []
        return np.concatenate([one[0] for one in found]) if found else np.zeros(0, np.float32)


@dataclass(frozen=True)
class CutRules:
    """Where speech is cut.

    Attributes:
        longest_s: no window is longer.
        onset: probability at which speech begins.
        offset: probability below which it ends.
        pad_s: so much before and behind speech belongs to it.
        pause_s: a pause of this length ends a window.
        least_pause_s: a window that is too long is cut in its longest pause, if that has this
            length; else the next one begins before it ends.
        overlap_s: so much before.
        shortest_s: what has less speech is none: a click, a cough.
    """

    longest_s: float
    onset: float = 0.5
    offset: float = 0.35
    pad_s: float = 0.3
    pause_s: float = 1.5
    least_pause_s: float = 0.2
    overlap_s: float = 3.0
    shortest_s: float = 0.12


@dataclass(frozen=True, eq=False)
class SpeechPiece:
    """A window of speech.

    Attributes:
        start: its first sample, counted from the beginning of the recording.
        wave: `(t,)`.
        speech: probability of speech in each of its frames `(n,)`.
        overlap: so many of its samples the window before it had too; 0: a pause lies between.
    """

    start: int
    wave: Wave
    speech: Values
    overlap: int = 0


class SpeechCutter:
    """Cuts windows out of a stream, of which it holds no more than a window.

    Args:
        rules: where it cuts.
        rate_hz: of the samples.
        frame: samples of a frame of the probabilities.
    """

    def __init__(self, rules: CutRules, rate_hz: int, frame: int) -> None:
        def frames(seconds: float) -> int:
            return max(1, round(seconds * rate_hz / frame))

        self.rules, self._frame = rules, frame
        self._longest = max(4, int(rules.longest_s * rate_hz / frame))
        self._pad, self._pause = frames(rules.pad_s), frames(rules.pause_s)
        self._least = frames(rules.least_pause_s)
        self._overlap = min(frames(rules.overlap_s), self._longest // 3)
        self._shortest = frames(rules.shortest_s)
        self._wave, self._p = np.zeros(0, np.float32), np.zeros(0, np.float32)
        self._first = 0  # the frame at which what is held begins
        self._start: int | None = None  # the frame at which the open window begins
        self._shared = 0  # so many frames of it the one before had too
        self._done = 0  # what lies before this frame has been given out

    @property
    def known(self) -> int:
        """So many frames have a probability."""
        return self._first + len(self._p)

    @property
    def overlapping(self) -> bool:
        """Whether the next window will share samples with the last one."""
        return self._start is not None and self._shared > 0

    @property
    def open_start(self) -> int | None:
        """The sample at which the window begins that has not ended; None: there is none."""
        return None if self._start is None else self._start * self._frame

    def push(self, wave: Wave, speech: Values) -> list[SpeechPiece]:
        """Take the next samples `(t,)`, and the probabilities that are known by now."""
        self._wave = np.concatenate([self._wave, wave])
        self._p = np.concatenate([self._p, speech])
        return self._cut(final=False)

    def finish(self, speech: Values) -> list[SpeechPiece]:
        """The windows that remain; the recording ends here."""
        self._p = np.concatenate([self._p, speech])
        return self._cut(final=True)

    def open(self) -> SpeechPiece | None:
        """The window that has not ended, as far as it is known; None: nobody speaks."""
        if self._start is None:
            return None
        end = self._first + len(self._wave) // self._frame
        return self._piece(self._start, max(self._start, min(end, self._start + self._longest)))

    def _cut(self, *, final: bool) -> list[SpeechPiece]:
        found = []
        while (span := self._next(final=final)) is not None:
            start, end, shared = span
            new = self._p[max(start + self._shared, self._done) - self._first : end - self._first]
            # Behind a seam the shortest rest may be the end of a word.
            least = 1 if self._shared else self._shortest
            if int((new >= self.rules.offset).sum()) >= least:
                found.append(self._piece(start, end))
            self._start, self._shared = None, shared or 0
            if shared is not None:  # the next one begins at once
                self._start = end - shared
            self._done = end
        self._drop()
        return found

    def _next(self, *, final: bool) -> tuple[int, int, int | None] | None:
        """First and last frame of the next window, and how many of them the one after it shares.

        None of the last: it does not follow at once.
        """
        known = self.known
        if self._start is None:
            since = max(self._done, self._first)
            begun = np.flatnonzero(self._p[since - self._first :] >= self.rules.onset)
            if not len(begun):
                return None
            self._start = max(since, since + int(begun[0]) - self._pad)
        end = self._start + self._shared
        spoken = self._spoken(end, known)
        quiet = (int(spoken[0]) if len(spoken) else known) - end
        if quiet >= self._pause or (final and not len(spoken)):
            return self._start, end, None  # nothing follows what the last window had
        if not len(spoken):
            return None
        if not self._shared:
            self._start = max(self._start, int(spoken[0]) - self._pad)
        start, limit = self._start, self._start + self._longest
        pauses = np.flatnonzero(np.diff(spoken) > self._pause)
        last = int(spoken[pauses[0]] if len(pauses) else spoken[-1]) + 1
        ended = final or len(pauses) > 0 or known - last >= self._pause
        if ended and last <= limit:
            return start, min(last + self._pad, limit, known), None
        # Whether a pause is long enough must not depend on how much has come in by now.
        if known < limit + self._pause and not final:
            return None
        return start, *self._inside(spoken[spoken < limit], start, limit)

    def _spoken(self, start: int, end: int) -> npt.NDArray[np.int64]:
        """The frames from one to another that are speech."""
        part = self._p[start - self._first : end - self._first]
        return start + np.flatnonzero(part >= self.rules.offset)

    def _inside(self, spoken: npt.NDArray[np.int64], start: int, limit: int) -> tuple[int, int]:
        """Where a window that is too long is cut, and how many frames the next one shares."""
        edges = np.append(spoken, limit)
        pauses = np.diff(edges) - 1
        # Not so early that much is computed for little.
        late = edges[:-1] >= start + 0.4 * self._longest
        fitting = np.where(late, pauses, 0)
        if fitting.max(initial=0) >= self._least:
            # Of equal ones the last.
            best = len(fitting) - 1 - int(fitting[::-1].argmax())
            return int(edges[best]) + 1 + int(fitting[best]) // 2, 0
        return limit, self._overlap

    def _piece(self, start: int, end: int) -> SpeechPiece:
        frame = self._frame
        wave = self._wave[(start - self._first) * frame : (end - self._first) * frame]
        if end >= self.known:  # the last frame may be incomplete
            wave = self._wave[(start - self._first) * frame :][: self._longest * frame]
        speech = self._p[start - self._first : end - self._first]
        return SpeechPiece(start * frame, wave.copy(), speech.copy(), self._shared * frame)

    def _drop(self) -> None:
        """Let go of what no window will have."""
        keep = self._start if self._start is not None else max(self._done, self.known - self._pad)
        many = keep - self._first
        if many > 0:
            self._wave = self._wave[many * self._frame :].copy()
            self._p = self._p[many:].copy()
            self._first = keep
