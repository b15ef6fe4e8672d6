"""From the vectors of windows and their voices to turns."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from tympan.tasks.results import Segment

STEP_S = 0.03
WINDOW_S, HOP_S = 1.5, 0.25
# Pauses up to this length stay within a turn; shorter turns are dropped.
GAP_S, SHORTEST_S = 0.5, 0.25
# A change of speaker must gain this much cosine in all windows together.
SWITCH = 0.35
# A window is of two voices where it is so much nearer to both together than to either.
BOTH = 0.1


def smoothed(
    scores: npt.NDArray[np.floating], times_s: npt.NDArray[np.floating], switch: float = SWITCH
) -> npt.NDArray[np.int64]:
    """The voice of each window: the best path, on which a change costs something (Viterbi).

    Args:
        scores: cosines with each voice `(m, k)`.
        times_s: where the windows begin; after a pause a change costs nothing.
        switch: what a change costs.

    >>> smoothed(np.array([[1, 0], [0.4, 0.5], [1, 0.0]]), np.arange(3) / 4).tolist()
    [0, 0, 0]
    """
    m, k = scores.shape
    best, back = scores[0].astype(float), np.zeros((m, k), int)
    for t in range(1, m):
        cost = switch if times_s[t] - times_s[t - 1] < GAP_S else 0.0
        stay, change = best, best.max() - cost
        come = int(best.argmax())
        back[t] = np.where(stay >= change, np.arange(k), come)
        best = np.maximum(stay, change) + scores[t]
    path = np.zeros(m, np.int64)
    path[-1] = int(best.argmax())
    for t in range(m - 1, 0, -1):
        path[t - 1] = back[t, path[t]]
    return path


def overlapping(
    vectors: np.ndarray, centres: np.ndarray, path: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The second voice of each window; -1: there is none.

    >>> a, b = np.eye(2)
    >>> both = (a + b) / np.sqrt(2)
    >>> overlapping(np.stack([a, both]), np.stack([a, b]), np.array([0, 0])).tolist()
    [-1, 1]
    """
    m, k = len(vectors), len(centres)
    found = np.full(m, -1, np.int64)
    if k < 2:
        return found
    for i in range(k):
        own = np.flatnonzero(path == i)
        if not len(own):
            continue
        pairs = centres[i][None] + centres
        pairs /= np.linalg.norm(pairs, axis=1, keepdims=True)
        alone, other = vectors[own] @ centres[i], vectors[own] @ centres.T
        gain = vectors[own] @ pairs.T - np.maximum(alone[:, None], other)
        gain[:, i] = -np.inf
        j = gain.argmax(1)
        marked = gain[np.arange(len(own)), j] > BOTH
        found[own[marked]] = j[marked]
    return found


def bridged(active: npt.NDArray[np.bool_], gap: int) -> npt.NDArray[np.bool_]:
    """With pauses up to so many frames closed, at both sides of which something is active.

    >>> bridged(np.array([1, 0, 0, 1, 0, 0, 0, 1], bool), 2).astype(int).tolist()
    [1, 1, 1, 1, 0, 0, 0, 1]
    """
    places = np.flatnonzero(active)
    found = active.copy()
    for a, b in itertools.pairwise(places.tolist()):
        if 1 < b - a <= gap + 1:
            found[a:b] = True
    return found


def turns(
    speech: npt.NDArray[np.bool_],
    starts_s: npt.NDArray[np.floating],
    path: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    scores: npt.NDArray[np.floating],
    names: list[str],
    gap_s: float = GAP_S,
    shortest_s: float = SHORTEST_S,
) -> list[Segment]:
    """The turns: each frame of speech has the voice of the window whose middle is nearest.

    Args:
        speech: which frames of `STEP_S` are speech `(n,)`.
        starts_s: where windows begin `(m,)`.
        path: the voice of each window.
        second: a second voice, or -1.
        scores: cosines `(m, k)`.
        names: of the voices.
        gap_s: pauses up to this length stay within a turn.
        shortest_s: shorter turns are dropped.
    """
    gap = round(gap_s / STEP_S)
    within = bridged(speech, gap)
    middles = starts_s + WINDOW_S / 2
    frames = np.flatnonzero(speech)
    times = (frames + 0.5) * STEP_S
    right = np.clip(np.searchsorted(middles, times), 0, len(middles) - 1)
    left = np.maximum(right - 1, 0)
    nearest = np.where(np.abs(middles[left] - times) <= np.abs(middles[right] - times), left, right)
    found: list[Segment] = []
    for k, name in enumerate(names):
        active = np.zeros(len(speech), bool)
        active[frames[(path[nearest] == k) | (second[nearest] == k)]] = True
        active = bridged(active, gap) & within
        padded = np.concatenate([[False], active, [False]]).astype(np.int8)
        edges = np.flatnonzero(np.diff(padded)).reshape(-1, 2)
        for start, end in edges:
            if (end - start) * STEP_S < shortest_s:
                continue
            inside = nearest[(frames >= start) & (frames < end)]
            cosine = float(scores[inside, k].mean()) if len(inside) else 0.0
            score = float(np.clip(cosine, 0, 1))
            found.append(Segment(round(start * STEP_S, 3), round(end * STEP_S, 3), name, score))
    return sorted(found, key=lambda one: (one.start_s, one.label))
