"""Windows that overlap, and their outputs added up again: for answers frame by frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError, ShapeError
from tympan.tasks.windows.window import Held, Wave, Window


@dataclass(frozen=True)
class OverlappingWindows:
    """Every `hop` samples a window of `left + core + right`, of which the core is kept.

    What lies beyond both ends of the recording is silence. The last window is moved inwards, so
    that the net gets a whole one; a recording that is shorter than the core is padded.

    Args:
        core: samples whose output is kept.
        hop: samples from one window to the next; less than `core` lets the outputs overlap.
        left: samples of context before the core.
        right: samples of context behind it.
        align: samples of one frame of the output; all others are multiples of it.

    Raises:
        ArgumentError: the outputs would leave gaps, or are not whole frames.

    >>> geometry = OverlappingWindows(core=8, hop=4, left=2, right=2, align=2)
    >>> cutter = geometry.cutter()
    >>> [(w.start, w.end, w.offset) for w in cutter.push(np.zeros(16, np.float32))]
    [(0, 8, -2), (4, 12, 2)]
    >>> [(w.start, w.end, w.offset) for w in cutter.finish()]
    [(8, 16, 6)]
    """

    core: int
    hop: int
    left: int = 0
    right: int = 0
    align: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.hop <= self.core or min(self.left, self.right) < 0 or self.align < 1:
            raise ArgumentError(
                f"windows of {self.core} samples every {self.hop} with context "
                f"({self.left}, {self.right}) leave gaps",
                fix="give 1 ≤ hop ≤ core, and no negative context",
            )
        lengths = (self.core, self.hop, self.left, self.right)
        if any(length % self.align for length in lengths):
            what = f"windows of {lengths} samples are not whole frames of {self.align}"
            raise ArgumentError(what, fix="give multiples of align")

    @property
    def size(self) -> int:
        """Samples of a window with its context."""
        return self.left + self.core + self.right

    @property
    def latency(self) -> int:
        """So many samples after it came in, the output of a sample is complete, at most."""
        return self.core + self.right

    def cutter(self) -> OverlappingCutter:
        """What cuts one recording."""
        return OverlappingCutter(self)


class OverlappingCutter:
    """Cuts one recording into `OverlappingWindows`; no more than two windows are held."""

    def __init__(self, geometry: OverlappingWindows) -> None:
        self._geometry = geometry
        self._held = Held(-geometry.left)
        self._next = 0  # where the core of the next window begins
        self._begun = False

    def push(self, block: Wave) -> list[Window]:
        """Take the next samples `(…, t)`; give the windows that are complete now."""
        geometry = self._geometry
        if not self._begun:
            self._begun = True
            silence = np.zeros((*block.shape[:-1], geometry.left), np.float32)
            block = np.concatenate([silence, block], axis=-1)
        self._held.add(block)
        found: list[Window] = []
        while self._next + geometry.core + geometry.right <= self._held.known:
            found.append(self._window(self._next - geometry.left, self._next + geometry.core))
        # The last window may begin anywhere behind the beginning of the one before.
        self._held.drop_before(self._next - geometry.hop - geometry.left, geometry.size)
        return found

    def finish(self) -> list[Window]:
        """Give the windows that remain; the recording ends here."""
        core, left, align = self._geometry.core, self._geometry.left, self._geometry.align
        length = self._held.known
        found: list[Window] = []
        while length > 0 and self._next + core <= length:
            found.append(self._window(self._next - left, self._next + core))
        covered = self._next - self._geometry.hop + core if self._next else 0
        if covered < length:
            inwards = -(-(length - core) // align) * align
            found.append(self._window(max(0, inwards) - left, length))
        return found

    def _window(self, offset: int, end: int) -> Window:
        size = self._geometry.size
        wave = self._held.between(offset, offset + size)
        missing = size - wave.shape[-1]
        if missing:
            wave = np.pad(wave, [*[(0, 0)] * (wave.ndim - 1), (0, missing)])
        window = Window(self._next, end, offset, wave)
        self._next += self._geometry.hop
        return window


class OverlapAdd:
    """Joins the outputs of overlapping windows to one stream; weights of a frame sum to one.

    Each output fades in while the one before fades out. A net whose output is its input gives the
    recording back, to the last bit of float32.

    Args:
        geometry: of the windows.

    >>> geometry = OverlappingWindows(core=4, hop=2)
    >>> cutter, joined = geometry.cutter(), OverlapAdd(geometry)
    >>> windows = cutter.push(np.arange(5, dtype=np.float32)) + cutter.finish()
    >>> parts = [joined.push(window, window.wave) for window in windows] + [joined.finish()]
    >>> np.concatenate(parts)
    array([0., 1., 2., 3., 4.], dtype=float32)
    """

    def __init__(self, geometry: OverlappingWindows) -> None:
        self._geometry = geometry
        frames = geometry.core // geometry.align
        fade = (geometry.core - geometry.hop) // geometry.align + 1
        ramp = np.minimum(np.arange(frames), np.arange(frames)[::-1]) + 1
        self._weights = np.minimum(1.0, ramp / fade)  # float64: the sum is exact in float32
        self._first = 0  # the frame of the first column held
        self._sum: npt.NDArray[np.float64] | None = None
        self._total = np.zeros(0)

    def push(self, window: Window, output: npt.NDArray[Any]) -> Wave:
        """Take the output `(…, n)` of a window, context included; give the frames that are final.

        Raises:
            ShapeError: it does not have one frame for each `align` samples of the window.
        """
        geometry = self._geometry
        if output.shape[-1] != geometry.size // geometry.align:
            expected, got = geometry.size // geometry.align, output.shape[-1]
            raise ShapeError(f"a window's output has {got} frames, expected {expected}")
        first = window.start // geometry.align
        count = -(-(window.end - window.start) // geometry.align)
        skip = (window.start - window.offset) // geometry.align
        self._make_room(output, first + count)
        weights, at = self._weights[:count], first - self._first
        assert self._sum is not None
        self._sum[..., at : at + count] += output[..., skip : skip + count] * weights
        self._total[at : at + count] += weights
        return self._release(min(first + geometry.hop // geometry.align, first + count))

    def finish(self) -> Wave:
        """The frames that remain."""
        return self._release(self._first + len(self._total))

    def _make_room(self, output: npt.NDArray[Any], end: int) -> None:
        if self._sum is None:
            self._sum = np.zeros((*output.shape[:-1], 0))
        missing = end - self._first - len(self._total)
        if missing > 0:
            more = np.zeros((*self._sum.shape[:-1], missing))
            self._sum = np.concatenate([self._sum, more], axis=-1)
            self._total = np.concatenate([self._total, np.zeros(missing)])

    def _release(self, end: int) -> Wave:
        """Take out the frames before `end`."""
        if self._sum is None:
            return np.zeros(0, np.float32)
        count = end - self._first
        done = (self._sum[..., :count] / self._total[:count]).astype(np.float32)
        self._sum, self._total = self._sum[..., count:], self._total[count:]
        self._first = end
        return done
