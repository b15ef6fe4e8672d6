"""A recording as a point in a space in which similar sounds are near."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from tympan.errors import ArgumentError
from tympan.tasks.results.base import Result, plain

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.figure import Figure


def _no_rows() -> np.ndarray:
    import numpy as np

    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True)
class Embedding(Result):
    """A recording as a vector.

    Attributes:
        file: the name of the recording.
        vector: a tuple of `d` numbers; `numpy.asarray(answer.vector)` makes an array of them.
        vectors: those of the parts of the recording, `(m, d)`; empty where it is one.
        times_s: where each part begins and ends, `(m, 2)`.
        fingerprint: digest of the weights that made the vectors; empty: not known.
        duration_s: length of the recording.
        model: name of the model that answered.
        warnings: what may be wrong with the answer.

    >>> a, b = Embedding("a.wav", (3.0, 4.0)), Embedding("b.wav", (4.0, 3.0))
    >>> a.similarity(b)
    0.96
    >>> print(a)
    a.wav: 2 numbers (3, 4)
    """

    file: str
    vector: tuple[float, ...]
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()
    vectors: np.ndarray = field(default_factory=_no_rows, repr=False, compare=False)
    times_s: np.ndarray = field(default_factory=_no_rows, repr=False, compare=False)
    fingerprint: str = field(default="", repr=False, compare=False)
    formats: ClassVar[tuple[str, ...]] = (".json", ".csv", ".npz")

    def similarity(self, other: Embedding) -> float:
        """Cosine of the angle between two vectors, -1 … 1; 0 where one of them is zero.

        Raises:
            ArgumentError: they are of different lengths, so of different models.
        """
        if len(self.vector) != len(other.vector):
            what = f"{len(self.vector)} and {len(other.vector)} numbers cannot be compared"
            raise ArgumentError(what, fix="embed both with the same model")
        dot = sum(a * b for a, b in zip(self.vector, other.vector, strict=True))
        norm = math.hypot(*self.vector) * math.hypot(*other.vector)
        return dot / norm if norm else 0.0

    def _answer(self) -> dict[str, Any]:
        """The vector of the whole recording."""
        return {"vector": plain(self.vector)}

    def _content(self, ending: str) -> bytes:
        if ending != ".npz":
            return super()._content(ending)
        import io

        import numpy as np

        vectors, times_s = self.vectors, self.times_s
        if not len(vectors):  # the recording is one part, or none
            count = 1 if self.vector else 0
            vectors = np.array(self.vector, np.float32).reshape(count, len(self.vector))
            times_s = np.array([[0.0, self.duration_s]] * count).reshape(count, 2)
        file = io.BytesIO()
        np.savez_compressed(
            file,
            embeddings=vectors.astype(np.float32),
            files=np.array([self.file] * len(vectors)),
            start_s=times_s[:, 0],
            end_s=times_s[:, 1],
            model=np.array(self.model),
            fingerprint=np.array(self.fingerprint),
        )
        return file.getvalue()

    def shown(self) -> str:
        """How many numbers, and the first of them."""
        if not self.vector:
            return ""
        first = ", ".join(f"{one:.3g}" for one in self.vector[:4])
        more = ", …" if len(self.vector) > 4 else ""
        return f"{len(self.vector)} numbers ({first}{more})"

    def columns(self) -> tuple[str, ...]:
        """One for each number."""
        return tuple(f"v{i}" for i in range(len(self.vector)))

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """One row."""
        return [self.vector]

    def plot(self) -> Figure:
        """A bar for each number."""
        from tympan.tasks.results.figures import vector

        return vector(self.vector, self.file)
