"""Several labels at once: recordings as tensors, the loss, and the score in validation."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, binary_cross_entropy_with_logits

from tympan.tasks.classify.examples import (
    ClassifyExamples,
    apply_to_windows,
    unknown_label,
    windows_in,
)
from tympan.tasks.classify.learner import ClassifyLearner
from tympan.tasks.classify.net import Classifier
from tympan.training.learner import NET

if TYPE_CHECKING:
    from tympan.data import Batch, Table


class TagExamples(ClassifyExamples):
    """Waves of recordings, and `label` `(k,)`: 1 for each label that applies."""

    def numbered(self, table: Table, number: Mapping[str, int]) -> Tensor:
        """The labels of each recording as `(m, k)`.

        Raises:
            DataError: a recording has a label that is not in the vocabulary.
        """
        targets = torch.zeros(len(table), len(number))
        for row, example in zip(targets, table, strict=True):
            for tag in example.tags:
                if tag not in number:
                    raise unknown_label(tag, example.path)
                row[number[tag]] = 1.0
        return targets


class Tagger(Classifier):
    """A classifier whose labels do not exclude one another.

    >>> from tympan.tasks.tag.config import TagConfig
    >>> net = Tagger(TagConfig(encoder="small"), 3).eval()
    >>> net.probabilities(torch.zeros(2, 16000)).shape
    torch.Size([2, 3])
    """

    @torch.inference_mode()
    def probabilities(self, waves: Tensor) -> Tensor:
        """`(b, t)` → the probability of each label `(b, k)`."""
        scores: Tensor = self(self.front(waves))
        return torch.sigmoid(scores)


class TagLearner(ClassifyLearner):
    """Binary cross entropy for each label, on the same augmented clips as a classifier's.

    Of mixed clips the targets are mixed too, as in Kong et al., *PANNs*, 2020.
    """

    monitor = "map"

    def targets(self, batch: Batch) -> Tensor:
        """The labels of a batch `(b, k)`."""
        return batch["label"]

    def loss(self, scores: Tensor, targets: Tensor) -> Tensor:
        """Binary cross entropy, summed over the labels, so that few of many still count."""
        return binary_cross_entropy_with_logits(scores, targets) * math.sqrt(self.k)

    def predict(self, net: nn.Module, batch: Batch) -> Tensor:
        """Mean probabilities `(b, k)` over the windows of an evaluation batch's recordings."""
        found, owners = apply_to_windows(
            lambda waves: torch.sigmoid(net(self.net.front(waves)).float()), windows_in(batch)
        )
        owners = owners.to(found.device)
        rows = [found[owners == i].mean(0) for i in range(len(batch["label"]))]
        return torch.stack(rows)

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        """Mean average precision and loss of recordings in the windows of an answer."""
        from tympan.tasks.tag.metrics import tag_metrics

        pairs = [(self.predict(nets[NET], batch), batch["label"]) for batch in batches]
        scores = torch.cat([one for one, _ in pairs]).clamp(1e-7, 1 - 1e-7)
        targets = torch.cat([one for _, one in pairs])
        chosen = (scores > 0.5).int()
        found = tag_metrics(targets.cpu().numpy(), scores.cpu().numpy(), chosen.cpu().numpy())
        return {**found, "loss": float(binary_cross_entropy(scores, targets))}
