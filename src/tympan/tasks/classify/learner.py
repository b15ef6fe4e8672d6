"""What the training loop optimises: loss with augmentation, and the score on held-out batches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, cross_entropy, log_softmax, nll_loss, one_hot, pad

from tympan.augment import (
    Compose,
    FilterAugment,
    FrequencyMask,
    FrequencyShift,
    Mixup,
    Shift,
    TimeMask,
)
from tympan.tasks.classify.config import ClassifyConfig
from tympan.tasks.classify.net import Classifier, normalize_level
from tympan.tasks.classify.windows import VALIDATED, heard, mean_answers

if TYPE_CHECKING:
    from tympan.data import Batch, WaveCache


CANDIDATES = 4
HEARD = 0.05  # of the mean power of the clip: −13 dB


def crop_where_heard(waves: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Random crops, but not of the silence with which short sounds are filled up.

    Of a few random places the first one is taken whose power is not far below that of the whole
    clip, or else the loudest.

    Args:
        waves: `(b, c, t)`.
        share: length of the crop, as a share of `t`.
        generator: where the places are drawn from.

    Returns:
        `(b, c, share * t)`.

    >>> wave = torch.zeros(1, 1, 1000)
    >>> wave[..., :100] = 1.0
    >>> crop_where_heard(wave, 0.5, torch.Generator().manual_seed(1)).shape
    torch.Size([1, 1, 500])
    """
    size = max(1, round(share * waves.shape[2]))
    if size == waves.shape[2]:
        return waves
    places = torch.rand(len(waves), CANDIDATES, generator=generator)
    starts = (places * (waves.shape[2] - size + 1)).long().to(waves.device)
    # The power of each of a thousand parts is exact enough, and ten times faster than of samples.
    part = max(1, waves.shape[2] // 1000)
    power_of_parts = avg_pool1d(waves.square().mean(1, keepdim=True), part)[:, 0]
    energy = pad(power_of_parts.cumsum(1), (1, 0))
    last = energy.shape[1] - 1
    begin, end = starts // part, ((starts + size) // part).clamp_max(last)
    power = (energy.gather(1, end) - energy.gather(1, begin)) / (end - begin).clamp_min(1)
    heard = power >= HEARD * energy[:, -1:] / last
    # argmax gives the first of equal values: the first that is heard.
    choice = torch.where(heard.any(1), heard.int().argmax(1), power.argmax(1))
    chosen = starts.gather(1, choice[:, None])[:, 0].tolist()
    return torch.stack([w[:, s : s + size] for w, s in zip(waves, chosen, strict=True)])


class ClassifyLearner:
    """Cross entropy on shifted, mixed and masked clips.

    Clips are mixed as *waves of equal level* with a uniformly drawn share: the sum of two sounds is
    a sound, the sum of two spectrograms is not (Tokozume et al., *Learning from Between-class
    Examples for Deep Sound Recognition*, ICLR 2018).

    Args:
        net: the classifier.
        config: its configuration.
        k: number of labels.
    """

    monitor = "accuracy"

    def __init__(self, net: Classifier, config: ClassifyConfig, k: int) -> None:
        self.net, self.config, self.k = net, config, k
        self.start = ""
        """Digest of the weights that the training starts from."""
        self.val_cache: WaveCache | None = None
        """The recordings to validate on; without it their middles in the batches are heard."""
        self.answers_at_start = False
        """Whether the head was fitted: training may make it worse."""
        self.shift = Shift(-config.shift, config.shift) if config.shift else None
        self.mix = Mixup(alpha=1.0, p=config.mixup_p) if config.mixup_p else None
        spectral: list[Any] = []
        if config.frequency_shift:
            spectral.append(FrequencyShift(config.frequency_shift))
        if config.filter_db:
            # The front divides decibels by the spread; so is the filter's range.
            spectral.append(FilterAugment(-config.filter_db / 20, config.filter_db / 20, p=0.8))
        if config.mask:
            spectral += [FrequencyMask(config.mask, fill=0.0), TimeMask(config.mask, fill=0.0)]
        self.spectral = Compose(spectral) if spectral else None

    def fingerprint(self) -> dict[str, object]:
        """What must be the same for a training to be resumed."""
        # Fields that came later count only where they are used, so older trainings go on.
        later = {"pool": "last", "keep_norm": False, "encoder_lr": 1.0}
        settings = {
            k: v
            for k, v in self.config.to_dict().items()
            if k != "temperature" and (k not in later or v != later[k])
        }
        return settings | {"start": self.start}

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The encoder and what comes after it, where they learn at different rates."""
        if self.config.encoder_lr == 1:
            return [{"params": self.net.parameters()}]
        encoder = list(self.net.encoder.parameters())
        known = set(map(id, encoder))
        rest = [p for p in self.net.parameters() if id(p) not in known]
        return [
            {"params": encoder, "lr_scale": self.config.encoder_lr},
            {"params": rest, "lr_scale": 1.0},
        ]

    def mixed(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Shifted, cropped and mixed waves `(b, t)` and targets `(b, k)` of a batch."""
        targets = one_hot(batch.targets, self.k).float()
        waves = batch.waves[:, None]
        if self.shift:
            waves = self.shift(waves, generator)
        waves = normalize_level(crop_where_heard(waves, self.config.crop, generator))
        if self.mix:
            waves, targets = self.mix(waves, targets, generator)
        return waves[:, 0], targets

    def heard(self, waves: Tensor, generator: torch.Generator) -> Tensor:
        """Augmented spectrograms `(b, 1, f, n)` of waves `(b, t)`."""
        spectrograms = self.net.front(waves)
        return self.spectral(spectrograms, generator) if self.spectral else spectrograms

    def inputs(self, batch: Batch, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Augmented spectrograms `(b, 1, f, n)` and targets `(b, k)` of a batch."""
        with torch.no_grad():
            waves, targets = self.mixed(batch, generator)
            return self.heard(waves, generator), targets

    def loss(self, net: nn.Module, batch: Batch, generator: torch.Generator) -> Tensor:
        """Cross entropy with the mixed targets, a scalar."""
        spectrograms, targets = self.inputs(batch, generator)
        return cross_entropy(net(spectrograms).float(), targets)

    def answers(self, net: nn.Module, batch: Batch) -> Tensor:
        """Logarithms of the probabilities `(b, k)` of the recordings of a batch."""

        def hear(waves: Tensor) -> Tensor:
            return net(self.net.front(waves.to(batch.waves.device))).float()

        if self.val_cache is None:
            return log_softmax(hear(batch.waves), 1)
        rows = batch.index.tolist()
        scores, owners = heard(hear, self.config, self.val_cache, rows, VALIDATED)
        return mean_answers(scores, owners, rows)

    def evaluate(self, net: nn.Module, batches: Iterable[Batch]) -> dict[str, float]:
        """Accuracy and loss, of recordings as they will be heard where `val_cache` has them."""
        right = total = 0
        loss = 0.0
        for batch in batches:
            scores = self.answers(net, batch)
            loss += float(nll_loss(scores, batch.targets, reduction="sum"))
            right += int((scores.argmax(1) == batch.targets).sum())
            total += len(batch.targets)
        return {"accuracy": right / max(1, total), "loss": loss / max(1, total)}
