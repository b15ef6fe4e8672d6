"""Scores of frames to notes, frame by frame as they come."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError
from tympan.notation import Note

Values = npt.NDArray[np.float32]
# Frames that the score of a note may be low before it has ended, so that a beat of two strings
# does not end it.
BRIDGE = 2
LEAST_BEND = 0.02  # semitones
AHEAD = 2  # frames behind an onset that are needed to tell where in its frame it is


@dataclass(frozen=True)
class NoteRules:
    """How notes are made of scores.

    Attributes:
        onset: score from which a note begins.
        frame: score below which it has ended.
        offset: score from which its end is heard, where the frames are low soon after.
        ghost: mean score of frames from which a note counts whose beginning was not heard.
        shortest_s: shorter notes are dropped.
        lowest: lowest pitch.
        highest: highest pitch.
    """

    onset: float = 0.35
    frame: float = 0.35
    offset: float = 0.5
    ghost: float = 2.0
    shortest_s: float = 0.04
    lowest: int = 0
    highest: int = 127

    def __post_init__(self) -> None:
        if self.lowest > self.highest:
            what = f"the lowest pitch ({self.lowest}) is above the highest ({self.highest})"
            raise ArgumentError(what, fix="give lowest ≤ highest")


@dataclass
class _Sounding:
    """A note that has begun."""

    start: float  # in frames
    first: int
    last: int  # the last frame that was not low
    velocity: float
    total: float
    heard: bool  # whether its beginning was
    bends: list[float] = field(default_factory=list)  # of each frame from `first`


class NoteDecoder:
    """Takes scores frame by frame and gives each note as soon as it has ended.

    An onset is a score that is highest among its neighbours; where it is between their middles
    follows from how high these are. A note lasts while its frames are high, until the same pitch
    begins again, or until its end is heard and the frames are low.

    Args:
        rules: how.
        frame_s: length of a frame.
        lowest: pitch of the first row.
        instrument: what the notes are said to be played by.
        with_bends: whether each note gets its bends.

    >>> scores = np.zeros((4, 1, 20), np.float32)
    >>> scores[0, 0, 4:7], scores[1, 0, 5:15], scores[3] = (0.5, 0.9, 0.5), 0.9, 0.5
    >>> decoder = NoteDecoder(NoteRules(), 0.02, 60)
    >>> [(round(n.start_s, 2), round(n.end_s, 2)) for n in decoder.push(scores) + decoder.finish()]
    [(0.11, 0.3)]
    """

    def __init__(
        self,
        rules: NoteRules,
        frame_s: float,
        lowest: int,
        instrument: str = "",
        *,
        with_bends: bool = False,
    ) -> None:
        self._rules, self._frame_s, self._lowest = rules, frame_s, lowest
        self._instrument, self._with_bends = instrument, with_bends
        self._held: Values | None = None  # scores from two frames before the next to be decided
        self._next = 0
        self._sounding: dict[int, _Sounding] = {}

    def push(self, scores: Values, bends: Values | None = None) -> list[Note]:
        """Take the next scores `(4, p, n)`: onset, frame, offset, velocity, each 0 … 1.

        Args:
            scores: of the next frames.
            bends: semitones from the middle of each pitch `(p, n)`, where they are wanted.
        """
        if self._with_bends and bends is not None:
            scores = np.concatenate([scores, bends[None]])
        if self._held is None:
            before = np.zeros((*scores.shape[:2], 2), np.float32)
            self._held = np.concatenate([before, scores], -1)
        else:
            self._held = np.concatenate([self._held, scores], -1)
        return self._decide(self._held.shape[-1] - 2 - AHEAD)

    def finish(self) -> list[Note]:
        """The notes that are left; the recording ends here."""
        if self._held is None:
            return []
        rest = self._held.shape[-1] - 2
        self._held = np.pad(self._held, ((0, 0), (0, 0), (0, AHEAD)))
        found = self._decide(rest)
        for row in sorted(self._sounding):
            self._end(row, self._sounding[row].last + 1, found)
        self._sounding.clear()
        return sorted(found, key=_order)

    def _decide(self, count: int) -> list[Note]:
        """Decide so many frames of those held."""
        if count <= 0:
            return []
        assert self._held is not None
        part = self._held[..., : count + 2 + AHEAD]
        found: list[Note] = []
        starts = self._onsets(part[0], count)
        high = part[1][:, 2 : 2 + count] >= self._rules.frame
        # Of each frame and the one before it, which may have come with the last scores.
        ends = part[2][:, 1 : 2 + count] >= self._rules.offset
        for i in range(count):
            begun = np.flatnonzero(starts[:, i] >= 0).tolist()
            if not begun and not self._sounding and self._rules.ghost > 1:
                continue
            self._step(part, i, begun, starts, high, ends, found)
        self._held = self._held[..., count:]
        self._next += count
        return sorted(found, key=_order)

    def _onsets(self, onset: Values, count: int) -> Values:
        """Where in frames each onset is, `(p, count)`; -1 where there is none."""
        own = onset[:, 2 : 2 + count]
        before, after = onset[:, 1 : 1 + count], onset[:, 3 : 3 + count]
        earlier, later = onset[:, :count], onset[:, 4 : 4 + count]
        peak = (own >= self._rules.onset) & (own > before) & (own >= after)
        peak &= (own > earlier) & (own >= later)
        # Both sides fall as steeply: the middle is nearer to the higher neighbour.
        steep = np.maximum(own - np.minimum(before, after), 1e-6)
        shift = np.clip((after - before) / steep / 2, -0.5, 0.5)
        at = self._next + np.arange(count) + 0.5 + shift
        return np.where(peak, np.maximum(at, 0.0), -1.0).astype(np.float64)

    def _step(
        self, part: Values, i: int, begun: list[int], starts: Values, high: Values,
        ends: Values, found: list[Note],
    ) -> None:  # fmt: skip
        """Decide a frame."""
        now = self._next + i
        for row in list(self._sounding):
            own = self._sounding[row]
            own.total += float(part[1, row, 2 + i])
            if self._with_bends:
                own.bends.append(float(part[4, row, 2 + i]))
            if high[row, i]:
                own.last = now
            elif now - own.last > BRIDGE or (ends[row, i : i + 2].any() and now > own.first + 1):
                self._end(row, own.last + 1, found)
        for row in begun:
            at = float(starts[row, i])
            if row in self._sounding:
                self._end(row, at, found)
            velocity = float(part[3, row, 2 + i])
            self._sounding[row] = _Sounding(
                at, now, now, velocity, float(part[1, row, 2 + i]), True
            )
        if self._rules.ghost <= 1:
            for row in np.flatnonzero(high[:, i]).tolist():
                if row not in self._sounding:
                    value = float(part[1, row, 2 + i])
                    self._sounding[row] = _Sounding(now, now, now, value, value, False)

    def _end(self, row: int, end: float, found: list[Note]) -> None:
        own, rules = self._sounding.pop(row), self._rules
        pitch = self._lowest + row
        end = max(end, own.start + 1)
        long_enough = (end - own.start) * self._frame_s >= rules.shortest_s
        sure = own.heard or own.total / max(1.0, end - own.first) >= rules.ghost
        if long_enough and sure and rules.lowest <= pitch <= rules.highest:
            velocity = int(np.clip(round(127 * own.velocity), 1, 127))
            start_s, end_s = own.start * self._frame_s, end * self._frame_s
            bends = self._bends(own, start_s, end_s) if self._with_bends else None
            found.append(Note(start_s, end_s, pitch, velocity, self._instrument, bends))

    def _bends(
        self, own: _Sounding, start_s: float, end_s: float
    ) -> tuple[tuple[float, float], ...]:
        """Time within the note and semitones, where they change."""
        found: list[tuple[float, float]] = []
        for i, value in enumerate(own.bends):
            at_s = (own.first + 1 + i + 0.5) * self._frame_s - start_s
            if 0 <= at_s < end_s - start_s and (
                not found or abs(value - found[-1][1]) >= LEAST_BEND
            ):
                found.append((round(at_s, 4), round(value, 3)))
        return tuple(found)


def _order(note: Note) -> tuple[float, int, float]:
    return note.start_s, note.pitch, note.end_s
