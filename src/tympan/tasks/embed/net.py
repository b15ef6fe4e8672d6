"""What a trained net knows of a sound, as one vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

if TYPE_CHECKING:
    from tympan.tasks.classify.net import Classifier


class Embedder(nn.Module):
    """Mean and maximum over time of every stage of a net's encoder, as one vector of unit length.

    The last stage keeps what distinguished the labels that it was trained on; earlier ones keep
    pitch and timbre. Each part has the same length, so that no stage outweighs the others. Measured
    in docs/experiments.md: nearest neighbours of sounds that the net was not trained on.

    Args:
        net: a classifier or tagger.

    Attributes:
        features: `d`, the length of the vector.

    >>> from tympan.tasks.classify.config import ClassifyConfig
    >>> from tympan.tasks.classify.net import Classifier
    >>> embedder = Embedder(Classifier(ClassifyConfig(encoder="small"), 2)).eval()
    >>> vectors = embedder(torch.randn(3, 16000))
    >>> vectors.shape, bool((vectors.norm(dim=1) - 1).abs().max() < 1e-5)
    (torch.Size([3, 448]), True)
    """

    def __init__(self, net: Classifier) -> None:
        super().__init__()
        self.net = net
        self.features = 2 * sum(net.encoder.config.widths)

    @torch.inference_mode()
    def forward(self, waves: Tensor) -> Tensor:
        """`(b, t)` at the net's rate → `(b, d)`."""
        maps = [m.float().mean(2) for _, m in self.net.encoder.feature_maps(self.net.front(waves))]
        parts = [
            normalize(part, dim=1) for rows in maps[1:] for part in (rows.mean(2), rows.amax(2))
        ]
        return normalize(torch.cat(parts, 1), dim=1)
