"""Explain the answer of a classifier about one recording."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.classify.answer import ClassifyModel, steps_of
from tympan.tasks.classify.explanation import Explanation
from tympan.tasks.classify.reasons import explain_pieces
from tympan.tasks.classify.steps import Mean
from tympan.tasks.classify.timeline import Piece
from tympan.tasks.inputs import name_of, samples_of


def explain(model: ClassifyModel, source: Any, label: str | None = None) -> Explanation:
    """Explain an answer, in the window where it is clearest; the recording is read once.

    Args:
        model: the classifier.
        source: what `tympan.load` takes.
        label: the label to explain; the best one by default.

    Returns:
        The explanation for that one of the answer's windows in which the label scores highest, or
        for a short recording whole.

    Raises:
        ArgumentError: the model has no such label.
    """
    if label is not None and label not in model.labels:
        near = difflib.get_close_matches(label, model.labels, n=3, cutoff=0.5)
        known = ", ".join(near or model.labels[:8])
        fix = f"{known}, perhaps?" if near else f"one of {known}{' …' * (len(model.labels) > 8)}"
        raise ArgumentError(f"the model has no label {label!r}", fix=fix)
    highest = np.full(len(model.labels), -1.0)
    clearest: dict[int, Piece] = {}
    mean, duration_s = Mean(len(model.labels)), 0.0
    chunks = (block[0] for block in samples_of(source, model.rate_hz, cleaner=model.cleaner))
    wanted = range(len(model.labels)) if label is None else [model.labels.index(label)]
    for step in steps_of(model, chunks, keep=True):
        mean.add(step)
        duration_s = step.end_s
        for piece in step.pieces:
            for k in wanted:
                if piece.probabilities[k] > highest[k]:
                    highest[k], clearest[k] = piece.probabilities[k], piece
    k = model.labels.index(label) if label is not None else int(mean.value().argmax())
    return explain_pieces(model, [(k, clearest[k])], name_of(source), duration_s)[0]
