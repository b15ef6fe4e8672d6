"""Scores of a five-fold cross-validation: accuracy, calibration, a table of several nets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tympan.tasks.calibration import calibrated_by_others, fit_temperature
from tympan.tasks.metrics import classification_metrics


def measured(runs: Path, labels: list[str]) -> tuple[dict[str, Any], float]:
    """Metrics of the cross-validation, and the temperature fitted on it."""
    parts = [np.load(runs / f"fold{n}" / "scores.npz") for n in range(1, 6)]
    truth = np.concatenate([p["truth"] for p in parts])
    scores = np.concatenate([p["scores"] for p in parts])
    esc10 = np.concatenate([p["esc10"] for p in parts])
    each = [round(float((p["scores"].argmax(1) == p["truth"]).mean()), 4) for p in parts]
    temperature = fit_temperature(truth, scores)
    each_truth, each_scores = [p["truth"] for p in parts], [p["scores"] for p in parts]
    calibrated = np.concatenate(
        [calibrated_by_others(each_truth, each_scores, i) for i in range(len(parts))]
    )
    metrics = classification_metrics(truth, calibrated, labels)
    ten = np.flatnonzero(np.bincount(truth[esc10], minlength=len(labels)))
    right10 = ten[scores[esc10][:, ten].argmax(1)] == truth[esc10]
    kept = {k: metrics[k] for k in ("accuracy", "macro_f1", "ece", "intervals", "per_class")}
    return {
        **kept,
        "what": "5-fold cross-validation on all 2000 clips of ESC-50 at 16 kHz, official folds",
        "folds": each,
        "fold_std": round(float(np.std(each, ddof=1)), 4),
        "accuracy_folds_2_to_5": round(float(np.mean(each[1:])), 4),
        "esc10_accuracy": round(float(right10.mean()), 4),
        "esc10_what": "the same nets choosing among the 10 classes of ESC-10, on its 400 clips",
    }, temperature


def compare(runs: Path, nets: Iterable[str], taught: Iterable[str]) -> str:
    """A row for each net that has all folds, and one for the mean of their answers."""
    rows, together = (
        ["| net | fold 1 | 2 | 3 | 4 | 5 | mean ± std |", "|---|---:|---:|---:|---:|---:|---:|"],
        [],
    )
    for name in nets:
        files = [runs / name / f"fold{n}" / "scores.npz" for n in range(1, 6)]
        if not all(f.exists() for f in files):
            continue
        parts = [np.load(f) for f in files]
        truths, scores = [p["truth"] for p in parts], [p["scores"] for p in parts]
        rows.append(row_of(name, truths, scores))
        if name not in taught:
            together.append(scores)
    if len(together) > 1:
        rows.append(
            row_of("together", truths, [np.mean(s, 0) for s in zip(*together, strict=True)])
        )
    return "\n".join(rows)


def row_of(name: str, truths: list[np.ndarray], scores: list[np.ndarray]) -> str:
    """Accuracy on each fold, their mean and spread, as a row."""
    each = [100 * float((s.argmax(1) == t).mean()) for t, s in zip(truths, scores, strict=True)]
    cells = " | ".join(f"{a:.1f}" for a in each)
    return f"| {name} | {cells} | {np.mean(each):.1f} ± {np.std(each, ddof=1):.1f} |"
