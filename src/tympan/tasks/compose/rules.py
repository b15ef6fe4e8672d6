"""What a teacher of harmony marks in four voices, counted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from tympan.tasks.compose.config import KEYS

Pitches = npt.NDArray[np.int64]
# Lowest and highest note of soprano, alto, tenor and bass as textbooks give them
# (Aldwell, Schachter, Harmony and Voice Leading).
RANGES = ((60, 79), (53, 74), (48, 69), (40, 64))


@dataclass(frozen=True)
class RuleCounts:
    """How often rules of four-part writing are broken.

    Attributes:
        chords: steps in which any voice moves.
        fifths: two voices that move in parallel fifths.
        octaves: in parallel octaves or unisons.
        range: notes outside the range of their voice.
        crossing: chords in which a voice is above its upper neighbour.
        leading: chords in which two voices have the leading note.
    """

    chords: int
    fifths: int
    octaves: int
    range: int
    crossing: int
    leading: int

    def __add__(self, other: RuleCounts) -> RuleCounts:
        """Both together."""
        names = self.__dataclass_fields__
        return RuleCounts(*(getattr(self, one) + getattr(other, one) for one in names))

    def per_100(self) -> dict[str, float]:
        """Each in 100 chords.

        >>> RuleCounts(200, 1, 0, 0, 4, 0).per_100()["crossing"]
        2.0
        """
        names = [one for one in self.__dataclass_fields__ if one != "chords"]
        return {one: 100 * getattr(self, one) / max(1, self.chords) for one in names}


def rule_counts(voices: Pitches, key: int = KEYS) -> RuleCounts:
    """Count them in a piece.

    Args:
        voices: pitches of soprano, alto, tenor, bass at each step, `(n, 4)`; −1: silent.
        key: number of the key, for the leading note; 24: it is not known, and none is counted.

    >>> rule_counts(np.array([[67, 64, 60, 48], [69, 65, 62, 50]])).octaves  # C – D in both
    1
    >>> rule_counts(np.array([[67, 64, 60, 48], [65, 65, 57, 53]])).octaves
    0
    """
    moves = np.concatenate([[True], (voices[1:] != voices[:-1]).any(1)])
    chords = voices[moves & (voices >= 0).any(1)]
    before, after = chords[:-1], chords[1:]
    fifths = octaves = 0
    for upper, lower in combinations(range(4), 2):
        here = (before[:, [upper, lower]] >= 0).all(1) & (after[:, [upper, lower]] >= 0).all(1)
        moved = (before[:, upper] != after[:, upper]) & (before[:, lower] != after[:, lower])
        up = np.sign(after[:, upper] - before[:, upper])
        same_way = up == np.sign(after[:, lower] - before[:, lower])
        first = (before[:, upper] - before[:, lower]) % 12
        second = (after[:, upper] - after[:, lower]) % 12
        parallel = here & moved & same_way & (first == second)
        fifths += int((parallel & (first == 7)).sum())
        octaves += int((parallel & (first == 0)).sum())
    there = chords >= 0
    low, high = np.array(RANGES).T
    fresh = np.concatenate([there[:1], there[1:] & (after != before)]) if len(chords) else there
    outside = fresh & ((chords < low) | (chords > high))
    crossed = there[:, :-1] & there[:, 1:] & (chords[:, :-1] < chords[:, 1:])
    leading = np.zeros(len(chords), int)
    if key < KEYS:
        leading = ((chords % 12 == (key % 12 + 11) % 12) & there).sum(1)
    return RuleCounts(
        len(chords), fifths, octaves, int(outside.sum()), int(crossed.any(1).sum()),
        int((leading > 1).sum()),
    )  # fmt: skip
