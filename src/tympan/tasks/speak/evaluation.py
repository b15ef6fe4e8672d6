"""How far a voice is from recordings that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import torch

from tympan.errors import DataError
from tympan.models.scores import Score
from tympan.nets.sequence import mask_of
from tympan.tasks.contract import Evaluation
from tympan.tasks.metrics import middle_95

if TYPE_CHECKING:
    from tympan.data import AudioStore, Table
    from tympan.tasks.speak.model import SpeakModel

# Mel-cepstral distortion counts these coefficients (Kubichek 1993).
CEPSTRA = 13
RESAMPLED = 1000
LIMITS = (
    "It was compared with recordings at their own timing; whether it is understood is not in the "
    "figures: listen to it, or transcribe it.",
)


def evaluate(parts: Sequence[tuple[SpeakModel, Table]], store: AudioStore) -> Evaluation:
    """Mel-cepstral distortion, pitch and durations on the recordings' own timing.

    Raises:
        DataError: no rows.
    """
    rows = [row for model, table in parts for row in _rows(model, table, store)]
    if not rows:
        raise DataError("no recording is left to score")
    values = np.array(rows)
    names = (
        ("mel_cepstral_distortion_db", "dB"),
        ("pitch_error_semitones", "semitones"),
        ("duration_error_ms", "ms"),
    )
    scores = tuple(
        Score(name, float(np.nanmean(column)), interval_of(column), unit, higher_is_better=False)
        for (name, unit), column in zip(names, values.T, strict=True)
    )
    return Evaluation(scores, len(values), limits=LIMITS)


def interval_of(values: npt.NDArray[np.float64]) -> tuple[float, float] | None:
    """95 % interval of the mean, by drawing recordings anew; None of fewer than two."""
    rng = np.random.default_rng(0)
    known = values[np.isfinite(values)]
    if not len(known):
        return None
    means = rng.choice(known, (RESAMPLED, len(known))).mean(1)
    return middle_95(means, len(known))


@torch.inference_mode()
def _rows(model: SpeakModel, table: Table, store: AudioStore) -> list[tuple[float, float, float]]:
    """Distortion in dB, pitch error in semitones and duration error in ms of each recording."""
    from tympan.data.batches import collate
    from tympan.tasks.speak.examples import SpeakExamples
    from tympan.tasks.speak.learner import durations_of, prosody_of

    examples = SpeakExamples(table, store, model.config, model.speakers)
    found = []
    for row in range(len(examples.table)):
        batch = collate([examples.item(row, None)], examples.padding)
        batch = {name: value.to(model.device) for name, value in batch.items()}
        net = model.net
        durations = durations_of(net, batch)
        h = net.text(batch["symbols"], batch["stress"], batch["speaker"], batch["symbols_lengths"])
        expanded = net.expanded(h, durations)
        mask = mask_of(durations.sum(1), expanded.shape[2])
        frames = expanded.shape[2] * model.config.step
        said = prosody_of(net, batch["mels"][:, :, :frames], batch["f0"][:, :frames])
        guess = net.prosody(expanded, mask)
        made = net.mels(expanded, guess, mask)[0].cpu().numpy()
        apart = distortion_db(made, batch["mels"][0, :, :frames].cpu().numpy())
        both = (said.voicing > 0) & (guess.voicing > 0)
        tones = (12 * (guess.pitch - said.pitch).abs())[both]
        steps = model.net.log_durations(h).expm1() - durations
        inside = steps[0, 1:-1].abs().mean() * model.config.step_s * 1000
        found.append((apart, float(tones.mean()) if len(tones) else np.nan, float(inside)))
    return found


def distortion_db(
    one: npt.NDArray[np.float32], other: npt.NDArray[np.float32], floor_db: float = 60.0
) -> float:
    """Mel-cepstral distortion of two log mels `(n_mels, n)` of the same timing, in dB.

    Kubichek, *Mel-cepstral distance measure for objective speech quality assessment*, 1993: the
    distance of the coefficients 1 to 13, mean of the frames that are not silent in `other`.

    Args:
        one: natural logarithms.
        other: likewise.
        floor_db: frames so far below the loudest one are silent.

    >>> distortion_db(np.zeros((80, 5), np.float32), np.zeros((80, 5), np.float32))
    0.0
    """
    from scipy.fft import dct

    loud = other.mean(0) > other.mean(0).max() - floor_db / (20 / np.log(10))
    apart = dct(one - other, axis=0, norm="ortho")[1 : CEPSTRA + 1, loud]
    scale = 10 * np.sqrt(2) / np.log(10) * np.sqrt(2 / len(one))
    return float(scale * np.sqrt(np.square(apart).sum(0)).mean())
