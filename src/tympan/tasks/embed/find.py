"""The moments of an archive that sound most like an example."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.embed.index import Index

if TYPE_CHECKING:
    from tympan.tasks.answering import Source

# So many vectors are compared at once: ten million fit through without more memory.
BLOCK = 65_536


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
    from tympan.tasks.answering import load

    if top < 1:
        raise ArgumentError(f"top={top} moments cannot be found", fix="give 1 or more")
    found = index if isinstance(index, Index) else Index.load(index)
    answer: Any = load(model or found.model or None, "embed")(source)
    vector = np.asarray(answer.vector, np.float32)
    if found.embeddings.shape[1] != len(vector):
        what = (
            f"the index has {found.embeddings.shape[1]} numbers for each window, not {len(vector)}"
        )
        raise ArgumentError(what, fix=f"name its model: --model {found.model or 'NAME'}")
    return nearest(found, vector, top)


def nearest(index: Index, vector: np.ndarray, top: int) -> list[Match]:
    """The `top` windows nearest to a vector `(d,)`, without those that overlap a nearer one.

    >>> rows = np.eye(3, dtype=np.float32)
    >>> index = Index(rows, np.array(["a", "a", "b"]), np.array([0.0, 1, 0]), np.array([2.0, 3, 2]))
    >>> [(one.file, one.start_s) for one in nearest(index, rows[1] + 0.1 * rows[0], 2)]
    [('a', 1.0), ('b', 0.0)]
    """
    similarity = np.concatenate(
        [
            index.embeddings[i : i + BLOCK].astype(np.float32) @ vector
            for i in range(0, len(index), BLOCK)
        ]
    )
    matches: list[Match] = []
    for i in np.argsort(-similarity, kind="stable"):
        file, start_s, end_s = str(index.files[i]), float(index.start_s[i]), float(index.end_s[i])
        if any(m.file == file and m.start_s < end_s and start_s < m.end_s for m in matches):
            continue
        matches.append(Match(file, start_s, end_s, float(similarity[i])))
        if len(matches) == top:
            break
    return matches
