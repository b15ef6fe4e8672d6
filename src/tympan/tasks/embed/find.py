"""The moments of an archive that sound most like an example."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.embed.index import Index
from tympan.tasks.embed.npz import rows_of

if TYPE_CHECKING:
    from tympan.tasks.answering import Source
    from tympan.tasks.contract import Model
    from tympan.tasks.results import Embedding

# So many vectors are compared at once: ten million fit through without more memory.
BLOCK, CACHED = 8192, 1024


@dataclass(frozen=True)
class Match:
    """A moment of an archive.

    >>> print(Match("a.wav", 2.0, 4.5, 0.93))
    0.930  a.wav  2.00 – 4.50 s
    """

    file: str
    start_s: float
    end_s: float
    similarity: float

    def __str__(self) -> str:
        return f"{self.similarity:.3f}  {self.file}  {self.start_s:.2f} – {self.end_s:.2f} s"


def find(
    source: Source,
    index: str | os.PathLike[str] | Index,
    *,
    top: int = 10,
    model: str | os.PathLike[str] | None = None,
) -> list[Match]:
    """The moments of an archive that sound most like an example.

    Every vector is compared, in blocks; overlapping windows of one sound count once.

    Args:
        source: the example: path, bytes, file object or `Clip`.
        index: what `tympan embed` made of the archive.
        top: how many moments.
        model: the model that made the index; by default it says so itself.

    Returns:
        The most similar first; similarity is the cosine of the angle between the vectors.

    Raises:
        ArgumentError: `top` is below 1, or the index is of another model.
        DataError: there is no such index.
    """
    if top < 1:
        what = f"top={top} moments cannot be found"
        raise ArgumentError(what, fix="give 1 or more", option="top")
    found = index if isinstance(index, Index) else Index.load(index)
    answer = embedded(source, found, model)
    return nearest(found, np.asarray(answer.vector, np.float32), top)


def embedded(
    source: Source, index: Index, model: str | os.PathLike[str] | None = None
) -> Embedding:
    """The vectors of a recording, made by the model of an index.

    Args:
        source: path, bytes, file object or `Clip`.
        index: the index.
        model: the model that made it; by default it says so itself.

    Raises:
        ArgumentError: the index is of another model, or of other weights of it.
        ModelError: its model is not here.
    """
    from tympan.tasks.answering import load

    return embedded_by(load(model or index.model or None, "embed"), source, index)


def embedded_by(ready: Model[Any], source: Source, index: Index) -> Embedding:
    """The vectors of a recording, made by a loaded model that must be that of an index.

    Raises:
        ArgumentError: the index is of another model, or of other weights of it.
    """
    from tympan.tasks.cleaned import says_cleaned, with_cleaning

    # The example is cleaned if the archive was.
    clean = says_cleaned(index.fingerprint) if index.fingerprint else None
    ready = with_cleaning(ready, clean)
    fix = "give the model that made it, or make the index again"
    if index.model and ready.name != index.model:
        what = f"the index was made by the model {index.model!r}, not by {ready.name!r}"
        raise ArgumentError(what, fix=fix, option="model")
    weights = getattr(ready, "fingerprint", "")
    if index.fingerprint and weights and weights != index.fingerprint:
        what = f"the index was made by other weights of the model {ready.name!r}"
        fix = "make the index again, or give the model that made it"
        raise ArgumentError(f"{what} ({index.fingerprint}, these are {weights})", fix=fix)
    answer = cast("Embedding", ready(source))
    if index.features != len(answer.vector):
        what = f"the index has {index.features} numbers for each window, not {len(answer.vector)}"
        raise ArgumentError(what, fix=fix)
    return answer


def nearest(index: Index, vector: np.ndarray, top: int) -> list[Match]:
    """The `top` windows nearest to a vector `(d,)`, without those that overlap a nearer one.

    >>> rows = np.eye(3, dtype=np.float32)
    >>> index = Index(rows, np.array(["a", "a", "b"]), np.array([0.0, 1, 0]), np.array([2.0, 3, 2]))
    >>> [(one.file, one.start_s) for one in nearest(index, rows[1] + 0.1 * rows[0], 2)]
    [('a', 1.0), ('b', 0.0)]
    """
    similarity = similarities(index, vector)
    matches: list[Match] = []
    seen = 0
    while len(matches) < top and seen < len(index):
        # Nearly all of a few dozen times as many are enough, and sorting all takes longest.
        most = max(64 * top, 4 * seen)
        for i in _highest(similarity, most)[seen:]:
            seen += 1
            if not np.isfinite(similarity[i]):
                return matches  # only what is no vector comes after it
            file, start_s, end_s = _moment(index, int(i))
            if any(m.file == file and m.start_s < end_s and start_s < m.end_s for m in matches):
                continue
            matches.append(Match(file, start_s, end_s, float(similarity[i])))
            if len(matches) == top:
                break
    return matches


def similarities(index: Index, vector: np.ndarray) -> np.ndarray:
    """The similarity `(m,)` of every window to a vector `(d,)`; -inf where it is no number."""
    import torch

    found = np.empty(len(index), np.float32)
    other = torch.from_numpy(np.array(vector, np.float32))
    for i in range(0, len(index), BLOCK):
        block = rows_of(index.embeddings, i, i + BLOCK)
        if not block.dtype.isnative:
            block = block.astype(np.float32)
        # PyTorch turns half precision into float32 ten times as fast as NumPy does, and a few rows
        # at a time stay in the processor's cache.
        rows = torch.from_numpy(np.require(block, requirements=["C", "W"]))
        with torch.inference_mode():
            places = range(0, len(rows), CACHED)
            parts = [rows[j : j + CACHED].float() @ other for j in places]
            found[i : i + len(block)] = torch.cat(parts).numpy()
    found[~np.isfinite(found)] = -np.inf
    return found


def _highest(values: np.ndarray, count: int) -> np.ndarray:
    """Where the highest values are, in their order; of equal ones the first comes first."""
    if count >= len(values):
        return np.argsort(-values, kind="stable")
    least = np.partition(values, len(values) - count)[len(values) - count]
    # All that are equal to the least, so that the order does not depend on how many are wanted.
    places = np.flatnonzero(values >= least)
    ordered: np.ndarray = places[np.argsort(-values[places], kind="stable")]
    return ordered


def _moment(index: Index, row: int) -> tuple[str, float, float]:
    return str(index.files[row]), float(index.start_s[row]), float(index.end_s[row])
