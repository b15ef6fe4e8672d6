"""Scores of a five-fold cross-validation: accuracy, calibration, a table of several nets.

What the net of each fold answered about the clips that it was not trained on is kept in `answers/`,
so that another net can be compared with it, clip by clip, without training this one again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tympan.tasks.calibration import calibrated_by_others, fit_temperature
from tympan.tasks.classify.evaluation import evaluation_of

FOLDS = range(1, 6)
ANSWERS = Path(__file__).parent / "answers"


def fold_file(runs: Path, net: str, n: int) -> Path:
    """Where the answers of a fold are: in the run that made them, else where they are kept."""
    made = runs / net / f"fold{n}" / "scores.npz"
    return made if made.exists() else ANSWERS / f"{net}-{n}.npz"


def keep(runs: Path, net: str) -> None:
    """Keep the answers of a net, in half the bytes: `truth` (m,), `scores` (m, k), `esc10` (m,)."""
    ANSWERS.mkdir(exist_ok=True)
    for n in FOLDS:
        made = runs / net / f"fold{n}" / "scores.npz"
        if made.exists():
            with np.load(made) as found:
                values = dict(found)
            values["scores"] = values["scores"].astype(np.float16)
            np.savez_compressed(ANSWERS / f"{net}-{n}.npz", **values)


def measured(runs: Path, nets: Sequence[str], labels: list[str]) -> tuple[dict[str, Any], float]:
    """What a card holds of the cross-validation of nets that answer together, and the temperature.

    Args:
        runs: where trainings are; what is not there is taken from `answers/`.
        nets: their names.
        labels: the `k` labels.
    """
    parts = [np.load(fold_file(runs, nets[0], n)) for n in FOLDS]
    truths, scores = [p["truth"] for p in parts], mean_scores(runs, nets)
    calibrated = [calibrated_by_others(truths, scores, i) for i in range(len(parts))]
    files = [f"{n}-{i}" for n, truth in zip(FOLDS, truths, strict=True) for i in range(len(truth))]
    found = evaluation_of(tuple(labels), files, truths, calibrated)
    metrics = {
        "scores": [one.to_json() for one in found.scores],
        "count": found.count,
        "counted": found.counted,
        "split": "5-fold cross-validation on all 2000 clips of ESC-50 at 16 kHz, official folds",
        "per_class": found.per_class(),
        "folds_of_each_net": {net: accuracies(truths, mean_scores(runs, [net])) for net in nets},
        "accuracy_folds_3_to_5": round(float(np.mean(accuracies(truths, scores)[2:])), 4),
        "esc10_accuracy": esc10_accuracy(parts, scores),
        "esc10_what": "the same nets choosing among the 10 classes of ESC-10, on its 400 clips",
    }
    return metrics, fit_temperature(np.concatenate(truths), np.concatenate(scores))


def esc10_accuracy(parts: Sequence[Mapping[str, np.ndarray]], scores: list[np.ndarray]) -> float:
    """The accuracy on the clips of ESC-10, where only its classes are chosen among."""
    esc10 = np.concatenate([p["esc10"] for p in parts])
    truth, found = np.concatenate([p["truth"] for p in parts])[esc10], np.concatenate(scores)[esc10]
    ten = np.unique(truth)
    return round(float((ten[found[:, ten].argmax(1)] == truth).mean()), 4)


def mean_scores(runs: Path, nets: Sequence[str]) -> list[np.ndarray]:
    """For each fold the mean of the nets' probabilities, `(m, k)`."""
    return [
        np.mean(
            [np.load(fold_file(runs, net, n))["scores"].astype(np.float64) for net in nets], axis=0
        )
        for n in FOLDS
    ]


def accuracies(truths: list[np.ndarray], scores: list[np.ndarray]) -> list[float]:
    """The accuracy on each fold."""
    return [round(float((s.argmax(1) == t).mean()), 4) for t, s in zip(truths, scores, strict=True)]


def compare(runs: Path, nets: Iterable[str]) -> str:
    """A row for each net that has all folds, and one for the mean of their answers."""
    there = [net for net in nets if all(fold_file(runs, net, n).exists() for n in FOLDS)]
    rows = ["| net | fold 1 | 2 | 3 | 4 | 5 | mean ± std |", "|---|---:|---:|---:|---:|---:|---:|"]
    named = {net: [net] for net in there} | ({"together": there} if len(there) > 1 else {})
    for name, members in named.items():
        truths = [np.load(fold_file(runs, members[0], n))["truth"] for n in FOLDS]
        rows.append(row_of(name, accuracies(truths, mean_scores(runs, members))))
    return "\n".join(rows)


def row_of(name: str, folds: list[float]) -> str:
    """Accuracy on each fold, their mean and spread, as a row.

    >>> row_of("base", [0.8, 0.9])
    '| base | 80.0 | 90.0 | 85.0 ± 7.1 |'
    """
    each = [100 * fold for fold in folds]
    cells = " | ".join(f"{a:.1f}" for a in each)
    return f"| {name} | {cells} | {np.mean(each):.1f} ± {np.std(each, ddof=1):.1f} |"
