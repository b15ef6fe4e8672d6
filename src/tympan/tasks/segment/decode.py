"""From the probability of a label in each frame to segments: one rule set, named and in order.

1. **onset, offset**: a segment begins where the probability reaches `onset`, and ends where it
   falls below `offset` (hysteresis).
2. **gap_s**: two segments with a shorter pause between them become one.
3. **shortest_s**: what is then shorter is dropped.
4. **longest_s**: what is longer is cut at its lowest probability.
5. **pad_s**: each is made longer on both sides; those that then touch become one.

What comes in blocks gives the same segments, to the last bit, as the whole at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError
from tympan.tasks.results.parts import Segment

Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class SegmentRules:
    """How segments of one label are made of probabilities; see the module.

    Args:
        onset: probability at which a segment begins.
        offset: probability below which it ends; not above `onset`.
        shortest_s: shorter segments are dropped.
        gap_s: shorter pauses are bridged.
        pad_s: seconds added before and behind.
        longest_s: longer segments are cut; 0: they are not.

    Raises:
        ArgumentError: a value that cannot be used.
    """

    onset: float = 0.5
    offset: float = 0.5
    shortest_s: float = 0.0
    gap_s: float = 0.0
    pad_s: float = 0.0
    longest_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("onset", "offset"):
            if not 0 <= getattr(self, name) <= 1:
                what = f"{name}={getattr(self, name)} must be between 0 and 1"
                raise ArgumentError(what, option=name)
        if self.offset > self.onset:
            what = f"offset={self.offset:g} is above onset={self.onset:g}: nothing would last"
            raise ArgumentError(what, fix="give an offset of the onset or less", option="offset")
        for name in ("shortest_s", "gap_s", "pad_s", "longest_s"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise ArgumentError(f"{name}={value} must be 0 or more", option=name)
        if self.longest_s and self.longest_s < max(self.shortest_s, 0.1) + 2 * self.pad_s:
            what = f"longest_s={self.longest_s:g} leaves no room for shortest_s and pad_s"
            fix = "give a larger longest_s, or 0 for none"
            raise ArgumentError(what, fix=fix, option="longest_s")


@dataclass(frozen=True)
class _Run:
    """Frames `first … last` (not included) of one segment, and what its score is made of."""

    first: int
    last: int
    total: float
    count: int
    cut_before: bool = False  # it goes on from one that was too long
    cut_after: bool = False


@dataclass(frozen=True)
class _Padded:
    start_s: float
    end_s: float
    total: float
    count: int
    cut_after: bool = False


class SegmentDecoder:
    """Makes segments of one label, block by block.

    Args:
        rules: see `SegmentRules`.
        frame_s: length of a frame.
        label: of the segments.

    >>> decoder = SegmentDecoder(SegmentRules(0.5, 0.3), 0.1, "dog")
    >>> for one in decoder.push(np.array([0.1, 0.6, 0.4, 0.2], np.float32)):
    ...     print(one)
    0.10 – 0.30 s dog 50 %
    >>> decoder.finish()
    []
    """

    def __init__(self, rules: SegmentRules, frame_s: float, label: str = "") -> None:
        self._rules, self._frame_s, self._label = rules, frame_s, label
        # A length that is a whole number of frames must not fail by a rounding error.
        self._gap = math.ceil(rules.gap_s / frame_s - 1e-6)
        self._shortest = math.ceil(rules.shortest_s / frame_s - 1e-6)
        longest = (rules.longest_s - 2 * rules.pad_s) / frame_s
        self._longest = max(2, math.floor(longest + 1e-6)) if rules.longest_s else 0
        self._now = 0  # frames so far
        self._active = False
        self._run: _Run | None = None  # what is not final: it lasts, or its pause may be bridged
        self._recent = np.zeros(0, np.float32)  # probabilities since its beginning
        self._held: _Padded | None = None  # what padding may still join to the next

    def push(self, probabilities: Values) -> list[Segment]:
        """Take the next probabilities `(n,)`; the segments that are final now."""
        found: list[Segment] = []
        place = 0
        while place < len(probabilities):
            rest = probabilities[place:]
            # A segment that is too long is cut before more of it is looked at.
            if self._longest and self._run is not None:
                room = self._longest - (self._now - self._run.first) + 1
                rest = rest[: max(1, room)]
            place += self._advance(rest, found)
            self._cut_long(found)
        self._settle(found)
        return found

    def finish(self, duration_s: float | None = None) -> list[Segment]:
        """The segments that remain; the recording ends here, or at `duration_s`."""
        found: list[Segment] = []
        self._close_run(found)
        if self._held is not None:
            self._give(self._held, found)
            self._held = None
        if duration_s is None:
            return found
        inside = (replace(s, end_s=min(s.end_s, duration_s)) for s in found)
        return [one for one in inside if one.end_s > one.start_s]

    def _advance(self, rest: Values, found: list[Segment]) -> int:
        """Take frames up to the next change; how many they were."""
        rules = self._rules
        if self._active:
            below = np.flatnonzero(rest < rules.offset)
            count = int(below[0]) if len(below) else len(rest)
            self._lengthen(rest[:count])
            if len(below):
                self._active = False
            return self._step(rest[:count]) if count else 0
        above = np.flatnonzero(rest >= rules.onset)
        count = int(above[0]) if len(above) else len(rest)
        if self._run is not None and self._now + count - self._run.last >= max(1, self._gap):
            count_kept = max(0, self._run.last + max(1, self._gap) - self._now)
            self._step(rest[:count_kept])
            self._close_run(found)
            self._now += count - count_kept
        else:
            self._step(rest[:count])
        if len(above):
            self._active = True
            if self._run is None:
                self._run = _Run(self._now, self._now, 0.0, 0)
                self._recent = np.zeros(0, np.float32)
        return count

    def _step(self, frames: Values) -> int:
        self._now += len(frames)
        if self._longest and self._run is not None:
            self._recent = np.concatenate([self._recent, frames])
        return len(frames)

    def _lengthen(self, frames: Values) -> None:
        run = self._run
        assert run is not None
        if len(frames):
            # In order, frame by frame: the sum must not depend on how the frames came.
            total = run.total
            for value in frames.tolist():
                total += value
            last = self._now + len(frames)
            self._run = replace(run, last=last, total=total, count=run.count + len(frames))

    def _cut_long(self, found: list[Segment]) -> None:
        run = self._run
        if not self._longest or run is None or run.last - run.first <= self._longest:
            return
        half = self._longest // 2
        at = half + int(np.argmin(self._recent[half : self._longest]))
        at = max(1, at)
        # The score of both parts is that of the whole so far.
        mean = run.total / max(1, run.count)
        before = replace(run, last=run.first + at, cut_after=True)
        self._run = _Run(
            run.first + at, run.last, mean * (run.last - run.first - at),
            run.last - run.first - at, cut_before=True,
        )  # fmt: skip
        self._recent = self._recent[at:]
        self._keep(before, found)

    def _close_run(self, found: list[Segment]) -> None:
        run, self._run = self._run, None
        self._recent = np.zeros(0, np.float32)
        if run is not None and (run.last - run.first >= self._shortest or run.cut_before):
            self._keep(run, found)

    def _keep(self, run: _Run, found: list[Segment]) -> None:
        """A run that is final in frames: pad it, and join it to the one before where they touch."""
        pad_s = self._rules.pad_s
        start_s = run.first * self._frame_s - (0.0 if run.cut_before else pad_s)
        end_s = run.last * self._frame_s + (0.0 if run.cut_after else pad_s)
        new = _Padded(max(0.0, start_s), end_s, run.total, run.count, run.cut_after)
        held = self._held
        if held is not None:
            touches = new.start_s <= held.end_s + 1e-9 and pad_s > 0 and not held.cut_after
            too_long = self._longest and new.end_s - held.start_s > self._rules.longest_s
            if touches and not too_long:
                total, count = held.total + new.total, held.count + new.count
                self._held = _Padded(held.start_s, new.end_s, total, count, new.cut_after)
                return
            if touches:
                middle_s = (held.end_s + new.start_s) / 2
                held, new = replace(held, end_s=middle_s), replace(new, start_s=middle_s)
            self._give(held, found)
        self._held = new

    def _settle(self, found: list[Segment]) -> None:
        """Give what no later frame can change."""
        run = self._run
        if run is not None and not self._active and self._now - run.last >= max(1, self._gap):
            self._close_run(found)
        if self._held is None:
            return
        next_s = (self._now if self._run is None else self._run.first) * self._frame_s
        if self._held.cut_after or self._held.end_s + 1e-9 < next_s - self._rules.pad_s:
            self._give(self._held, found)
            self._held = None

    def _give(self, one: _Padded, found: list[Segment]) -> None:
        score = one.total / max(1, one.count)
        found.append(Segment(one.start_s, one.end_s, self._label, score))


def segments_of(
    probabilities: Values, rules: Sequence[SegmentRules], frame_s: float, labels: Sequence[str]
) -> tuple[Segment, ...]:
    """All segments of a recording at once, in order of their beginnings.

    Args:
        probabilities: `(k, n)`.
        rules: of each label.
        frame_s: length of a frame.
        labels: the `k` labels.

    >>> p = np.array([[0, 1, 1, 0, 1, 0]], np.float32)
    >>> [(s.start_s, s.end_s) for s in segments_of(p, [SegmentRules(gap_s=2)], 1.0, ["a"])]
    [(1.0, 5.0)]
    """
    found: list[Segment] = []
    duration_s = probabilities.shape[1] * frame_s
    for row, own, label in zip(probabilities, rules, labels, strict=True):
        decoder = SegmentDecoder(own, frame_s, label)
        found += decoder.push(row)
        found += decoder.finish(duration_s)
    return tuple(sorted(found, key=lambda one: (one.start_s, one.end_s, one.label)))
