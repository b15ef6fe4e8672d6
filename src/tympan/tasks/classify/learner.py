"""What the training loop optimises: loss with augmentation, and the score on held-out batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, cross_entropy, nll_loss, one_hot, pad

from tympan.augment import (
    Augmentation,
    FilterAugment,
    FrequencyMask,
    FrequencyShift,
    Mixup,
    Shift,
    TimeMask,
)
from tympan.augment.base import Transform
from tympan.tasks.classify.config import ClassifyConfig
from tympan.tasks.classify.examples import (
    apply_to_windows,
    mean_log_probabilities,
    windows_in,
)
from tympan.tasks.classify.net import SPREAD_DB, Classifier, normalize_level
from tympan.training.learner import NET, whole_nets

if TYPE_CHECKING:
    from tympan.data import Batch
    from tympan.tasks.familiarity import KnownSounds


CANDIDATES = 4
AUDIBLE = 0.05  # of the mean power of the clip: −13 dB


def crop_non_silent(waves: Tensor, share: float, rng: torch.Generator) -> Tensor:
    """Random crops, but not of the silence with which short sounds are filled up.

    Of a few random places the first one is taken whose power is not far below that of the whole
    clip, or else the loudest.

    Args:
        waves: `(b, c, t)`.
        share: length of the crop, as a share of `t`.
        rng: where the places are drawn from.

    Returns:
        `(b, c, share * t)`.

    >>> wave = torch.zeros(1, 1, 1000)
    >>> wave[..., :100] = 1.0
    >>> crop_non_silent(wave, 0.5, torch.Generator().manual_seed(1)).shape
    torch.Size([1, 1, 500])
    """
    size = max(1, round(share * waves.shape[2]))
    if size == waves.shape[2]:
        return waves
    places = torch.rand(len(waves), CANDIDATES, generator=rng)
    starts = (places * (waves.shape[2] - size + 1)).long().to(waves.device)
    # The power of each of a thousand parts is exact enough, and ten times faster than of samples.
    part = max(1, waves.shape[2] // 1000)
    power_of_parts = avg_pool1d(waves.square().mean(1, keepdim=True), part)[:, 0]
    energy = pad(power_of_parts.cumsum(1), (1, 0))
    last = energy.shape[1] - 1
    begin, end = starts // part, ((starts + size) // part).clamp_max(last)
    power = (energy.gather(1, end) - energy.gather(1, begin)) / (end - begin).clamp_min(1)
    audible = power >= AUDIBLE * energy[:, -1:] / last
    # argmax gives the first of equal values.
    choice = torch.where(audible.any(1), audible.int().argmax(1), power.argmax(1))
    chosen = starts.gather(1, choice[:, None])[:, 0].tolist()
    return torch.stack([w[:, s : s + size] for w, s in zip(waves, chosen, strict=True)])


def augmentation_of(config: ClassifyConfig) -> Augmentation:
    """How recordings are varied in training: as the configuration names it, or by its numbers.

    >>> len(augmentation_of(ClassifyConfig()).spectrogram)
    4
    """
    if config.augment is not None:
        folder = Path(str(config.augment.get("folder", ".")))
        return Augmentation.from_dict(config.augment, folder)
    spectral: list[Transform] = []
    if config.frequency_shift:
        spectral.append(FrequencyShift(config.frequency_shift))
    if config.filter_db:
        # The front divides decibels by the spread; so is the filter's range.
        limit = config.filter_db / SPREAD_DB
        spectral.append(FilterAugment(-limit, limit, p=0.8))
    if config.mask:
        spectral += [FrequencyMask(config.mask, fill=0.0), TimeMask(config.mask, fill=0.0)]
    waveform = (Shift(-config.shift, config.shift),) if config.shift else ()
    return Augmentation(waveform, tuple(spectral), rate_hz=config.rate_hz)


def _given(targets: Tensor | None) -> Tensor:
    assert targets is not None, "targets were given"
    return targets


class ClassifyLearner:
    """Cross entropy on shifted, mixed and masked clips.

    Clips are mixed as *waves of equal level* with a uniformly drawn share: the sum of two sounds is
    a sound, the sum of two spectrograms is not (Tokozume et al., *Learning from Between-class
    Examples for Deep Sound Recognition*, ICLR 2018).

    Args:
        net: the classifier.
        config: its configuration.
        labels: the vocabulary.
    """

    monitor = "accuracy"

    def __init__(self, net: Classifier, config: ClassifyConfig, labels: tuple[str, ...]) -> None:
        self.net, self.config, self.labels = net, config, labels
        self.k = len(labels)
        self.known: KnownSounds | None = None  # learned after the training
        self.mix = Mixup(alpha=1.0, p=config.mixup_p) if config.mixup_p else None
        self.augmentation = augmentation_of(config)

    @property
    def nets(self) -> dict[str, nn.Module]:
        """The classifier, under the name of the only net."""
        return {NET: self.net}

    def fingerprint(self) -> dict[str, object]:
        """What must be the same for a training to be resumed.

        What comes after this phase, or after the training, may change.
        """
        later = ("temperature", "finish_epochs", "held_out_distances")
        return {k: v for k, v in self.config.to_dict().items() if k not in later}

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """The encoder and what comes after it, where they learn at different rates."""
        if self.config.encoder_lr == 1:
            return whole_nets(self.nets)
        encoder = list(self.net.encoder.parameters())
        known = set(map(id, encoder))
        rest = [p for p in self.net.parameters() if id(p) not in known]
        return {NET: [{"params": encoder, "lr_scale": self.config.encoder_lr}, {"params": rest}]}

    def targets(self, batch: Batch) -> Tensor:
        """The right answers of a batch as `(b, k)`."""
        return one_hot(batch["label"], self.k).float()

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Cross entropy of scores `(b, k)` before the softmax with mixed targets `(b, k)`."""
        return cross_entropy(scores, targets)

    def mixed(self, batch: Batch, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Shifted, cropped and mixed waves `(b, t)` and targets `(b, k)` of a batch."""
        varied = self.augmentation.apply_waveform(
            batch["wave"][:, None], rng, targets=self.targets(batch)
        )
        waves, targets = varied.x, _given(varied.targets)
        waves = normalize_level(crop_non_silent(waves, self.config.crop, rng))
        if self.mix:
            waves, targets = self.mix(waves, targets, rng)
        return waves[:, 0], targets

    def augmented(
        self, waves: Tensor, targets: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Augmented spectrograms `(b, 1, f, n)` of waves `(b, t)`, and their targets."""
        varied = self.augmentation.apply_spectrogram(self.net.front(waves), rng, targets=targets)
        return varied.x, _given(varied.targets)

    def inputs(self, batch: Batch, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Augmented spectrograms `(b, 1, f, n)` and targets `(b, k)` of a batch."""
        with torch.no_grad():
            waves, targets = self.mixed(batch, rng)
            return self.augmented(waves, targets, rng)

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """The loss of augmented recordings with their mixed targets."""
        spectrograms, targets = self.inputs(batch, rng)
        yield NET, self.loss(nets[NET](spectrograms).float(), targets)

    def log_probabilities(self, net: nn.Module, batch: Batch) -> Tensor:
        """Logarithms of the probabilities `(b, k)` of the recordings of an evaluation batch."""
        scores, owners = apply_to_windows(
            lambda waves: net(self.net.front(waves)).float(), windows_in(batch)
        )
        return mean_log_probabilities(scores, owners, range(len(batch["label"])))

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """Accuracy and loss of recordings in the windows of an answer."""
        right = total = 0
        loss = 0.0
        for batch in batches:
            scores, targets = self.log_probabilities(nets[NET], batch), batch["label"]
            loss += float(nll_loss(scores, targets, reduction="sum"))
            right += int((scores.argmax(1) == targets).sum())
            total += len(targets)
        return {"accuracy": right / max(1, total), "loss": loss / max(1, total)}
