"""How good a tagger is on recordings that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tympan.models import Score
from tympan.tasks.contract import Evaluation
from tympan.tasks.tag.metrics import (
    auroc,
    average_precision,
    f1_scores,
    intervals,
    tag_metrics,
)
from tympan.tasks.unknown import UnknownScores


@dataclass(frozen=True)
class TagEvaluation(Evaluation):
    """The scores of a tagger, and what they are computed from.

    Attributes:
        labels: the `k` labels.
        files: name of each recording scored.
        truth: `(m, k)`, 1 where a label applies.
        probabilities: `(m, k)`.
        chosen: `(m, k)`, 1 where a score is above its label's threshold.
        unknown: how well known recordings are told from unknown ones.
    """

    labels: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    truth: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), int), repr=False)
    probabilities: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)), repr=False)
    chosen: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), int), repr=False)
    unknown: UnknownScores = field(default_factory=UnknownScores, repr=False)

    def per_label(self) -> dict[str, dict[str, float | None]]:
        """Average precision, AUROC, F1 and number of recordings of each label."""
        columns = {
            "average_precision": average_precision(self.truth, self.probabilities),
            "auroc": auroc(self.truth, self.probabilities),
            "f1": f1_scores(self.truth, self.chosen)[0],
        }
        return {
            label: {
                name: round(float(values[i]), 4) if np.isfinite(values[i]) else None
                for name, values in columns.items()
            }
            | {"support": int(self.truth[:, i].sum())}
            for i, label in enumerate(self.labels)
        }

    def details(self) -> dict[str, Any]:
        """Scores of each label."""
        return {"per_label": self.per_label(), **self.unknown.details()}

    def table(self) -> list[dict[str, str]]:
        """Scores of each label, as people read them."""
        names = {"average precision": "average_precision", "AUROC": "auroc", "F1": "f1"}
        rows = []
        for label, row in self.per_label().items():
            values = {title: row[name] for title, name in names.items()}
            cells = {title: "–" if v is None else f"{v:.1%}" for title, v in values.items()}
            rows.append({"label": label, **cells, "recordings": f"{row['support']:g}"})
        return rows


def evaluation_of(
    labels: tuple[str, ...],
    files: Sequence[str],
    truths: Sequence[np.ndarray],
    probabilities: Sequence[np.ndarray],
    thresholds: Sequence[np.ndarray],
    calibration: dict[str, Any] | None = None,
) -> TagEvaluation:
    """Score a tagger, or those of a cross-validation each on its fold.

    Args:
        labels: the `k` labels.
        files: name of each recording, one part after another.
        truths: `(m, k)` in each part.
        probabilities: `(m, k)` in each part.
        thresholds: `(k,)` in each part.
        calibration: fields of the configuration that fit these scores.
    """
    parts = [(p >= t).astype(int) for p, t in zip(probabilities, thresholds, strict=True)]
    truth, scores, chosen = map(np.concatenate, (truths, probabilities, parts))
    values, ends = tag_metrics(truth, scores, chosen), intervals(truth, scores, chosen)
    folds: dict[str, list[float]] = {name: [] for name in values}
    for one in zip(truths, probabilities, parts, strict=True):
        for name, value in tag_metrics(*one).items():
            folds[name].append(value)
    found = tuple(
        Score(
            name,
            round(value, 4),
            ends.get(name),
            folds=tuple(folds[name]) if len(parts) > 1 else (),
        )
        for name, value in values.items()
    )
    evaluation = TagEvaluation(
        scores=found,
        count=len(truth),
        calibration=calibration or {},
        labels=labels,
        files=tuple(files),
        truth=truth,
        probabilities=scores,
        chosen=chosen,
    )
    return TagEvaluation(**{**vars(evaluation), "limits": limits(evaluation)})


def limits(evaluation: TagEvaluation) -> tuple[str, ...]:
    """Sentences on where a tagger is wrong, and what was not tested."""
    rows = evaluation.per_label()
    weak = [
        f"{label} (average precision {100 * row['average_precision']:.0f} %)"
        for label, row in rows.items()
        if row["average_precision"] is not None and row["average_precision"] < 0.5
    ]
    untested = [label for label, row in rows.items() if not row["support"]]
    found = ["It knows no other labels than its own; what none of them fits may get some of them."]
    if weak:
        found.append(f"Weak labels in the test set: {', '.join(weak)}.")
    if untested:
        found.append(f"Not tested, for want of recordings: {', '.join(untested)}.")
    return tuple(found)
