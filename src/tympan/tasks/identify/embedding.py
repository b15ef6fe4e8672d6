"""`embed` with a voice model: the vectors of voices, window by window."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from tympan.tasks.embed.answer import EmbedModel

if TYPE_CHECKING:
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
