"""The graphs of voice models: the vector of a voice, and the tags of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from tympan.tasks.graphs import Graph
from tympan.tasks.inputs import SHORTEST_S

if TYPE_CHECKING:
    from tympan.tasks.identify.net import VoiceNet

SPECTROGRAM = ("b", "c", "f", "n")


def voice_graph(net: VoiceNet) -> Graph:
    """Spectrogram in, the vector of the voice `(b, d)` out; its length is 1."""
    config = net.config
    return Graph(
        net, {"spectrogram": SPECTROGRAM}, {"vector": ("b", "d")}, front=net.front,
        window=round(config.window_s * config.rate_hz),
        shortest=round(SHORTEST_S * config.rate_hz), rate_hz=config.rate_hz,
        settings={"window_s": config.window_s, "compare_by": "cosine"},
    )  # fmt: skip


class VoiceHead(nn.Module):
    """Linear scores of a voice's vector, as probabilities that add up to 1."""

    def __init__(self, net: VoiceNet, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("weight", weight)
        self.register_buffer("bias", bias)

    def forward(self, spectrogram: Tensor) -> Tensor:
        """`(b, 1, f, n)` → `(b, k)`."""
        found: Tensor = self.net(spectrogram) @ self.weight.T + self.bias
        return found.softmax(1)


def head_graph(net: VoiceNet, weight: Tensor, bias: Tensor, labels: tuple[str, ...]) -> Graph:
    """Spectrogram in, the probability of each tag of the voice `(b, k)` out."""
    from dataclasses import replace

    body = VoiceHead(net, weight.to(torch.float32), bias.to(torch.float32))
    given = voice_graph(net)
    settings = {"window_s": net.config.window_s}
    return replace(
        given, body=body, outputs={"probabilities": ("b", "k")}, labels=labels, settings=settings
    )
