"""Which vectors of a recording are of one voice, and how many voices there are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError

Array = npt.NDArray[np.float64]

# More vectors than this are clustered in pieces first, so that memory stays bounded.
PIECE = 1200
# In a piece, clusters that are nearer than this are surely one voice.
SURE = 0.12
# A voice with fewer windows than this, or a smaller share of all, is a mistake.
LEAST_WINDOWS, LEAST_SHARE = 6, 0.03
# A cluster that is so near to the middle of two larger ones is of windows in which both speak.
MIXTURE = 0.85
STEP = 0.05


def clusters(
    vectors: npt.ArrayLike,
    threshold: float,
    *,
    count: int | None = None,
    least: int = 1,
    most: int | None = None,
) -> npt.NDArray[np.int64]:
    """The number of the voice `(m,)` of each vector `(m, d)` of length 1.

    Agglomerative clustering with average linkage: the two clusters whose vectors have the highest
    mean cosine become one, until none is above the threshold. Long recordings are clustered in
    pieces first, and then the pieces' clusters.

    Args:
        vectors: in order of time.
        threshold: mean cosine from which two clusters are one voice.
        count: how many voices there are; None: the threshold says.
        least: at least so many.
        most: at most so many; None: any number.

    Raises:
        ArgumentError: numbers that contradict each other.

    >>> a, b = [1.0, 0.0], [0.0, 1.0]
    >>> clusters([a, a, b, a, b, b], 0.5).tolist()
    [0, 0, 1, 0, 1, 1]
    """
    x = np.atleast_2d(np.asarray(vectors, np.float64))
    if count is not None:
        least = most = count
    if least < 1 or (most is not None and most < least):
        raise ArgumentError(
            f"{least} to {most} speakers", fix="give at least 1, and no less at most"
        )
    m = len(x) if x.size else 0
    if m == 0:
        return np.zeros(0, np.int64)
    groups = np.arange(m)
    if m > PIECE:
        groups = _pieces(x)
    k = int(groups.max()) + 1
    weight = np.bincount(groups, minlength=k).astype(float)
    sums = np.zeros((k, x.shape[1]))
    np.add.at(sums, groups, x)
    means = sums / weight[:, None]
    merged = _voices(means, weight, threshold)
    # Fewer than asked for: the threshold rises until there are so many that are no crumbs.
    raised = False
    while merged.max() + 1 < least and threshold < 1:
        threshold, raised = threshold + STEP, True
        merged = _voices(means, weight, threshold)
    if merged.max() + 1 < least or (raised and merged.max() + 1 > least):
        # There are not so many that are clear: then by any difference.
        merged = _merged(means, weight, 2.0, least, least)
    if most is not None and merged.max() + 1 > most:
        size, centres = _centres(means, weight, merged)
        merged = _merged(centres, size, 2.0, 1, most)[merged]
    return _by_appearance(merged[groups])


def _voices(means: Array, weight: Array, threshold: float) -> npt.NDArray[np.int64]:
    """Clusters by a threshold, without crumbs and mixtures."""
    return _without_crumbs(means, weight, _merged(means, weight, threshold, 1, None))


def _centres(means: Array, weight: Array, label: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    """Size `(k,)` and centre `(k, d)`, of length 1, of clusters."""
    k = int(label.max()) + 1
    size = np.bincount(label, weights=weight, minlength=k).astype(np.float64)
    sums = np.zeros((k, means.shape[1]))
    np.add.at(sums, label, means * weight[:, None])
    return size, sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)


def _pieces(x: Array) -> npt.NDArray[np.int64]:
    """Clusters within pieces of a long recording that are surely of one voice each."""
    found, first = [], 0
    for start in range(0, len(x), PIECE):
        part = x[start : start + PIECE]
        own = _merged(part, np.ones(len(part)), 1 - SURE, 1, PIECE // 8)
        found.append(own + first)
        first += int(own.max()) + 1
    return np.concatenate(found)


def _merged(
    means: Array, weight: Array, threshold: float, least: int, most: int | None
) -> npt.NDArray[np.int64]:
    """Average linkage of clusters with weights; scipy's knows no weights."""
    k = len(means)
    # The mean cosine of two clusters is the product of their mean vectors.
    scores = means @ means.T
    np.fill_diagonal(scores, -np.inf)
    label = np.arange(k)
    alive = k
    size = weight.copy()
    best = scores.argmax(1)
    value = scores[np.arange(k), best]
    while alive > least:
        i = int(value.argmax())
        j = int(best[i])
        if value[i] < threshold and (most is None or alive <= most):
            break
        share = size[i] / (size[i] + size[j])
        row = share * scores[i] + (1 - share) * scores[j]
        row[[i, j]] = -np.inf
        row[scores[i] == -np.inf] = -np.inf
        scores[i], scores[:, i] = row, row
        scores[j], scores[:, j] = -np.inf, -np.inf
        size[i] += size[j]
        label[label == j] = i
        value[j] = -np.inf
        alive -= 1
        stale = np.flatnonzero((best == i) | (best == j))
        stale = np.append(stale, i)
        best[stale] = scores[stale].argmax(1)
        value[stale] = scores[stale, best[stale]]
        value[j] = -np.inf
        better = row > value
        better[j] = False
        best[better], value[better] = i, row[better]
    return np.unique(label, return_inverse=True)[1].astype(np.int64)


def _without_crumbs(
    means: Array, weight: Array, label: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Voices of a few windows, and mixtures of two others, join the voice that is nearest."""
    size, centres = _centres(means, weight, label)
    k = len(size)
    keep = size >= min(max(LEAST_WINDOWS, LEAST_SHARE * size.sum()), size.max())
    for one in np.argsort(size):
        larger = np.flatnonzero(keep & (size > size[one]))
        if keep[one] and _is_mixture(centres[one], centres[larger]):
            keep[one] = False
    nearest = np.flatnonzero(keep)[(centres @ centres[keep].T).argmax(1)]
    target = np.where(keep, np.arange(k), nearest)
    return np.unique(target[label], return_inverse=True)[1].astype(np.int64)


def _is_mixture(centre: Array, others: Array) -> bool:
    """Whether a voice lies in the middle of two others, and nearer to it than to either."""
    i, j = np.triu_indices(len(others), 1)
    if not len(i):
        return False
    middles = others[i] + others[j]
    middles /= np.maximum(np.linalg.norm(middles, axis=1, keepdims=True), 1e-9)
    near = middles @ centre
    alone = others @ centre
    return bool(((near > MIXTURE) & (near > np.maximum(alone[i], alone[j]))).any())


def _by_appearance(label: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Numbers in the order in which they appear."""
    _, first = np.unique(label, return_index=True)
    rank = np.argsort(np.argsort(first))
    return np.asarray(rank[label], np.int64)
