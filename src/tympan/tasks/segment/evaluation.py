"""How good a segmenter is on recordings that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tympan.models import Score
from tympan.tasks.contract import Evaluation
from tympan.tasks.segment.metrics import COLLAR_S, f1_of

DRAWS = 1000


@dataclass(frozen=True)
class SegmentEvaluation(Evaluation):
    """The scores of a segmenter, and what they are computed from.

    Attributes:
        labels: the `k` labels.
        files: name of each recording scored.
        events: right, true and found events, `(m, k, 3)`.
        seconds: right, true and found seconds, `(m, k, 3)`.
        ap: average precision of the frames of each label `(k,)`.
        auc: area below their ROC curve `(k,)`.
        hours: length of all recordings.
    """

    labels: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    events: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 3), int), repr=False)
    seconds: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 3), int), repr=False)
    ap: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False)
    auc: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False)
    hours: float = 0.0

    def per_label(self) -> dict[str, dict[str, float | None]]:
        """Event F1, segment F1, average precision and AUC of frames, and events of each label."""
        columns = {
            "event_f1": f1_of(self.events.sum(0)),
            "segment_f1": f1_of(self.seconds.sum(0)),
            "frame_ap": self.ap,
            "frame_auc": self.auc,
        }
        return {
            label: {
                name: round(float(values[i]), 4) if np.isfinite(values[i]) else None
                for name, values in columns.items()
            }
            | {"events": int(self.events[:, i, 1].sum()), "found": int(self.events[:, i, 2].sum())}
            for i, label in enumerate(self.labels)
        }

    def details(self) -> dict[str, Any]:
        """Scores of each label."""
        return {"per_label": self.per_label(), "hours": round(self.hours, 4)}

    def table(self) -> list[dict[str, str]]:
        """Scores of each label, as people read them."""
        names = {
            "event F1": "event_f1", "segment F1": "segment_f1", "frame AP": "frame_ap",
            "frame AUC": "frame_auc",
        }  # fmt: skip
        rows = []
        for label, row in self.per_label().items():
            values = {title: row[name] for title, name in names.items()}
            cells = {title: "–" if v is None else f"{v:.1%}" for title, v in values.items()}
            counts = {"events": f"{row['events']:g}", "found": f"{row['found']:g}"}
            rows.append({"label": label, **cells, **counts})
        return rows


def micro(counts: np.ndarray) -> float:
    """F1 of all recordings and labels together; 0 where nothing is true and nothing found."""
    return float(np.nan_to_num(f1_of(counts.sum((0, 1)))))


def interval_of(counts: np.ndarray, seed: int = 0) -> tuple[float, float] | None:
    """95 % interval of the micro F1 over resampled recordings; None of fewer than two."""
    if len(counts) < 2:
        return None
    drawn = np.random.default_rng(seed).integers(0, len(counts), (DRAWS, len(counts)))
    sums = counts.sum(1)[drawn].sum(1)
    low, high = np.nanpercentile(np.nan_to_num(f1_of(sums)), [2.5, 97.5])
    return round(float(low), 4), round(float(high), 4)


def scores_of(
    events: np.ndarray, seconds: np.ndarray, others: Mapping[str, float], folds: list[slice]
) -> tuple[Score, ...]:
    """Event F1 first, then segment F1, then the others."""
    found = []
    for name, counts in (("event_f1", events), ("segment_f1", seconds)):
        each = tuple(round(micro(counts[one]), 4) for one in folds) if len(folds) > 1 else ()
        found.append(Score(name, round(micro(counts), 4), interval_of(counts), folds=each))
    return (*found, *(Score(name, round(value, 4)) for name, value in others.items()))


def limits_of(evaluation: SegmentEvaluation) -> tuple[str, ...]:
    """Sentences on where a segmenter is wrong, and what was not tested."""
    rows = evaluation.per_label()
    weak = [
        f"{label} ({100 * row['event_f1']:.0f} %)"
        for label, row in rows.items()
        if row["event_f1"] is not None and row["events"] and row["event_f1"] < 0.4
    ]
    untested = [label for label, row in rows.items() if not row["events"]]
    found = [
        "It knows no other labels than its own; another sound may be taken for one of them.",
        f"An event counts as right if it begins within {COLLAR_S:g} s of the true one and ends "
        "about where that does.",
    ]
    if weak:
        found.append(f"Event F1 below 40 %: {', '.join(weak)}.")
    if untested:
        found.append(f"Not tested, for want of events: {', '.join(untested)}.")
    return tuple(found)
