"""The path through the pitches of all frames that moves and stops least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Frames decided on at once, and how many after them are taken into account.
_BLOCK, _AHEAD = 4096, 256


@dataclass(frozen=True)
class Moves:
    """What it costs to go from a frame to the next.

    Args:
        per_step: a move by one step of pitch.
        most: a move of any size, at most.
        start_or_stop: the begin or the end of a stretch with pitch.
    """

    per_step: float
    most: float
    start_or_stop: float


def best_path(score: np.ndarray, none: np.ndarray, moves: Moves) -> np.ndarray:
    """Index of the pitch in each frame, or -1 for no pitch: (n,).

    The path of the highest sum of scores less the prices of its moves (A. Viterbi, 1967; for pitch:
    P. Boersma, "Accurate short-term analysis of the fundamental frequency and the
    harmonics-to-noise ratio of a sampled sound", IFA Proceedings 17, 1993).

    Args:
        score: (n, k) of each pitch, from low to high in even steps.
        none: (n,) of having no pitch.
        moves: the prices.

    >>> score = np.array([[3.0, 0, 1], [3, 0, 1], [1, 0, 2], [3, 0, 1]])
    >>> best_path(score, np.full(4, 0.5), Moves(1.0, 5.0, 1.0)).tolist()
    [0, 0, 0, 0]
    """
    count = len(score)
    path = np.empty(count, dtype=np.int64)
    begin = np.append(score[0].astype(np.float64), none[0])
    for start in range(0, count, _BLOCK):
        stop = min(start + _BLOCK, count)
        sums = _sums(begin, score[start : stop + _AHEAD], none[start : stop + _AHEAD], moves)
        states = _backwards(sums, moves)[: stop - start]
        path[start:stop] = np.where(states == score.shape[1], -1, states)
        if stop < count:
            begin = sums[stop - start]
    return path


def _sums(begin: np.ndarray, score: np.ndarray, none: np.ndarray, moves: Moves) -> np.ndarray:
    """The best sum of a path to each pitch, and to none (the last column): (n, k + 1)."""
    sums = np.empty((len(score), score.shape[1] + 1))
    sums[0] = begin
    ramp = moves.per_step * np.arange(score.shape[1])
    for i in range(1, len(score)):
        before, silent = sums[i - 1, :-1], sums[i - 1, -1]
        top = before.max()
        # The best of all moves from below and from above, whose prices rise evenly.
        reached = np.maximum.accumulate(before + ramp) - ramp
        above = np.maximum.accumulate((before - ramp)[::-1])[::-1] + ramp
        np.maximum(reached, above, out=reached)
        np.maximum(reached, max(top - moves.most, silent - moves.start_or_stop), out=reached)
        sums[i, :-1] = reached + score[i]
        sums[i, -1] = max(silent, top - moves.start_or_stop) + none[i]
        # Only differences count; the sums of hours would lose them.
        sums[i] -= max(top, silent)
    return sums


def _backwards(sums: np.ndarray, moves: Moves) -> np.ndarray:
    """The states of the best path, from its end: (n,); the last state is none."""
    count, last = len(sums), sums.shape[1] - 1
    away = np.abs(np.arange(1 - last, last))
    prices = np.minimum(moves.per_step * away, moves.most)
    states = np.empty(count, dtype=np.int64)
    states[-1] = sums[-1].argmax()
    for i in range(count - 2, -1, -1):
        state, pitched, silent = states[i + 1], sums[i, :-1], sums[i, -1]
        if state == last:
            values = pitched - moves.start_or_stop
        else:
            # The price of coming here from each pitch.
            values = pitched - prices[last - 1 - state : 2 * last - 1 - state]
            silent -= moves.start_or_stop
        best = values.argmax()
        states[i] = best if values[best] >= silent else last
    return states
