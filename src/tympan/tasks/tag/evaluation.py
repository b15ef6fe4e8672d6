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
    label_intervals,
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
        intervals: name of a score → `(k, 2)`, its 95 % interval of each label over resampled
            recordings.
    """

    labels: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    truth: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), int), repr=False)
    probabilities: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)), repr=False)
    chosen: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), int), repr=False)
    unknown: UnknownScores = field(default_factory=UnknownScores, repr=False)
    intervals: dict[str, np.ndarray] = field(default_factory=dict, repr=False)

    def per_label(self) -> dict[str, dict[str, Any]]:
        """Average precision, AUROC, F1, each with its interval, and recordings of each label."""
        columns = {
            "average_precision": average_precision(self.truth, self.probabilities),
            "auroc": auroc(self.truth, self.probabilities),
            "f1": f1_scores(self.truth, self.chosen)[0],
        }
        found: dict[str, dict[str, Any]] = {}
        for i, label in enumerate(self.labels):
            row: dict[str, Any] = {}
            for name, values in columns.items():
                known = bool(np.isfinite(values[i]))
                row[name] = round(float(values[i]), 4) if known else None
                ends = self.intervals[name][i] if name in self.intervals else (np.nan,)
                kept = known and bool(np.isfinite(ends).all())
                row[f"{name}_interval"] = [round(float(x), 4) for x in ends] if kept else None
            found[label] = row | {"support": int(self.truth[:, i].sum())}
        return found

    def details(self) -> dict[str, Any]:
        """Scores of each label, with their intervals."""
        return {"per_label": self.per_label(), **self.unknown.details()}

    def table(self) -> list[dict[str, str]]:
        """Scores of each label and their 95 % intervals, as people read them."""
        names = {"average precision": "average_precision", "AUROC": "auroc", "F1": "f1"}
        rows = []
        for label, row in self.per_label().items():
            cells = {
                title: _cell(row[name], row[f"{name}_interval"]) for title, name in names.items()
            }
            rows.append({"label": label, **cells, "recordings": f"{row['support']:g}"})
        return rows


def _cell(value: float | None, interval: list[float] | None) -> str:
    """A share and its interval.

    >>> _cell(0.5, [0.25, 0.75]), _cell(0.5, None), _cell(None, None)
    ('50.0 % (25.0–75.0)', '50.0 %', '–')
    """
    if value is None:
        return "–"
    ends = f" ({100 * interval[0]:.1f}–{100 * interval[1]:.1f})" if interval else ""
    return f"{100 * value:.1f} %{ends}"


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
        intervals=label_intervals(truth, scores, chosen),
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
