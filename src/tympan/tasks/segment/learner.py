"""What the training loop optimises: the labels of each frame, or of each clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits

from tympan.nets.pooling import linear_softmax
from tympan.tasks.segment.config import SegmentConfig
from tympan.tasks.segment.metrics import ScoreHistogram
from tympan.tasks.segment.net import FLOOR_DB, Segmenter
from tympan.training.learner import NET, whole_nets

if TYPE_CHECKING:
    from tympan.data import Batch

# So much a clip's labels count beside the frames'.
CLIP_WEIGHT = 0.5


class SegmentLearner:
    """Binary cross entropy of frames; of clips whose labels have no times, of their pooled scores.

    Args:
        net: the segmenter.
        config: its configuration.
        labels: the vocabulary.
    """

    monitor = "frame_map"

    def __init__(self, net: Segmenter, config: SegmentConfig, labels: tuple[str, ...]) -> None:
        self.net, self.config, self.labels = net, config, labels

    @property
    def nets(self) -> dict[str, nn.Module]:
        """The segmenter, under the name of the only net."""
        return {NET: self.net}

    def groups(self) -> dict[str, list[dict[str, Any]]]:
        """All parameters alike."""
        return whole_nets(self.nets)

    def fingerprint(self) -> dict[str, object]:
        """What must be the same for a training to be resumed; what is chosen later may change."""
        later = ("onset", "offset", "shortest_s", "gap_s", "pad_s", "longest_s")
        return {k: v for k, v in self.config.to_dict().items() if k not in later}

    def augmented(self, batch: Batch, rng: torch.Generator) -> Batch:
        """Crops that are raised or lowered and added to others, with what is then in them."""
        wave, config = batch["wave"], self.config
        gain_db = (2 * torch.rand(len(wave), 1, generator=rng) - 1) * config.gain_db
        batch = {**batch, "wave": wave * 10 ** (gain_db.to(wave.device) / 20)}
        if not config.mixup_p or len(wave) < 2:
            return batch
        order = torch.randperm(len(wave), generator=rng).to(wave.device)
        mixed = (torch.rand(len(wave), generator=rng) < config.mixup_p).to(wave.device)
        # What is known of both is known of the sum; the other's level is not always equal.
        mixed &= batch["strong"] == batch["strong"][order]
        other_db = 12 * torch.rand(len(wave), 1, generator=rng).to(wave.device) - 6
        share = mixed[:, None] * 10 ** (other_db / 20)
        found = dict(batch)
        found["wave"] = batch["wave"] + share * batch["wave"][order]
        for name in ("roll", "clip", "known"):
            other = batch[name][order]
            where = mixed.reshape(-1, *[1] * (other.ndim - 1))
            found[name] = torch.where(where, torch.maximum(batch[name], other), batch[name])
        return found

    def masked(self, levels: Tensor, rng: torch.Generator) -> Tensor:
        """Bands and moments of a spectrogram `(b, f, n)` taken away (Park et al., SpecAugment)."""
        if not self.config.mask:
            return levels
        keep = torch.ones_like(levels, dtype=torch.bool)
        for axis, size in ((1, levels.shape[1]), (2, levels.shape[2])):
            # A moment that is gone must leave enough to tell what it was.
            most = self.config.mask * size if axis == 1 else min(self.config.mask * size, 20)
            width = (torch.rand(len(levels), generator=rng) * most).long()
            first = (torch.rand(len(levels), generator=rng) * (size - width + 1)).long()
            place = torch.arange(size)
            gone = (place >= first[:, None]) & (place < (first + width)[:, None])
            keep &= ~(gone[:, :, None] if axis == 1 else gone[:, None, :]).to(levels.device)
        mean = levels.mean((1, 2), keepdim=True)
        return torch.where(keep, levels, mean.clamp_min(FLOOR_DB))

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        """The loss of augmented crops."""
        with torch.no_grad():
            batch = self.augmented(batch, rng)
            levels = self.masked(self.net.levels(batch["wave"]), rng)
        yield NET, self.loss(nets[NET](levels), batch)

    def loss(self, scores: Tensor, batch: Batch) -> Tensor:
        """Of scores `(b, k, n)` before the sigmoid.

        A clip's score is that of linear softmax pooling: where times are learned from clips, it
        places events best of five poolings, attention among them (Wang, Li, Metze, *A Comparison of
        Five Multiple Instance Learning Pooling Functions for Sound Event Detection*, 2019).
        """
        scores = scores.float()
        strong, known = batch["strong"], batch["known"][:, None]
        each = binary_cross_entropy_with_logits(scores, batch["roll"], reduction="none")
        weight = strong[:, None, None] * known
        frames = (each * weight).sum() / (weight.sum() * scores.shape[1]).clamp_min(1.0)
        weak = 1 - strong
        if not bool(weak.any()):
            return frames
        pooled = linear_softmax(scores.sigmoid() * known).clamp(1e-6, 1 - 1e-6)
        clips = binary_cross_entropy(pooled, batch["clip"], reduction="none").mean(1)
        share = weak.mean()
        return frames * (1 - share) + (clips * weak).sum() / weak.sum() * share

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """Mean average precision and AUC of frames (of clips where no times are known)."""
        histogram = ScoreHistogram(len(self.labels))
        total, count = 0.0, 0
        for batch in batches:
            scores = nets[NET](self.net.levels(batch["wave"])).float()
            total += float(self.loss(scores, batch)) * len(scores)
            count += len(scores)
            probabilities = scores.sigmoid()
            for i in range(len(scores)):
                if batch["strong"][i] and self.config.learn_from != "clips":
                    inside = batch["known"][i] > 0
                    histogram.add(probabilities[i][:, inside], batch["roll"][i][:, inside])
                else:
                    pooled = linear_softmax(probabilities[i] * batch["known"][i])
                    histogram.add(pooled[:, None], batch["clip"][i][:, None])
        found = histogram.scores()
        return {"frame_map": found["map"], "frame_auc": found["auc"], "loss": total / max(1, count)}
