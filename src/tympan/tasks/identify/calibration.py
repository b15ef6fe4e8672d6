"""After a training: the cohort of other people, and from similarities to log odds."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt
import torch

from tympan.tasks.identify.scoring import Scorer, calibrated
from tympan.tasks.identify.voice import FRAME_S, PAUSE_DB, frame_power

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.tasks.identify.config import IdentifyConfig
    from tympan.tasks.identify.net import VoiceNet


class Stretches(Protocol):
    """Recordings of which stretches can be had.

    Attributes:
        sizes: samples of each.
        speakers: a number for the speaker of each, `(m,)`.
    """

    @property
    def sizes(self) -> npt.NDArray[np.int64]: ...
    @property
    def speakers(self) -> Tensor: ...

    def samples(self, row: int, start: int, length: int) -> npt.NDArray[np.float32]:
        """Samples `(t,)` of a recording, at most `length`."""
        ...


MOST_COHORT = 400
# Stretches that are calibrated on: of these lengths, so many of a recording.
LENGTHS_S = (1.0, 2.0, 4.0, 8.0)
EACH = 2
BATCH = 16


def speech_of(wave: np.ndarray, rate_hz: int) -> float:
    """Seconds of a wave `(t,)` of speech that are no pauses."""
    power = frame_power(wave, rate_hz)
    return FRAME_S * float((power > power.max(initial=0) * 10 ** (PAUSE_DB / 10)).sum())


def vectors_of(
    net: VoiceNet, examples: Stretches, length_s: float | None = None, each: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Vectors of stretches of recordings.

    Args:
        net: the voice net.
        examples: the recordings.
        length_s: length of a stretch; None: that of a window.
        each: so many of a recording at most.

    Returns:
        Vectors `(m, d)`; row of the recording, seconds of speech and place in it, each `(m,)`.
    """
    rate_hz = net.config.rate_hz
    size = round((length_s or net.config.window_s) * rate_hz)
    waves: list[np.ndarray] = []
    rows, speech, places = [], [], []
    for row, length in enumerate(examples.sizes.tolist()):
        if length < size and length_s is not None:
            continue
        count = max(1, min(each, length // size))
        for start in np.linspace(0, max(0, length - size), count).astype(int).tolist():
            wave = examples.samples(row, start, size)
            waves.append(wave)
            rows.append(row)
            places.append(start)
            speech.append(speech_of(wave, rate_hz))
    return in_batches(net, waves), np.array(rows, int), np.array(speech), np.array(places)


@torch.inference_mode()
def in_batches(net: VoiceNet, waves: list[np.ndarray]) -> np.ndarray:
    """Vectors `(m, d)` of waves of any lengths, those of one length together."""
    found = np.zeros((len(waves), net.config.size), np.float32)
    was_training = net.training
    net.eval()
    for length in sorted({len(wave) for wave in waves}):
        places = [i for i, wave in enumerate(waves) if len(wave) == length]
        for first in range(0, len(places), BATCH):
            some = places[first : first + BATCH]
            batch = torch.from_numpy(np.stack([waves[i] for i in some]))
            found[some] = net.vectors(batch).float().cpu().numpy()
    net.train(was_training)
    return found


def cohort_of(net: VoiceNet, examples: Stretches) -> Tensor:
    """The mean vector of each training speaker, `(m, d)` of length 1; at most `MOST_COHORT`."""
    vectors, rows, _, _ = vectors_of(net, examples, each=2)
    speakers = examples.speakers[torch.from_numpy(rows)]
    sums = torch.zeros(int(examples.speakers.max()) + 1, vectors.shape[1])
    sums.index_add_(0, speakers, torch.from_numpy(vectors))
    means = torch.nn.functional.normalize(sums[sums.norm(dim=1) > 0], dim=1)
    return means[:: -(-len(means) // MOST_COHORT)].half().float()  # as they are stored


def calibrate(
    net: VoiceNet, cohort: Tensor, config: IdentifyConfig, *sets: Stretches
) -> IdentifyConfig:
    """Fit log odds to all pairs of stretches of speakers that were not trained on.

    A configuration of too few speakers stays as it is.

    Args:
        net: the voice net.
        cohort: `(m, d)`.
        config: its configuration.
        sets: recordings; each set is one condition, whose pairs are formed within it.
    """
    similarity, same, left, right = [], [], [], []
    plain = Scorer(cohort.numpy(), (1.0, 0.0, 0.0), 0.0, config.top)
    for examples, length_s in itertools.product(sets, LENGTHS_S):
        vectors, rows, speech, places = vectors_of(net, examples, length_s, EACH)
        if len(vectors) < 2:
            continue
        speakers = examples.speakers.numpy()[rows]
        scores = plain.similarities(vectors, vectors)
        i, j = np.triu_indices(len(vectors), 1)
        size = round(length_s * config.rate_hz)
        # Stretches that overlap are partly the same sound.
        apart = (rows[i] != rows[j]) | (np.abs(places[i] - places[j]) >= size)
        i, j = i[apart], j[apart]
        similarity.append(scores[i, j])
        same.append(speakers[i] == speakers[j])
        left.append(speech[i])
        right.append(speech[j])
        if len(np.unique(speakers)) == 1 and len(cohort):  # the others are those of the training
            among = plain.similarities(vectors, cohort.numpy())
            similarity.append(among.ravel())
            same.append(np.zeros(among.size, bool))
            left.append(np.repeat(speech, len(cohort)))
            right.append(np.full(among.size, length_s))
    if not same or np.concatenate(same).sum() < 4 or (~np.concatenate(same)).sum() < 4:
        return config
    found, half_s = calibrated(*(np.concatenate(x) for x in (similarity, same, left, right)))
    return replace(config, calibration=found, half_s=half_s)
