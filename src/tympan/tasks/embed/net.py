"""What a trained net knows of a sound, as one vector."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

if TYPE_CHECKING:
    from tympan.tasks.classify.net import Classifier

# What of a configuration decides the vectors, beside the weights; raise the version when the front
# or the pooling below changes.
FORMAT = 1
DECIDING = ("rate_hz", "n_fft", "hop", "n_mels", "f_min_hz", "encoder", "clip_s", "crop")


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

    def fingerprint(self) -> str:
        """A digest of what decides the vectors: the encoder's weights and what it gets.

        The head and what a model knows of its training recordings do not count.

        >>> from tympan.tasks.classify.config import ClassifyConfig
        >>> from tympan.tasks.classify.net import Classifier
        >>> net = Classifier(ClassifyConfig(encoder="small"), 2)
        >>> before = Embedder(net).fingerprint()
        >>> with torch.no_grad():
        ...     _ = next(net.encoder.parameters()).add_(1)
        >>> len(before), Embedder(net).fingerprint() == before
        (16, False)
        """
        config = self.net.config
        values = {name: getattr(config, name) for name in DECIDING}
        digest = hashlib.sha256(json.dumps([FORMAT, values], sort_keys=True).encode())
        for name, tensor in sorted(self.net.encoder.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

    @torch.inference_mode()
    def forward(self, waves: Tensor) -> Tensor:
        """`(b, t)` at the net's rate → `(b, d)`."""
        maps = [m.float().mean(2) for _, m in self.net.encoder.feature_maps(self.net.front(waves))]
        parts = [
            normalize(part, dim=1) for rows in maps[1:] for part in (rows.mean(2), rows.amax(2))
        ]
        return normalize(torch.cat(parts, 1), dim=1)
