"""Whose voice a recording is, and whether two are one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tympan.tasks.results.base import Result
from tympan.tasks.results.parts import UNKNOWN, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Candidate:
    """One voice of the book.

    Attributes:
        speaker: whose it is.
        similarity: with that voice, a cosine in -1 … 1.
        probability: that it is that voice; all together with "none of them" are 1.

    >>> print(Candidate("Ann", 0.83, 0.97))
    Ann 97 %
    """

    speaker: str
    similarity: float
    probability: float

    def __str__(self) -> str:
        return f"{self.speaker} {percent(self.probability)}"


@dataclass(frozen=True)
class Identity(Result):
    """Whose voice it is.

    Attributes:
        file: the name of the recording.
        speaker: who it is; None: nobody that is known.
        similarity: with the nearest voice that is known, a cosine in -1 … 1; None: the recording
            was not scored.
        probability: that it is that voice.
        duration_s: length of the recording.
        model: name of the model that answered.
        warnings: what may be wrong with the answer.
        speech_s: how much speech it rests on.
        candidates: the nearest voices that are known, the most likely first.
        reason: why it was not scored; empty if it was.

    >>> print(Identity("a.wav", "Ann", 0.83, 0.97))
    a.wav: Ann (similarity 0.83, probability 97 %)
    >>> print(Identity("a.wav", None, 0.12, 0.01))
    a.wav: unknown (similarity 0.12, probability 1 %)
    >>> print(Identity("a.wav", None, None, 0.0, reason="is silent"))
    a.wav: not scored (is silent)
    """

    file: str
    speaker: str | None
    similarity: float | None
    probability: float
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()
    speech_s: float = 0.0
    candidates: tuple[Candidate, ...] = ()
    reason: str = ""

    @property
    def scored(self) -> bool:
        """Whether the recording was compared with voices at all."""
        return self.similarity is not None

    def shown(self) -> str:
        """Who it is, and how sure that is."""
        if self.similarity is None:
            return f"not scored ({self.reason})" if self.reason else "not scored"
        sure = f"similarity {self.similarity:.2f}, probability {percent(self.probability)}"
        return f"{UNKNOWN if self.speaker is None else self.speaker} ({sure})"

    def columns(self) -> tuple[str, ...]:
        """Those of the one row."""
        return ("speaker", "similarity", "probability", "speech_s")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """One row."""
        return [(self.speaker, self.similarity, self.probability, self.speech_s)]

    def plot(self) -> Figure:
        """A bar for the probability of each candidate."""
        from tympan.tasks.results.figures import bars

        name = (self.speaker or UNKNOWN) if self.scored else "not scored"
        names = [one.speaker for one in self.candidates] or ["similarity", "probability"]
        values = [one.probability for one in self.candidates]
        values = values or [self.similarity or 0.0, self.probability]
        chosen = [self.speaker is not None and n == self.speaker for n in names]
        return bars(names, values, chosen, f"{self.file}: {name}")


@dataclass(frozen=True)
class Verification(Result):
    """Whether two recordings are of one voice.

    Attributes:
        file: the name of one recording.
        other: the name of the other.
        same: whether they are; None: they were not compared, the `warnings` say why.
        similarity: a cosine in -1 … 1; None: they were not compared.
        probability: that it is one voice, both being as likely before.
        log_odds: the natural logarithm of the odds, for who knows better how likely it is.
        duration_s: length of the one recording.
        model: name of the model that answered.
        warnings: what may be wrong with the answer.

    >>> print(Verification("a.wav", "b.wav", True, 0.83, 0.97, 3.5))
    a.wav: the same voice as b.wav (similarity 0.83, probability 97 %)
    """

    file: str
    other: str
    same: bool | None
    similarity: float | None
    probability: float
    log_odds: float = 0.0
    duration_s: float = 0.0
    model: str = ""
    warnings: tuple[str, ...] = ()

    def shown(self) -> str:
        """Whether they are, and how sure that is."""
        if self.similarity is None:
            return f"not compared with {self.other}"
        sure = f"similarity {self.similarity:.2f}, probability {percent(self.probability)}"
        which = "the same voice as" if self.same else "another voice than"
        return f"{which} {self.other} ({sure})"

    def columns(self) -> tuple[str, ...]:
        """Those of the one row."""
        return ("other", "same", "similarity", "probability", "log_odds")

    def cells(self) -> Iterable[tuple[Any, ...]]:
        """One row."""
        return [(self.other, self.same, self.similarity, self.probability, self.log_odds)]

    def plot(self) -> Figure:
        """A bar for the similarity and one for the probability."""
        from tympan.tasks.results.figures import bars

        values = [self.similarity or 0.0, self.probability]
        chosen = [bool(self.same)] * 2
        return bars(["similarity", "probability"], values, chosen, f"{self.file}, {self.other}")
