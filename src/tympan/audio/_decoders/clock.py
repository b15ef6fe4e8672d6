"""When decoded frames belong, by their time stamps."""

from __future__ import annotations

# Containers round times to a millisecond, and recorders' clocks tremble: what follows within this
# follows at once.
_TREMBLE_S = 0.003
# As far as the count of samples and the time stamps may drift apart before they are set right.
_DRIFT_S = 0.1
# Longer than this without sound is a clock that was set anew, where nothing else limits it.
LONGEST_GAP_S = 3600.0
# Broadcasts set their clocks anew at each programme.
LONGEST_BROADCAST_GAP_S = 10.0


class Clock:
    """Finds the silence between frames: packets that were lost, or never sent (DTX).

    Args:
        rate_hz: of the samples that are counted.
        longest_gap_s: more is another clock, after which the sound goes on at once.
        until_s: no sound can begin later by the container's statement; None: unknown.

    >>> clock = Clock(1000)
    >>> clock.gap(0.0, 20), clock.gap(0.02, 20), clock.gap(0.08, 20)
    (0, 0, 40)
    """

    def __init__(
        self, rate_hz: int, longest_gap_s: float = LONGEST_GAP_S, until_s: float | None = None
    ) -> None:
        self.rate_hz = rate_hz
        self.position = 0  # samples so far, silence included
        self._longest_s, self._until_s = longest_gap_s, until_s
        self._origin_s: float | None = None  # the time stamp of sample 0
        self._expected_s = 0.0  # the time stamp of the next frame if nothing is missing

    def gap(self, time_s: float | None, count: int) -> int:
        """Take the next frame of `count` samples; return how many are missing before it."""
        missing = 0
        if time_s is not None:
            if self._origin_s is None:
                self._origin_s = time_s - self.position / self.rate_hz
            else:
                missing = self._missing(time_s, count)
            self._expected_s = time_s + count / self.rate_hz
        self.position += missing + count
        return missing

    def _missing(self, time_s: float, count: int) -> int:
        assert self._origin_s is not None
        here_s = self._origin_s + self.position / self.rate_hz
        ahead_s, step_s = time_s - here_s, time_s - self._expected_s
        if ahead_s < -_DRIFT_S or self._is_another(time_s, ahead_s):
            self._origin_s += ahead_s  # the sound goes on; only its clock is another
            return 0
        jumps = step_s > max(_TREMBLE_S, count / self.rate_hz / 2)
        if ahead_s > _DRIFT_S or jumps:
            return max(0, self._whole_frames(ahead_s, count))
        return 0

    def _whole_frames(self, ahead_s: float, count: int) -> int:
        """Samples in a gap: those of as many frames as are missing, if that is what it is."""
        samples = round(ahead_s * self.rate_hz)
        frames = round(samples / count) * count if count else samples
        return frames if abs(frames - samples) <= _TREMBLE_S * self.rate_hz else samples

    def _is_another(self, time_s: float, ahead_s: float) -> bool:
        late = self._until_s is not None and time_s > self._until_s and ahead_s > _DRIFT_S
        return late or ahead_s > self._longest_s
