"""Whose voice a recording is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tympan.tasks.results.base import Result
from tympan.tasks.results.parts import percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Identity(Result):
    """Whose voice it is.

    Attributes:
        file: the name of the recording.
        speaker: who it is; None: nobody that is known.
        similarity: with the nearest voice that is known, a cosine in -1 … 1.
        probability: that it is that voice.
        duration_s: length of the recording.
        model: name of the model that answered.
        warnings: what may be wrong with the answer.

    >>> print(Identity("a.wav", "Ann", 0.83, 0.97))
    a.wav: Ann (similarity 0.83, probability 97 %)
    >>> print(Identity("a.wav", None, 0.12, 0.01))
    a.wav: unknown (similarity 0.12, probability 1 %)
    """

    file: str
    speaker: str | None
    similarity: float
    probability: float
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()

    def shown(self) -> str:
        """Who it is, and how sure that is."""
        sure = f"similarity {self.similarity:.2f}, probability {percent(self.probability)}"
        return f"{'unknown' if self.speaker is None else self.speaker} ({sure})"

    def columns(self) -> tuple[str, ...]:
        """Those of the one row."""
        return ("speaker", "similarity", "probability")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """One row."""
        return [(self.speaker, self.similarity, self.probability)]

    def plot(self) -> Figure:
        """A bar for the similarity and one for the probability."""
        from tympan.tasks.results.figures import bars

        name = self.speaker or "unknown"
        values = [self.similarity, self.probability]
        title = f"{self.file}: {name}"
        return bars(["similarity", "probability"], values, [self.speaker is not None] * 2, title)
