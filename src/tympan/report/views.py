"""The parts of a page for an answer or an evaluation, by its kind."""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Any

from tympan.report import any_answer, any_evaluation
from tympan.report.parts import REGISTRY, AnswerParts, EvaluationParts, Scored, Shown

if TYPE_CHECKING:
    from tympan.tasks.contract import Answer, Evaluation

# Each registers the views of tympan's own kinds when it is imported.
_BUILT_IN = (
    "tympan.report.classification",
    "tympan.report.classifier_scores",
    "tympan.report.monitoring",
    "tympan.report.noting",
    "tympan.report.segmenting",
    "tympan.report.separated",
    "tympan.report.tagging",
    "tympan.report.transcribing",
    "tympan.report.voices",
)


def answer_parts(shown: Shown[Answer]) -> AnswerParts:
    """The parts of an answer, by its kind."""
    _load_built_in()
    return _nearest(REGISTRY.answers, type(shown.answer), any_answer.parts)(shown)


def evaluation_parts(scored: Scored[Evaluation]) -> EvaluationParts:
    """The parts of an evaluation, by its kind."""
    _load_built_in()
    return _nearest(REGISTRY.evaluations, type(scored.evaluation), any_evaluation.parts)(scored)


def _nearest(makers: dict[type, Any], kind: type, default: Any) -> Any:
    return next((makers[base] for base in kind.__mro__ if base in makers), default)


@cache
def _load_built_in() -> None:
    for module in _BUILT_IN:
        importlib.import_module(module)
