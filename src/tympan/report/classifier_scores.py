"""How the training report shows the evaluation of a classifier."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.report import training_charts
from tympan.report.any_evaluation import table
from tympan.report.page import percent, words
from tympan.report.parts import EvaluationParts, Part, Scored, register_evaluation
from tympan.report.sections import Fact
from tympan.spectra import figures_style as style
from tympan.tasks.classify.evaluation import ClassifyEvaluation

if TYPE_CHECKING:
    from tympan.audio import Clip

_MOST_MISTAKES, _MISTAKE_S, _MOST_PAIRS = 12, 15.0, 8


@register_evaluation(ClassifyEvaluation)
def parts(scored: Scored[ClassifyEvaluation]) -> EvaluationParts:
    """Its worst mistakes to listen to, what is taken for what, and what its scores mean."""
    evaluation = scored.evaluation
    sections = []
    mistakes = _mistakes(scored)
    if mistakes:
        values = {"mistakes": mistakes, "folds": scored.folds}
        sections.append(Part("training_mistakes.html.j2", values))
    sections.append(Part("training_confusion.html.j2", _confusion(evaluation)))
    charts = []
    if evaluation.count:
        confidence = evaluation.probabilities.max(1)
        right = evaluation.predictions == evaluation.truth
        charts.append(training_charts.calibration(confidence, right))
    return EvaluationParts(_chance(evaluation), sections, charts)


def _chance(evaluation: ClassifyEvaluation) -> list[Fact]:
    """What guessing would score."""
    support = evaluation.confusion.sum(axis=1)
    if not support.sum():
        return []
    most = percent(float(support.max()) / float(support.sum()), 1)
    label = words(evaluation.labels[int(support.argmax())])
    note = f"a blind guess; always “{label}”: {most}"
    return [Fact("Chance", percent(1 / len(evaluation.labels), 1), note, headline=True)]


def _confusion(evaluation: ClassifyEvaluation) -> dict[str, Any]:
    names = list(map(words, evaluation.labels))
    return {
        "confused": _confused(evaluation.confusion, names),
        "matrix": training_charts.matrix(evaluation.confusion, names),
        **table(evaluation.table()),
    }


def _confused(confusion: np.ndarray, labels: Sequence[str]) -> list[str]:
    """Name the most frequent mistakes."""
    wrong = confusion.copy()
    np.fill_diagonal(wrong, 0)
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MOST_PAIRS]
    pairs = zip(*np.unravel_index(order, wrong.shape), strict=True)
    return [
        f"{labels[i]} as {labels[j]} ({wrong[i, j]} of {confusion[i].sum()})"
        for i, j in pairs
        if wrong[i, j]
    ]


def _mistakes(scored: Scored[ClassifyEvaluation]) -> list[dict[str, Any]]:
    """The most confident wrong answers, with their recordings."""
    evaluation, found = scored.evaluation, []
    for row in evaluation.mistakes(_MOST_MISTAKES):
        clip = scored.recording(evaluation.files[row]) if scored.recording else None
        if clip is not None:
            truth, guess = (
                words(evaluation.labels[int(i)])
                for i in (evaluation.truth[row], evaluation.predictions[row])
            )
            score = percent(float(evaluation.probabilities[row].max()))
            found.append(_shown(clip, evaluation.files[row])
                         | {"truth": truth, "guess": guess, "score": score})  # fmt: skip
    return found


def _shown(clip: Clip, file: str) -> dict[str, Any]:
    """The picture and the sound of a recording, or of its beginning."""
    from tympan.report.charts import mel_ticks, spectrogram_image, time_ticks
    from tympan.report.player import data_address
    from tympan.spectra.figures_data import overview

    if clip.duration_s > _MISTAKE_S:
        clip = clip.slice(0, _MISTAKE_S)
    return {
        "x_ticks": time_ticks(clip.duration_s, 4),
        "y_ticks": mel_ticks(clip.rate_hz / 2, apart=14),
        "name": style.short_name(os.path.basename(file), 80) or "recording",
        "image": spectrogram_image(overview(clip, width=250), rows=112, most_columns=500),
        "audio": data_address(clip.samples, clip.rate_hz),
    }
