"""How far `voices` goes from its teacher's weights to the trained ones.

Fine-tuning for noise costs accuracy on clean recordings; weights in between keep most of both
(Wortsman et al., *Robust fine-tuning of zero-shot models*, CVPR 2022). The share is chosen on the
held-out training speakers alone, by the mean Cllr after the best calibration over clean stretches
and two levels of noise, of three lengths. Their copies at other speeds are further speakers; pairs
of one person at two speeds are not counted.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from recipes.voices_data import RATE_HZ
from tympan.tasks.identify.metrics import cllr, eer
from tympan.tasks.identify.net import VoiceNet
from tympan.tasks.identify.scoring import Scorer, calibrated
from tympan.training.learner import NET

SHARES = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
NOISES_DB = (None, 10.0, 3.0)
# Stretches of a recording of each length.
LENGTHS_S = {1.0: 6, 2.0: 5, 4.0: 3}


def between(
    teacher: dict[str, Tensor], trained: dict[str, Tensor], share: float
) -> dict[str, Tensor]:
    """Weights so far on the straight line from the teacher's to the trained ones."""
    return {
        name: torch.lerp(teacher[name], value, share) if value.is_floating_point() else value
        for name, value in trained.items()
    }


def take_share(learner: Any, out: Path, share: float) -> VoiceNet:
    """The voice net of a learner that began as the teacher, with weights in between.

    The trained ones are the last averaged weights: the held-out speakers are too few to choose an
    epoch by.
    """
    from tympan.training import checkpoint

    teacher = {name: value.clone() for name, value in learner.net.state_dict().items()}
    parts, _ = checkpoint.load(out / checkpoint.CHECKPOINT)
    trained = parts[checkpoint.final_parts(parts)[NET]]
    learner.net.load_state_dict(between(teacher, trained, share))
    net: VoiceNet = learner.net.voice.eval()
    return net


def trials(
    speakers: np.ndarray, people: Sequence[str], rows: np.ndarray, places: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of stretches `(i, j)`, and whether they are of one voice.

    Stretches that overlap are partly the same sound; one person at two speeds is neither one voice
    nor two.
    """
    i, j = np.triu_indices(len(rows), 1)
    person = np.unique(np.asarray(people), return_inverse=True)[1][rows]
    same = speakers[i] == speakers[j]
    apart = (rows[i] != rows[j]) | (np.abs(places[i] - places[j]) >= size)
    keep = apart & (same | (person[i] != person[j]))
    return i[keep], j[keep], same[keep]


def scores_of(net: VoiceNet, held: Any, cohort: Tensor, top: int) -> list[tuple[float, float]]:
    """Cllr after the best calibration and EER, for each length in each noise."""
    from recipes.voices import with_noise
    from tympan.tasks.identify.calibration import vectors_of

    people = [held.speech.recordings[which].speaker.split("*")[0] for which in held.rows]
    scorer, found = Scorer(cohort.numpy(), (1.0, 0.0, 0.0), 0.0, top), []
    for db, (length_s, each) in itertools.product(NOISES_DB, LENGTHS_S.items()):
        vectors, rows, speech, places = vectors_of(net, with_noise(held, db), length_s, each)
        speakers = held.speakers.numpy()[rows]
        i, j, same = trials(speakers, people, rows, places, round(length_s * RATE_HZ))
        similarity = scorer.similarities(vectors, vectors)[i, j]
        fit, half_s = calibrated(similarity, same, speech[i], speech[j])
        odds = replace(scorer, calibration=fit, half_s=half_s).log_odds(
            similarity, speech[i], speech[j]
        )
        found.append((cllr(odds[same], odds[~same]), eer(odds[same], odds[~same])))
    return found


def choose(folder: Path, out: Path, encoder: str, share: float) -> float:
    """Print Cllr and EER of each share, and give the one with the least mean Cllr."""
    from recipes.voices import learner_of, part_of
    from tympan.tasks.identify.calibration import cohort_of

    best = (float("inf"), 0.0)
    for weight in SHARES:
        learner, rows, held = learner_of(folder, encoder, share, every_speed=True)
        net = take_share(learner, out, weight)
        clean = part_of(rows, lambda one: one.group == "librispeech" and one.speed == 1.0)
        found = scores_of(net, held, cohort_of(net, clean), learner.config.top)
        losses, errors = (np.array(x) for x in zip(*found, strict=True))
        best = min(best, (float(losses.mean()), weight))
        print(
            f"{weight:.2f} Cllr {losses.mean():.4f} EER {errors.mean():.2%}",
            " ".join(f"{a:.2f}/{b:.1%}" for a, b in found),
            flush=True,
        )
    return best[1]
