"""How good a classifier is on recordings that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Evaluation:
    """How good a model is on recordings it was not trained on.

    Attributes:
        metrics: see `tympan.tasks.metrics.classification_metrics`.
        files: name of each recording scored.
        truth: `(m,)` index of the right label.
        scores: `(m, k)` probabilities.
        labels: the `k` labels.
        seen: recordings of the folder that the model was trained on.
        seen_left_out: whether they were left out; not if nothing else was there.
        skipped: what could not be read, a line each.
    """

    metrics: dict[str, Any]
    files: tuple[str, ...]
    truth: np.ndarray = field(repr=False)
    scores: np.ndarray = field(repr=False)
    labels: tuple[str, ...]
    seen: int = 0
    seen_left_out: bool = True
    skipped: tuple[str, ...] = ()

    @classmethod
    def pooled(cls, parts: Sequence[Evaluation], *, calibrate: bool = False) -> Evaluation:
        """The evaluation of all folds of a cross-validation, each by a model of its own.

        Args:
            parts: one for each fold, with the same labels.
            calibrate: take the scores of each fold at the temperature that the others ask for.

        Returns:
            The scores of all rows, one fold after another. Its metrics also have `folds`, the
            accuracy of each, and `fold_std`, their standard deviation.
        """
        from tympan.tasks.calibration import calibrated_by_others
        from tympan.tasks.metrics import classification_metrics

        truths, rows = [part.truth for part in parts], [part.scores for part in parts]
        if calibrate:
            rows = [calibrated_by_others(truths, rows, i, few=True) for i in range(len(parts))]
        truth, scores = np.concatenate(truths), np.concatenate(rows)
        each = [float(part.metrics["accuracy"]) for part in parts]
        metrics = classification_metrics(truth, scores, parts[0].labels)
        metrics |= {"folds": each, "fold_std": float(np.std(each, ddof=1))}
        files = tuple(name for part in parts for name in part.files)
        return cls(metrics, files, truth, scores, parts[0].labels)

    @property
    def remark(self) -> str:
        """A sentence about recordings that the model was trained on; empty if there are none."""
        if not self.seen:
            return ""
        if self.seen_left_out:
            return f"{self.seen} that the model was trained on are left out"
        return "the model was trained on all of them, so the scores say little"

    def to_json(self) -> dict[str, Any]:
        """The metrics as one plain object."""
        return {
            **self.metrics,
            "seen_in_training": self.seen,
            "seen_left_out": bool(self.seen) and self.seen_left_out,
            "skipped": list(self.skipped),
        }

    def mistakes(self, limit: int = 12) -> list[int]:
        """Rows answered wrongly, the most confident first."""
        guess, confidence = self.scores.argmax(1), self.scores.max(1)
        wrong = np.flatnonzero(guess != self.truth)
        return [int(i) for i in wrong[np.argsort(-confidence[wrong], kind="stable")][:limit]]

    def __str__(self) -> str:
        m = self.metrics
        lines = [f"{m['examples']} recordings, {len(self.labels)} labels"]
        if self.remark:
            lines[0] += f" ({self.remark})"
        for name, title in (("accuracy", "accuracy"), ("macro_f1", "macro F1"), ("ece", "ECE")):
            low, high = m["intervals"][name]
            lines.append(f"{title:9} {m[name]:6.1%}   95 % interval {low:.1%} – {high:.1%}")
        width = max(map(len, self.labels))
        lines.append(f"{'label':{width}}  precision  recall      F1  recordings")
        answered = np.bincount(self.scores.argmax(1), minlength=len(self.labels))
        for i, (label, row) in enumerate(m["per_class"].items()):
            # Of a label that was never answered, or never there, no share can be given.
            told = {
                "precision": answered[i] > 0,
                "recall": row["support"] > 0,
                "f1": answered[i] + row["support"] > 0,
            }
            precision, recall, f1 = (
                f"{row[name]:.1%}" if known else "–" for name, known in told.items()
            )
            lines.append(
                f"{label:{width}}  {precision:>9}  {recall:>6}  {f1:>6}  {row['support']:10d}"
            )
        return "\n".join(lines)
