"""The page that `tympan train` leaves beside a model: how it learned, where it errs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tympan.audio.clip import Clip


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
    metrics: Mapping[str, float | tuple[float, float, float]],
    history: Sequence[Mapping[str, Any]] = (),
    confidence: np.ndarray | None = None,
    correct: np.ndarray | None = None,
    mistakes: Sequence[Mistake] = (),
    facts: Mapping[str, str] | None = None,
    notes: Sequence[str] = (),
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
        mistakes: wrong answers to show, worst first.
        facts: lines of the "what was trained" list (data, epochs, device, seed …).
        notes: sentences to print under the title (what the split was and why …).

    Returns:
        The path of the page.
    """
    raise NotImplementedError
