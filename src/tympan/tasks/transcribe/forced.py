"""When each symbol of a known text is said, by the answers of a CTC net."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tympan.tasks.transcribe.net import BLANK

Values = npt.NDArray[np.float32]
NEVER = np.float32(-1e30)


@dataclass(frozen=True)
class Placed:
    """Where symbols are.

    Attributes:
        first: the first answer of each, `(s,)`.
        last: its last one.
        score: mean log probability over its answers.
    """

    first: npt.NDArray[np.int64]
    last: npt.NDArray[np.int64]
    score: Values


def placed(scores: Values, symbols: npt.NDArray[np.int64]) -> Placed | None:
    """The likeliest alignment of symbols with answers.

    Viterbi's path through Graves' lattice of symbols with blanks between them; between two equal
    symbols there must be one.

    Args:
        scores: log probabilities, `(m, k)`.
        symbols: their numbers, `(s,)`.

    Returns:
        Where each is; None if there are too few answers for so many.

    >>> one, two = np.log([0.1, 0.8, 0.1]), np.log([0.1, 0.1, 0.8])
    >>> found = placed(np.array([one, one, two], np.float32), np.array([1, 2]))
    >>> found.first.tolist(), found.last.tolist()
    ([0, 2], [1, 2])
    """
    count = len(symbols)
    states = np.zeros(2 * count + 1, np.int64)
    states[1::2] = symbols
    if not count or len(scores) < count + int((symbols[1:] == symbols[:-1]).sum()):
        return None
    # From one symbol to the next without a blank, unless they are equal.
    leap = np.zeros(len(states), bool)
    leap[3::2] = symbols[1:] != symbols[:-1]
    best = np.full(len(states), NEVER)
    best[:2] = scores[0, states[:2]]
    back = np.zeros((len(scores), len(states)), np.int8)
    for time in range(1, len(scores)):
        options = np.full((3, len(states)), NEVER)
        options[0], options[1, 1:] = best, best[:-1]
        options[2, 2:] = np.where(leap[2:], best[:-2], NEVER)
        back[time] = options.argmax(0)
        best = options.max(0) + scores[time, states]
    state = len(states) - 1 - int(best[-2] > best[-1])
    path = np.zeros(len(scores), np.int64)
    for time in range(len(scores) - 1, -1, -1):
        path[time] = state
        state -= int(back[time, state])
    return _gathered(path, scores, states, count)


def _gathered(
    path: npt.NDArray[np.int64], scores: Values, states: npt.NDArray[np.int64], count: int
) -> Placed:
    said = states[path] != BLANK
    place, times = path[said] // 2, np.flatnonzero(said)
    first = times[np.searchsorted(place, np.arange(count))]
    last = times[np.searchsorted(place, np.arange(count), side="right") - 1]
    sums = np.bincount(place, scores[times, states[path[times]]], count)
    return Placed(first, last, (sums / np.bincount(place, minlength=count)).astype(np.float32))
