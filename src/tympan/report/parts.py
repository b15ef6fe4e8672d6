"""Which parts of a page show which kind of answer.

A kind of answer (a class) registers a function that makes its parts; a kind that has none is shown
by `tympan.report.any_answer`, from what its `to_json` gives. So a question of another package shows
in `hear` without a line here, and a better view of its answers is one function beside them:

    @register(MyAnswer)
    def parts(shown: Shown[MyAnswer]) -> AnswerParts: ...
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from tympan.report.tracks import Track

A = TypeVar("A")


@dataclass(frozen=True)
class Part:
    """A section of a page: its template (a file of `report/assets`), and what that shows as `x`.

    `script` is a file of `report/assets` that it needs beside those of every page.
    """

    template: str
    values: dict[str, Any]
    script: str = ""


@dataclass(frozen=True)
class AnswerParts:
    """What an answer brings to the page of `hear`.

    Attributes:
        headlines: on top of the page.
        tracks: lanes under the spectrogram.
        sections: behind the pictures.
    """

    headlines: Sequence[Part] = ()
    tracks: Sequence[Track] = ()
    sections: Sequence[Part] = ()


@dataclass(frozen=True)
class Shown(Generic[A]):
    """What the parts of an answer are made from.

    Attributes:
        answer: the answer.
        question: in words, such as "What sound is it, and when?".
        duration_s: length of the recording.
        nothing: why the answer means nothing, in a few words; empty if it means something.
        session: what gave the answer, and may know more of it; None if only the answer is known.
        key: begins the ids of the answer's elements, different for each answer of the page.
        playable: whether the page has a player.
    """

    answer: A
    question: str
    duration_s: float
    nothing: str = ""
    session: Any = None
    key: str = "a"
    playable: bool = True


@dataclass(frozen=True)
class EvaluationParts:
    """What the evaluation of a model brings to the training report.

    Attributes:
        facts: beside the scores, in large figures (`tympan.report.sections.Fact`).
        sections: behind them.
        charts: beside the learning curves (`tympan.report.charts.Plot`).
    """

    facts: Sequence[Any] = ()
    sections: Sequence[Part] = ()
    charts: Sequence[Any] = ()


@dataclass(frozen=True)
class Scored(Generic[A]):
    """What the parts of an evaluation are made from.

    Attributes:
        evaluation: the evaluation.
        folds: the scores are of a cross-validation.
        recording: gives the sound of a file that was scored, by its name; None: it is not there.
    """

    evaluation: A
    folds: bool = False
    recording: Callable[[str], Any] | None = None


@dataclass
class _Registry:
    answers: dict[type, Callable[[Any], AnswerParts]] = field(default_factory=dict)
    evaluations: dict[type, Callable[[Any], EvaluationParts]] = field(default_factory=dict)


REGISTRY = _Registry()
_F = TypeVar("_F", bound=Callable[..., Any])


def register(kind: type) -> Callable[[_F], _F]:
    """Decorate the function that makes the parts of a kind of answer; subclasses inherit it."""

    def keep(make: _F) -> _F:
        REGISTRY.answers[kind] = make
        return make

    return keep


def register_evaluation(kind: type) -> Callable[[_F], _F]:
    """Decorate the function that makes the parts of a kind of evaluation."""

    def keep(make: _F) -> _F:
        REGISTRY.evaluations[kind] = make
        return make

    return keep
