"""Windows around the middles of steps, for answers about clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.windows.window import Held, Wave, Window


@dataclass(frozen=True)
class CenteredWindows:
    """A recording is answered step by step, each from a window around its middle.

    At both ends of the recording the window is moved inwards. A recording that is not longer than
    `whole` is one step and one window.

    Args:
        rate_hz: of the samples.
        window_s: length of a window.
        step_s: from one step to the next; at least one sample.
        whole_s: up to this length a recording is one window.
        shortest_s: shorter windows are padded with silence at their end.

    Raises:
        ArgumentError: a length is no usable number.

    >>> geometry = CenteredWindows(rate_hz=10, window_s=1.0, step_s=0.4)
    >>> windows = geometry.cutter().push(np.zeros(20, np.float32))
    >>> [(w.start, w.end, w.offset) for w in windows]
    [(0, 4, 0), (4, 8, 1), (8, 12, 5), (12, 16, 9)]
    """

    rate_hz: int
    window_s: float
    step_s: float
    whole_s: float = 0.0
    shortest_s: float = 0.0

    def __post_init__(self) -> None:
        for name in ("rate_hz", "window_s", "step_s"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):  # also refuses NaN
                raise ArgumentError(f"{name}={value} is no usable length of windows")

    @property
    def size(self) -> int:
        """Samples of a window."""
        return max(1, round(self.window_s * self.rate_hz))

    @property
    def latency(self) -> int:
        """So many samples behind the end of a step its window is complete, at most."""
        return max(self.size, round(self.whole_s * self.rate_hz) + 1)

    def cutter(self) -> CenteredCutter:
        """What cuts one recording."""
        return CenteredCutter(self)


class CenteredCutter:
    """Cuts one recording into `CenteredWindows`; of the past only what is needed is held."""

    def __init__(self, geometry: CenteredWindows) -> None:
        self._size = geometry.size
        self._every = max(1.0, geometry.step_s * geometry.rate_hz)
        self._whole = round(geometry.whole_s * geometry.rate_hz)
        self._shortest = round(geometry.shortest_s * geometry.rate_hz)
        self._held = Held()
        self._step = 0

    def goes_on(self) -> None:
        """The recording is longer than `whole`, though it is not known yet: a stream."""
        self._whole = 0

    def push(self, block: Wave) -> list[Window]:
        """Take the next samples `(…, t)`; give the windows that are complete now."""
        self._held.add(block)
        known = self._held.known
        found: list[Window] = []
        while known > self._whole:
            start, end = self._place(self._step), self._place(self._step + 1)
            offset = max(0, (start + end) // 2 - self._size // 2)
            if max(end, offset + self._size) > known:
                break
            wave = self._held.between(offset, offset + self._size)
            found.append(Window(start, end, offset, self._padded(wave)))
            self._step += 1
        # The last window may be moved inwards, to the end of what is known.
        needed = min(known - self._size, self._place(self._step) - self._size // 2)
        self._held.drop_before(needed, at_least=self._size)
        return found

    def finish(self) -> list[Window]:
        """Give the windows that remain; the recording ends here."""
        length = self._held.known
        if self._step == 0 and length <= self._whole:
            wave = self._held.between(0, length)
            return [Window(0, length, 0, self._padded(wave))]
        found: list[Window] = []
        while (start := self._place(self._step)) < length:
            end = min(length, self._place(self._step + 1))
            middle = (start + end) // 2
            offset = max(0, min(middle - self._size // 2, length - self._size))
            wave = self._held.between(offset, offset + self._size)
            found.append(Window(start, end, offset, self._padded(wave)))
            self._step += 1
        return found

    def _place(self, step: int) -> int:
        # Of each step anew, or the rounding errors of hours of steps would add up.
        return round(step * self._every)

    def _padded(self, wave: Wave) -> Wave:
        missing = max(0, self._shortest - wave.shape[-1])
        return np.pad(wave, [*[(0, 0)] * (wave.ndim - 1), (0, missing)]) if missing else wave
