"""What the augmentation of a training does to three of its recordings, to look at and listen to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.report.charts import mel_ticks, png, time_ticks
from tympan.report.page import percent, words
from tympan.report.parts import Part
from tympan.report.player import data_address
from tympan.spectra import figures_style as style

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.tasks.job import Job

COUNT = 3
# Log-mel values of the front, in units of its spread, that are drawn black and white.
_DARKEST, _BRIGHTEST = -2.5, 2.5
# The most of a mixture's labels that are named.
_MOST_LABELS = 3
_NEEDED = ("mixed", "augmented", "targets", "augmentation")


def augmented_part(job: Job) -> Part | None:
    """Three training recordings before and after one draw of the augmentation.

    They are changed as in the first step of an epoch: crop, mixture and masks included, with the
    labels that the net then has to predict.

    Args:
        job: of a training that has ended.

    Returns:
        None where the task has no augmentation of waves, or nothing was trained on.
    """
    import torch

    from tympan.data.batches import collate

    learner: Any = job.task.learner(job.prepared)
    if not all(hasattr(learner, name) for name in _NEEDED):
        return None
    examples = job.examples("train")
    if examples is None or len(examples.sizes) < COUNT:
        return None
    rows = np.linspace(0, len(examples.sizes) - 1, COUNT).astype(int).tolist()
    draw = np.random.default_rng(job.recipe.seed)
    items = [examples.item(row, draw) for row in rows]
    batch = collate(items, examples.padding)
    rng = torch.Generator().manual_seed(job.recipe.seed)
    with torch.no_grad():
        waves, targets = learner.mixed(batch, rng)
        spectrograms, targets = learner.augmented(waves, targets, rng)
        plain = learner.net.front(batch["wave"])
    rate_hz = job.prepared.config.rate_hz
    names = [style.short_name(os.path.basename(job.split.train[row].path), 60) for row in rows]
    truth = learner.targets(batch)
    cards = [
        {
            "name": names[i],
            "before": _side(batch["wave"][i], plain[i, 0], truth[i], learner.labels, rate_hz),
            "after": _side(waves[i], spectrograms[i, 0], targets[i], learner.labels, rate_hz),
        }
        for i in range(COUNT)
    ]
    chain = [type(one).__name__ for one in learner.augmentation.waveform]
    spectral = [type(one).__name__ for one in learner.augmentation.spectrogram]
    values = {"cards": cards, "waveform": chain, "spectrogram": spectral}
    return Part("training_augmented.html.j2", values)


def _side(
    wave: Tensor, spectrogram: Tensor, target: Tensor, labels: tuple[str, ...], rate_hz: int
) -> dict[str, Any]:
    """Picture, sound and labels of a recording before or after."""
    samples = wave.numpy()
    peak = float(np.abs(samples).max())
    shades = (spectrogram.numpy() - _DARKEST) / (_BRIGHTEST - _DARKEST)
    return {
        "image": png(np.clip(shades, 0, 1)),
        "audio": data_address((samples * (0.5 / peak) if peak else samples)[None], rate_hz),
        "labels": label_text(target.tolist(), labels),
        "x_ticks": time_ticks(len(samples) / rate_hz, 3),
        "y_ticks": mel_ticks(rate_hz / 2, apart=14),
    }


def label_text(target: list[float], labels: tuple[str, ...]) -> str:
    """The labels of a target with their shares.

    >>> label_text([0.0, 1.0], ("dog", "clock_tick"))
    'clock tick'
    >>> label_text([0.25, 0.75], ("dog", "clock_tick")).replace("\N{NO-BREAK SPACE}", " ")
    'clock tick 75 %, dog 25 %'
    >>> label_text([0.0, 0.0], ("dog", "clock_tick"))
    'no label'
    """
    found = sorted(
        ((v, words(name)) for v, name in zip(target, labels, strict=True) if v),
        key=lambda one: -one[0],
    )
    whole = all(v == 1 for v, _ in found)
    shown = [name if whole else f"{name} {percent(v)}" for v, name in found[:_MOST_LABELS]]
    more = " …" if len(found) > _MOST_LABELS else ""
    return (", ".join(shown) or "no label") + more
