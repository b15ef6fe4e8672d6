"""How good a classifier is on recordings that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tympan.models import Score
from tympan.tasks.contract import Evaluation
from tympan.tasks.metrics import class_scores, classification_metrics
from tympan.tasks.unknown import UnknownScores


@dataclass(frozen=True)
class ClassifyEvaluation(Evaluation):
    """The scores of a classifier, and what they are computed from.

    Attributes:
        labels: the `k` labels.
        files: name of each recording scored.
        truth: `(m,)` index of the right label.
        probabilities: `(m, k)`.
        confusion: `(k, k)` counts; row = truth, column = prediction.
        reliability: what each bin of confidence holds, see `tympan.tasks.metrics.reliability`.
        unknown: how well known recordings are told from unknown ones.
    """

    labels: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    truth: np.ndarray = field(default_factory=lambda: np.zeros(0, int), repr=False)
    probabilities: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)), repr=False)
    confusion: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), int), repr=False)
    reliability: tuple[dict[str, float], ...] = field(default=(), repr=False)
    unknown: UnknownScores = field(default_factory=UnknownScores, repr=False)

    @property
    def predictions(self) -> np.ndarray:
        """`(m,)` index of the label predicted."""
        found: np.ndarray = self.probabilities.argmax(1)
        return found

    def mistakes(self, limit: int = 12) -> list[int]:
        """Rows predicted wrongly, the most confident first."""
        confidence = self.probabilities.max(1)
        wrong = np.flatnonzero(self.predictions != self.truth)
        return [int(i) for i in wrong[np.argsort(-confidence[wrong], kind="stable")][:limit]]

    def details(self) -> dict[str, Any]:
        """Scores of each label, the confusion matrix, and the bins of confidence."""
        return {
            "per_class": self.per_class(),
            "confusion": self.confusion.tolist(),
            "reliability": list(self.reliability),
            **self.unknown.details(),
        }

    def per_class(self) -> dict[str, dict[str, float]]:
        """Precision, recall, F1 and support of each label."""
        columns = class_scores(self.confusion)
        return {
            label: {name: round(float(values[i]), 4) for name, values in columns.items()}
            | {"support": int(columns["support"][i])}
            for i, label in enumerate(self.labels)
        }

    def table(self) -> list[dict[str, str]]:
        """Precision, recall and F1 of each label, as people read them."""
        predicted = self.confusion.sum(0)
        rows = []
        for i, (label, row) in enumerate(self.per_class().items()):
            # Of a label that was never predicted, or never there, no share can be given.
            known = {
                "precision": predicted[i] > 0,
                "recall": row["support"] > 0,
                "F1": predicted[i] + row["support"] > 0,
            }
            cells = {
                name: f"{row[name.lower()]:.1%}" if there else "–" for name, there in known.items()
            }
            rows.append({"label": label, **cells, "recordings": str(int(row["support"]))})
        return rows


def evaluation_of(
    labels: tuple[str, ...],
    files: Sequence[str],
    truths: Sequence[np.ndarray],
    probabilities: Sequence[np.ndarray],
    calibration: dict[str, float] | None = None,
) -> ClassifyEvaluation:
    """Score a classifier, or those of a cross-validation each on its fold.

    Args:
        labels: the `k` labels.
        files: name of each recording, one part after another.
        truths: index of the right label `(m,)` in each part.
        probabilities: `(m, k)` in each part.
        calibration: fields of the configuration that fit these scores.
    """
    truth, scores = np.concatenate(truths), np.concatenate(probabilities)
    found = classification_metrics(truth, scores, labels)
    ends = found["intervals"]
    folds = tuple(
        float((p.argmax(1) == t).mean()) for t, p in zip(truths, probabilities, strict=True)
    )
    accuracy = Score(
        "accuracy",
        found["accuracy"],
        _ends(ends["accuracy"]),
        folds=folds if len(folds) > 1 else (),
    )
    others = (
        Score("macro_f1", found["macro_f1"], _ends(ends["macro_f1"])),
        Score(
            "ece",
            found["ece"],
            _ends(ends["ece"]) if "ece" in ends else None,
            higher_is_better=False,
        ),
    )
    return ClassifyEvaluation(
        scores=(accuracy, *others),
        count=len(truth),
        limits=limits(found["per_class"]),
        calibration=calibration or {},
        untested=untested(found["per_class"]),
        labels=labels,
        files=tuple(files),
        truth=truth,
        probabilities=scores,
        confusion=np.array(found["confusion"]),
        reliability=tuple(found["reliability"]),
    )


def _ends(interval: Sequence[float]) -> tuple[float, float]:
    low, high = interval
    return float(low), float(high)


def limits(per_class: dict[str, dict[str, float]]) -> tuple[str, ...]:
    """Sentences on where a classifier is wrong, and what was not tested."""
    weak = [
        f"{name}: F1 {100 * row['f1']:.0f} %"
        for name, row in per_class.items()
        if row["support"] and row["f1"] < 0.5
    ]
    found = [
        f"It always answers with one of its {len(per_class)} labels: for any other sound the "
        "answer is wrong, and its score may be high."
    ]
    if weak:
        found.append(f"Weak labels in the test set: {', '.join(weak)}.")
    if unknown := untested(per_class):
        found.append(f"Not tested, for want of recordings: {', '.join(unknown)}.")
    return tuple(found)


def untested(per_class: dict[str, dict[str, float]]) -> tuple[str, ...]:
    """Labels of which no recording was scored."""
    return tuple(name for name, row in per_class.items() if not row["support"])
