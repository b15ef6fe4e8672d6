"""How alike two sets of notes are, as `mir_eval.transcription` counts it.

Source: Raffel et al., *mir_eval: a transparent implementation of common MIR metrics*, 2014.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tympan.notation import Note

Counts = npt.NDArray[np.int64]
"""Right, true and found notes (or frames)."""
TOLERANCE_S, CENTS = 0.05, 50.0
OFFSET_RATIO = 0.2
FRAME_S = 0.01


def note_counts(truth: Sequence[Note], found: Sequence[Note], *, offsets: bool = False) -> Counts:
    """Right, true and found notes: the largest matching of notes that fit.

    Two fit if their pitches are the same and their beginnings within 50 ms; with `offsets` also
    their ends, within 50 ms or a fifth of the true note's length, whichever is more.

    >>> one = [Note(0.0, 1.0, 60, 80)]
    >>> note_counts(one, [Note(0.04, 2.0, 60, 80)]).tolist()
    [1, 1, 1]
    >>> note_counts(one, [Note(0.04, 2.0, 60, 80)], offsets=True).tolist()
    [0, 1, 1]
    """
    counts = np.array([0, len(truth), len(found)], np.int64)
    if not truth or not found:
        return counts
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_bipartite_matching

    a = np.array([(n.start_s, n.end_s, n.pitch) for n in truth])
    b = np.array([(n.start_s, n.end_s, n.pitch) for n in found])
    order = np.argsort(b[:, 0], kind="stable")
    b = b[order]
    rows, columns = [], []
    low = np.searchsorted(b[:, 0], a[:, 0] - TOLERANCE_S - 1e-4)
    high = np.searchsorted(b[:, 0], a[:, 0] + TOLERANCE_S + 1e-4)
    for i, (first, last) in enumerate(zip(low, high, strict=True)):
        near = b[first:last]
        # Rounded as mir_eval does, so that 50 ms are 50 ms.
        fits = np.round(np.abs(near[:, 0] - a[i, 0]), 4) <= TOLERANCE_S
        fits &= near[:, 2] == a[i, 2]
        if offsets:
            slack = max(OFFSET_RATIO * (a[i, 1] - a[i, 0]), TOLERANCE_S)
            fits &= np.round(np.abs(near[:, 1] - a[i, 1]), 4) <= slack
        for j in np.flatnonzero(fits):
            rows.append(i)
            columns.append(first + int(j))
    graph = csr_array((np.ones(len(rows), np.int8), (rows, columns)), shape=(len(a), len(b)))
    counts[0] = int((maximum_bipartite_matching(graph, perm_type="column") >= 0).sum())
    return counts


def frame_counts(truth: Sequence[Note], found: Sequence[Note]) -> Counts:
    """Right, true and found pitches in frames of 10 ms."""
    every = [*truth, *found]
    count = round(max((n.end_s for n in every), default=0.0) / FRAME_S) + 1
    rolls = []
    for notes in (truth, found):
        roll = np.zeros((128, count), bool)
        for n in notes:
            roll[n.pitch, round(n.start_s / FRAME_S) : max(1, round(n.end_s / FRAME_S))] = True
        rolls.append(roll)
    a, b = rolls
    return np.array([(a & b).sum(), a.sum(), b.sum()], np.int64)


def f1_of(counts: Counts) -> npt.NDArray[np.float64]:
    """F1 of counts `(…, 3)`; NaN where nothing is true and nothing found.

    >>> f1_of(np.array([1, 2, 2])).tolist()
    0.5
    """
    right, true, found = np.moveaxis(np.asarray(counts, float), -1, 0)
    total = true + found
    with np.errstate(invalid="ignore", divide="ignore"):
        value: npt.NDArray[np.float64] = np.where(total > 0, 2 * right / total, np.nan)
    return value
