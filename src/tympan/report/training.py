"""The page that `tympan train` leaves beside a model: how it learned, where it errs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError
from tympan.report import page, training_charts
from tympan.report.page import NBSP, percent
from tympan.report.sections import Fact
from tympan.spectra import figures_style as look

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

Metric = float | tuple[float, float, float]
_MOST_MISTAKES, _MISTAKE_S, _MOST_PAIRS = 12, 15.0, 8
_NAMES = {
    "macro_f1": "Macro F1",
    "macro F1": "Macro F1",
    "ece": "Calibration error",
    "ECE": "Calibration error",
}
_MEANING = {
    "Macro F1": "mean over the labels",
    "Calibration error": "how far scores are from the truth",
}


@dataclass(frozen=True)
class Mistake:
    """One wrong answer of the model: shown as a player beside its spectrogram.

    Args:
        clip: what the model heard.
        truth: the label it should have given.
        guess: the label it gave.
        score: the score (0 to 1) of the guess; the most confident mistakes are the worst.
    """

    clip: Clip
    truth: str
    guess: str
    score: float


def training_report(
    out_dir: str | os.PathLike[str],
    *,
    title: str,
    labels: Sequence[str],
    confusion: np.ndarray,
    metrics: Mapping[str, Metric],
    history: Sequence[Mapping[str, Any]] = (),
    confidence: np.ndarray | None = None,
    correct: np.ndarray | None = None,
    mistakes: Sequence[Mistake] = (),
    facts: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
    folds: bool = False,
) -> Path:
    """Write `report.html` into `out_dir`: one self-contained page about a trained classifier.

    Args:
        out_dir: the model folder.
        title: the model's name.
        labels: the k labels, in the order of the confusion matrix.
        confusion: (k, k) counts; row = truth, column = guess. Precision, recall and F1 per class
            are computed from it.
        metrics: name → value, or (value, low, high) with the ends of its bootstrap interval.
        history: one mapping per epoch (`epoch`, `train_loss`, `val_loss`, `accuracy`, …); losses
            and metrics in 0…1 are drawn.
        confidence: (n,) top score of each evaluated example, for the calibration diagram.
        correct: (n,) whether that top answer was right.
        mistakes: wrong answers to show, worst first; the first 12 are shown.
        facts: lines of the "how it was made" list (data, epochs, device, seed …).
        notes: sentences to print under the title (what the split was and why …).
        folds: the scores are of a cross-validation: each recording's is of its fold's model.

    Returns:
        The path of the page.

    Raises:
        ArgumentError: the confusion matrix does not fit the labels.

    >>> import tempfile
    >>> path = training_report(tempfile.mkdtemp(), title="tiny", labels=["cat", "dog"],
    ...     confusion=np.array([[9, 1], [2, 8]]), metrics={"accuracy": (0.85, 0.7, 0.95)})
    >>> path.name, "85.0" in path.read_text("utf-8")
    ('report.html', True)
    """
    confusion = np.asarray(confusion)
    if confusion.shape != (len(labels), len(labels)):
        raise ArgumentError(
            f"the confusion matrix has the shape {confusion.shape}, expected "
            f"(k, k) = ({len(labels)}, {len(labels)})"
        )
    calibration = None
    if confidence is not None and correct is not None and len(confidence):
        calibration = training_charts.calibration(np.asarray(confidence), np.asarray(correct))
    html = page.render(
        "training.html.j2",
        f"{title} – training report",
        name=title,
        notes=list(notes),
        scores=[_score(name, value) for name, value in metrics.items()]
        + _base(confusion, labels, folds),
        mistakes=[_mistake(m) for m in mistakes[:_MOST_MISTAKES]],
        folds=folds,
        confused=_confused(confusion, labels),
        matrix=training_charts.matrix(confusion, list(labels)),
        rows=_class_rows(confusion, labels),
        curves=training_charts.curves(history),
        head_only=not history,
        calibration=calibration,
        facts=[
            Fact(name[:1].upper() + name[1:], str(value)) for name, value in (facts or {}).items()
        ],
    )
    return page.write(Path(out_dir) / "report.html", html)


def _score(name: str, metric: Metric) -> Fact:
    """A metric as people read it, with its interval or its meaning."""
    value, *ends = metric if isinstance(metric, tuple | list) else (metric,)
    label = _NAMES.get(name, name.replace("_", " ").capitalize())
    note = _MEANING.get(label, "")
    if not 0 <= value <= 1 or "loss" in name:
        return Fact(label, f"{value:.4g}", note, headline=True)
    if ends:
        note = f"{100 * ends[0]:.1f} – {percent(ends[1], 1)} (95{NBSP}% interval)"
    return Fact(label, percent(value, 1), note, headline=True)


def _base(confusion: np.ndarray, labels: Sequence[str], folds: bool) -> list[Fact]:
    """How many recordings the scores rest on, and what guessing would score."""
    total = int(confusion.sum())
    if not total:
        return []
    support = confusion.sum(axis=1)
    most = percent(float(support.max()) / total, 1)
    chance = Fact(
        "Chance",
        percent(1 / len(labels), 1),
        f"a blind guess; always “{labels[int(support.argmax())]}”: {most}",
        headline=True,
    )
    rest = "recordings, in cross-validation" if folds else "held-out recordings"
    return [Fact("Scored on", f"{total:,}", rest, headline=True), chance]


def _mistake(mistake: Mistake) -> dict[str, Any]:
    from tympan.report.charts import mel_ticks, spectrogram_image, time_ticks
    from tympan.report.player import data_address
    from tympan.spectra.figures_data import survey

    clip = mistake.clip
    if clip.duration_s > _MISTAKE_S:
        clip = clip.slice(0, _MISTAKE_S)
    return {
        "x_ticks": time_ticks(clip.duration_s, 4),
        "y_ticks": mel_ticks(clip.rate_hz / 2, apart=14),
        "truth": mistake.truth,
        "guess": mistake.guess,
        "score": percent(mistake.score),
        "name": look.short_name(os.path.basename(clip.name), 80) or "recording",
        "image": spectrogram_image(survey(clip, width=250), rows=112, most_columns=500),
        "audio": data_address(clip.samples, clip.rate_hz),
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


def _class_rows(confusion: np.ndarray, labels: Sequence[str]) -> list[dict[str, Any]]:
    right = np.diag(confusion).astype(float)
    support, given = confusion.sum(axis=1), confusion.sum(axis=0)
    precision = right / np.maximum(given, 1)
    recall = right / np.maximum(support, 1)
    f1 = 2 * right / np.maximum(support + given, 1)
    rows = []
    for i, label in enumerate(labels):
        row: dict[str, Any] = {"label": label, "support": int(support[i])}
        known = {
            "precision": given[i] > 0,
            "recall": support[i] > 0,
            "f1": support[i] > 0 and given[i] > 0,
        }
        for name, values in (("precision", precision), ("recall", recall), ("f1", f1)):
            row[name] = round(float(values[i]), 6)
            # A label that was never answered has no precision, rather than one of 0.
            row[f"{name}_text"] = percent(float(values[i])) if known[name] else "–"
        rows.append(row)
    return rows
