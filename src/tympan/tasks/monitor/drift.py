"""Slow drift of the normal sound, followed within limits that no fault fits into.

Bearings warm up, a microphone is moved, a load changes by the day: scores creep up though nothing
is wrong. With `adapt` each detector's scores are lowered by how much their running median lies
above that of the training. Two things keep a fault from being followed too: only windows that are
judged normal move the median, and it is followed no farther than to the score that one normal
window in a hundred had in training. Whatever comes slowly still has to pass the threshold from
there, however slow it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.tasks.monitor.normal import NormalSounds

if TYPE_CHECKING:
    Array = np.ndarray[Any, Any]

# The running median is that of so many steps that were judged normal.
STEPS = 120
# With fewer there is no median yet.
FEWEST = 10
FARTHEST = 0.01


class Drift:
    """Lowers the scores of a recording by how far the normal ones have drifted.

    Args:
        normal: what is known of the normal machine.
        threshold: the surprise up to which a window is judged normal.
    """

    def __init__(self, normal: NormalSounds, threshold: float) -> None:
        self._normal, self._threshold = normal, threshold
        self._past: deque[dict[str, float]] = deque(maxlen=STEPS)
        self._most = {
            name: one.score_at(FARTHEST) - one.median for name, one in normal.surprises.items()
        }

    def offsets(self) -> dict[str, float]:
        """How much each detector's scores are lowered by now."""
        if len(self._past) < FEWEST:
            return dict.fromkeys(self._most, 0.0)
        medians = {n: float(np.median([past[n] for past in self._past])) for n in self._most}
        return {
            name: min(max(0.0, medians[name] - self._normal.surprises[name].median), most)
            for name, most in self._most.items()
        }

    def score(self, raw: Mapping[str, Array]) -> float:
        """The surprise of the next window, from the detectors' scores `(1,)` of it."""
        offsets = self.offsets()
        lowered = {name: scores - offsets[name] for name, scores in raw.items()}
        found = float(self._normal.scores(lowered)[0])
        if found <= self._threshold:
            self._past.append({name: float(scores[0]) for name, scores in raw.items()})
        return found
