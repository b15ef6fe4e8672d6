"""Recordings of speakers as tensors, and what the training optimises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from tympan.augment import Augmentation
from tympan.data.examples import class_weights, digest
from tympan.tasks.identify.config import IdentifyConfig
from tympan.tasks.identify.metrics import cllr, eer
from tympan.tasks.identify.net import SpeakerNet
from tympan.tasks.identify.scoring import calibrated
from tympan.training.learner import NET, whole_nets

if TYPE_CHECKING:
    from tympan.data import AudioStore, Batch, Table

# Stretches of a recording that are scored in validation.
VALIDATED = 3
UNKNOWN = -1
"""Number of a speaker who is not one of the training speakers."""


class IdentifyExamples:
    """Stretches of recordings, and the numbers of their speakers.

    **Training**: `wave` `(t,)`, a random stretch of `clip_s`, repeated where the recording is
    shorter. **Evaluation**: `wave`, up to `VALIDATED` stretches of `clip_s` one after another,
    `windows`, how many, and `speaker`, a number that only tells the speakers apart. Both: `label`.

    Args:
        table: the recordings, each with a speaker.
        store: their decoded files.
        config: the task's configuration.
        speakers: those of the training, in the order of the net's outputs.
    """

    padding: Mapping[str, float] = {"wave": 0.0}
    weights = None

    def __init__(
        self, table: Table, store: AudioStore, config: IdentifyConfig, speakers: tuple[str, ...]
    ) -> None:
        self.table, self.store, self.config = table, store, config
        number = {name: i for i, name in enumerate(speakers)}
        names = table.column("speaker")
        here = {name: i for i, name in enumerate(dict.fromkeys(names))}
        self.speakers = torch.tensor([here[name] for name in names])
        self.labels = torch.tensor([number.get(name, UNKNOWN) for name in names])
        self.sizes = store.lengths(table.paths)
        if len(here) > 1:
            self.weights = class_weights(self.speakers, 0.5)
        self.crop = round(config.clip_s * config.rate_hz)

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        """One recording, see the class."""
        path, size = self.table[row].path, int(self.sizes[row])
        label = {"label": self.labels[row]}
        if rng is not None:
            start = int(rng.random() * max(1, size - self.crop + 1))
            stretch = repeated(self.store.mono(path, start, self.crop), self.crop)
            return {"wave": torch.from_numpy(stretch), **label}
        count = max(1, min(VALIDATED, size // self.crop))
        starts = np.linspace(0, max(0, size - self.crop), count).astype(int)
        waves = [repeated(self.store.mono(path, s, self.crop), self.crop) for s in starts]
        wave = torch.from_numpy(np.concatenate(waves))
        return {
            "wave": wave, "windows": torch.tensor(count), "speaker": self.speakers[row], **label,
        }  # fmt: skip

    def samples(self, row: int, start: int, length: int) -> np.ndarray:
        """Samples `(t,)` of a recording, at most `length`."""
        return np.asarray(self.store.mono(self.table[row].path, start, length))

    def fingerprint(self) -> dict[str, Any]:
        """What the rows depend on."""
        return {
            "content": digest(self.store.keys(self.table)),
            "speakers": digest(self.speakers.tolist()),
            "clip_s": self.config.clip_s,
        }


def repeated(wave: np.ndarray, length: int) -> np.ndarray:
    """A wave `(t,)` again and again until it is so long: silence would say something of it.

    >>> repeated(np.array([1.0, 2.0], np.float32), 5).tolist()
    [1.0, 2.0, 1.0, 2.0, 1.0]
    """
    if len(wave) == 0:
        return np.zeros(length, np.float32)
    return np.asarray(np.resize(wave, length) if len(wave) < length else wave[:length])


def augmentation_of(config: IdentifyConfig) -> Augmentation:
    """How recordings are varied in training: what comes between a voice and the file.

    The tempo stays: another tempo is another way of speaking.

    >>> [type(one).__name__ for one in augmentation_of(IdentifyConfig()).waveform][:2]
    ['Reverb', 'ColoredNoise']
    """
    from tympan.augment import load_augmentation

    if config.augment is not None:
        folder = Path(str(config.augment.get("folder", ".")))
        return Augmentation.from_dict(config.augment, folder)
    speech = load_augmentation("speech", rate_hz=config.rate_hz)
    kept = tuple(one for one in speech.waveform if type(one).__name__ != "TimeStretch")
    return Augmentation(kept, speech.spectrogram, rate_hz=config.rate_hz)


class IdentifyLearner:
    """Cross entropy over the training speakers with an additive angular margin.

    Deng et al., *ArcFace: Additive Angular Margin Loss for Deep Face Recognition*, CVPR 2019. What
    is validated are speakers that are not trained on: their pairs of stretches.

    Args:
        net: the net with its speakers.
        config: its configuration.
    """

    # Of a few speakers the error rate moves in large steps, and is soon 0.
    monitor = "-cllr"

    def __init__(self, net: SpeakerNet, config: IdentifyConfig) -> None:
        self.net, self.config = net, config
        self.cohort: Tensor | None = None  # learned after the training
        self.speech: Tensor | None = None  # of the model that it started from
        self.augmentation = augmentation_of(config)

    @property
    def nets(self) -> dict[str, nn.Module]:
        """The net, under the name of the only one."""
        return {NET: self.net}

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """All parameters alike."""
        return whole_nets(self.nets)

    def fingerprint(self) -> dict[str, object]:
        """What must be the same for a training to be resumed."""
        later = ("calibration", "half_s", "top")
        return {k: v for k, v in self.config.to_dict().items() if k not in later}

    def inputs(self, batch: Batch, rng: torch.Generator) -> Tensor:
        """Augmented spectrograms `(b, 1, f, n)` of a batch, all of one random length."""
        with torch.no_grad():
            waves = self.augmentation.apply_waveform(batch["wave"][:, None], rng).x
            longest, shortest = waves.shape[2], round(self.config.shortest_s * self.config.rate_hz)
            share = float(torch.rand((), generator=rng))
            size = min(longest, round(shortest + share * (longest - shortest)))
            start = int(float(torch.rand((), generator=rng)) * (longest - size + 1))
            spectrograms = self.net.voice.front(waves[:, 0, start : start + size])
            return self.augmentation.apply_spectrogram(spectrograms, rng).x

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """The loss of augmented stretches."""
        _, cosines = nets[NET](self.inputs(batch, rng))
        yield NET, self.speaker_loss(cosines, batch["label"])

    def speaker_loss(self, cosines: Tensor, labels: Tensor) -> Tensor:
        """The margin loss of cosines `(b, k)` with speakers `(b,)`; unknown ones do not count."""
        known = labels != UNKNOWN
        if not bool(known.any()):
            return cosines.sum() * 0
        found = with_margin(cosines[known], labels[known], self.config.margin)
        return cross_entropy(self.config.scale * found, labels[known])

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """Equal error rate of pairs of stretches of speakers that were not trained on, and Cllr.

        Cllr is that of cosines after the calibration that fits these pairs best.

        Where only one is held out, training speakers are the others.
        """
        vectors, speakers, recordings = [], [], []
        for batch in batches:
            for i, count in enumerate(batch["windows"].tolist()):
                length = int(batch["wave_lengths"][i])
                waves = batch["wave"][i, :length].view(count, -1)
                vectors.append(nets[NET](self.net.voice.front(waves))[0].float())
                speakers += [int(batch["speaker"][i])] * count
                recordings += [int(batch["row"][i])] * count
        found = torch.cat(vectors)
        targets, others = pair_scores(
            (found @ found.T).cpu().numpy(), np.array(speakers), np.array(recordings)
        )
        if not len(others):
            trained = torch.nn.functional.normalize(self.net.speakers.detach(), dim=1)
            others = (found @ trained.T.to(found.device)).cpu().numpy().ravel()
        if not len(targets):
            return {"eer": 0.5, "cllr": 1.0}
        return {"eer": eer(targets, others), "cllr": best_cllr(targets, others)}


def best_cllr(targets: np.ndarray, others: np.ndarray) -> float:
    """Cllr of scores after the best linear calibration.

    >>> best_cllr(np.array([0.9, 0.8, 0.7]), np.array([0.1, 0.2])) < 0.1
    True
    """
    scores = np.concatenate([targets, others])
    same = np.repeat([True, False], [len(targets), len(others)])
    much = np.full(len(scores), 1e9)
    (a, b, c), _ = calibrated(scores, same, much, much)  # of endless speech: a x + b + c
    return cllr(a * targets + b + c, a * others + b + c)


def with_margin(cosines: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Cosines `(b, k)`, with the angle to the right speaker made larger by the margin.

    >>> with_margin(torch.tensor([[1.0, 0.0]]), torch.tensor([0]), 0.2)[0, 0].item() < 1
    True
    """
    right = cosines.gather(1, labels[:, None]).clamp(-1 + 1e-6, 1 - 1e-6)
    angle = right.acos()
    # Beyond half a turn the cosine would rise again; there the margin is a straight line.
    moved = torch.where(
        angle + margin < torch.pi, (angle + margin).cos(), right - margin * np.sin(margin)
    )
    return cosines.scatter(1, labels[:, None], moved.to(cosines.dtype))


def pair_scores(
    scores: np.ndarray, speakers: np.ndarray, recordings: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The scores of all pairs of one voice, and of all pairs of two.

    Pairs of one recording share room and microphone; they count only where no speaker has several
    recordings.

    Args:
        scores: `(m, m)`, symmetric.
        speakers: of each row `(m,)`.
        recordings: of each row `(m,)`.

    >>> scores = np.array([[1.0, 0.9, 0.1], [0.9, 1.0, 0.2], [0.1, 0.2, 1.0]])
    >>> [found.tolist() for found in pair_scores(scores, np.array([0, 0, 1]), np.arange(3))]
    [[0.9], [0.1, 0.2]]
    """
    i, j = np.triu_indices(len(scores), 1)
    same, apart = speakers[i] == speakers[j], recordings[i] != recordings[j]
    targets = same & apart if bool((same & apart).any()) else same
    pairs = scores[i, j]
    return pairs[targets], pairs[~same]
