"""How well turns of speakers are found: the diarization error rate.

NIST, *The 2009 (RT-09) Rich Transcription Meeting Recognition Evaluation Plan*. Names do not count:
the assignment of found to true speakers is the one with the least error.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from tympan.errors import ArgumentError

Turn = tuple[float, float, str]
"""Start, end, speaker."""


@dataclass(frozen=True)
class DiarizationErrors:
    """Seconds of each kind of error.

    Attributes:
        missed_s: of speech that no found speaker covers.
        false_alarm_s: of speakers found where none speaks.
        confused_s: given to another speaker.
        total_s: of true speech; where two speak at once both count.
    """

    missed_s: float
    false_alarm_s: float
    confused_s: float
    total_s: float

    @property
    def der(self) -> float:
        """The diarization error rate; more than 1 is possible."""
        wrong = self.missed_s + self.false_alarm_s + self.confused_s
        return wrong / self.total_s if self.total_s else float(wrong > 0)

    def __add__(self, other: DiarizationErrors) -> DiarizationErrors:
        return DiarizationErrors(
            self.missed_s + other.missed_s,
            self.false_alarm_s + other.false_alarm_s,
            self.confused_s + other.confused_s,
            self.total_s + other.total_s,
        )


def diarization_errors(
    truth: Iterable[Turn], found: Iterable[Turn], collar_s: float = 0.0, end_s: float | None = None
) -> DiarizationErrors:
    """Compare found turns with true ones.

    Args:
        truth: who speaks when.
        found: who was found to speak when, under any names.
        collar_s: so much before and behind each true boundary is not scored.
        end_s: nothing behind it is scored; None: everything is.

    Raises:
        ArgumentError: a turn that ends before it begins, or a negative collar.

    >>> errors = diarization_errors([(0, 2, "a"), (2, 4, "b")], [(0, 3, "x"), (3, 4, "y")])
    >>> errors.confused_s, errors.der
    (1.0, 0.25)
    """
    from scipy.optimize import linear_sum_assignment

    true, other = (_checked(turns, end_s) for turns in (truth, found))
    if collar_s < 0:
        raise ArgumentError(f"collar_s={collar_s} must not be negative")
    edges = _edges(true, other, collar_s)
    length = np.diff(edges) * _scored(edges, true, collar_s)
    a, b = (_activity(turns, edges) for turns in (true, other))
    both = (a * length) @ b.T  # seconds that speakers have in common
    rows, columns = linear_sum_assignment(-both) if both.size else ([], [])
    right = np.zeros(len(length))
    for i, j in zip(rows, columns, strict=True):
        right += a[i] * b[j]
    said, claimed = a.sum(0), b.sum(0)
    least = np.minimum(said, claimed)
    return DiarizationErrors(
        float(length @ np.maximum(0, said - claimed)),
        float(length @ np.maximum(0, claimed - said)),
        float(length @ (least - right)),
        float(length @ said),
    )


def _checked(turns: Iterable[Turn], end_s: float | None) -> list[Turn]:
    found = []
    for start, end, name in turns:
        if not start <= end:
            raise ArgumentError(f"a turn of {name!r} from {start} to {end} s")
        end = end if end_s is None else min(end, end_s)
        if end > start:
            found.append((float(start), float(end), name))
    return found


def _edges(true: Sequence[Turn], found: Sequence[Turn], collar_s: float) -> np.ndarray:
    places = [p for start, end, _ in (*true, *found) for p in (start, end)]
    places += [
        p
        for start, end, _ in true
        for edge in (start, end)
        for p in (edge - collar_s, edge + collar_s)
    ]
    return np.unique(places) if places else np.zeros(1)


def _scored(edges: np.ndarray, true: Sequence[Turn], collar_s: float) -> np.ndarray:
    middle = (edges[1:] + edges[:-1]) / 2
    scored = np.ones(len(middle))
    for start, end, _ in true:
        for edge in (start, end):
            scored[np.abs(middle - edge) < collar_s] = 0
    return scored


def _activity(turns: Sequence[Turn], edges: np.ndarray) -> np.ndarray:
    """Who `(m, n)` speaks in each interval; one who overlaps with himself counts once."""
    names = sorted({name for _, _, name in turns})
    middle = (edges[1:] + edges[:-1]) / 2
    found = np.zeros((len(names), len(middle)))
    for start, end, name in turns:
        found[names.index(name), (middle > start) & (middle < end)] = 1
    return found
