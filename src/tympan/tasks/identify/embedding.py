"""`embed` with a voice model: the vectors of voices, window by window."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from tympan.tasks.embed.answer import EmbedModel

# What of a configuration decides the vectors, beside the weights.
DECIDING = ("rate_hz", "n_fft", "hop", "n_mels", "f_min_hz", "encoder", "window_s")

if TYPE_CHECKING:
    from tympan.tasks.graphs import Graph
    from tympan.tasks.identify.config import IdentifyConfig
    from tympan.tasks.identify.net import VoiceNet


class VoiceEmbedder(nn.Module):
    """The vector of a voice as `embed` takes it.

    Args:
        net: the voice net.

    Attributes:
        features: `d`, the length of the vector.
    """

    def __init__(self, net: VoiceNet) -> None:
        super().__init__()
        self.net = net
        self.features = net.config.size

    def fingerprint(self) -> str:
        """A digest of what decides the vectors: the net's weights and what it gets.

        >>> from tympan.tasks.identify.config import IdentifyConfig
        >>> from tympan.tasks.identify.net import VoiceNet
        >>> net = VoiceNet(IdentifyConfig(encoder="small", size=32))
        >>> before = VoiceEmbedder(net).fingerprint()
        >>> _ = net.mean.add_(1)
        >>> len(before), VoiceEmbedder(net).fingerprint() == before
        (16, False)
        """
        values = {name: getattr(self.net.config, name) for name in DECIDING}
        digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
        for name, tensor in sorted(self.net.state_dict().items()):
            digest.update(name.encode())
            digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()[:16]

    @torch.inference_mode()
    def forward(self, waves: Tensor) -> Tensor:
        """`(b, t)` at the net's rate → `(b, d)`."""
        return self.net.vectors(waves)


class VoiceEmbedModel(EmbedModel):
    """A loaded voice model whose answers are vectors."""

    @property
    def window_s(self) -> float:
        """Length of what becomes one vector."""
        return cast("IdentifyConfig", self.config).window_s

    def graph(self) -> Graph:
        """Its net for the export: spectrogram in, vectors `(b, d)` out."""
        from tympan.tasks.identify.graph import voice_graph

        return voice_graph(cast("VoiceEmbedder", self.net).net)
