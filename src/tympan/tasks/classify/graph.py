"""The graphs of nets about clips: classifiers, taggers, embedders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from tympan.tasks.classify.ensemble import nets_of
from tympan.tasks.graphs import Answering, Graph
from tympan.tasks.inputs import SHORTEST_S

if TYPE_CHECKING:
    from tympan.tasks.classify.ensemble import Ensemble
    from tympan.tasks.classify.net import Classifier

SPECTROGRAM = ("b", "c", "f", "n")


class Fronts(nn.Module):
    """The fronts of several nets, which hear at different resolutions."""

    def __init__(self, fronts: Sequence[nn.Module]) -> None:
        super().__init__()
        self.fronts = nn.ModuleList(fronts)

    def forward(self, samples: Tensor) -> tuple[Tensor, ...]:
        """`(b, t)` → a spectrogram for each."""
        return tuple(front(samples) for front in self.fronts)


def clip_graph(
    net: Classifier | Ensemble, labels: tuple[str, ...], *, several: bool, **settings: Any
) -> Graph:
    """The graph of a classifier (`several` false: the probabilities add up to 1) or a tagger."""
    nets, config = nets_of(net), net.config
    names = ["spectrogram", *(f"spectrogram_{i}" for i in range(2, len(nets) + 1))]

    def answer(*spectrograms: Tensor) -> Tensor:
        scores = [one(x) for one, x in zip(nets, spectrograms, strict=True)]
        if several:
            return torch.sigmoid(scores[0])
        if len(scores) > 1:
            mean = torch.stack([one.softmax(1) for one in scores]).mean(0)
            return (mean.clamp_min(1e-12).log() / config.temperature).softmax(1)
        found: Tensor = (scores[0] / config.temperature).softmax(1)
        return found

    front = nets[0].front if len(nets) == 1 else Fronts([one.front for one in nets])
    window_s = config.clip_s * config.crop
    return Graph(
        Answering(net, answer), dict.fromkeys(names, SPECTROGRAM), {"probabilities": ("b", "k")},
        front=front, window=round(window_s * config.rate_hz),
        shortest=round(SHORTEST_S * config.rate_hz), rate_hz=config.rate_hz, labels=labels,
        settings={"window_s": window_s, **settings},
    )  # fmt: skip


def embed_graph(net: Classifier, window_s: float) -> Graph:
    """The graph of an embedder, see `tympan.tasks.embed.net.Embedder`."""

    def answer(spectrogram: Tensor) -> Tensor:
        maps = [m.float().mean(2) for _, m in net.encoder.feature_maps(spectrogram)]
        halves = [part for rows in maps[1:] for part in (rows.mean(2), rows.amax(2))]
        return normalize(torch.cat([normalize(part, dim=1) for part in halves], 1), dim=1)

    config = net.config
    return Graph(
        Answering(net, answer), {"spectrogram": SPECTROGRAM}, {"vector": ("b", "d")},
        front=net.front, window=round(window_s * config.rate_hz),
        shortest=round(SHORTEST_S * config.rate_hz), rate_hz=config.rate_hz,
        settings={"window_s": window_s},
    )  # fmt: skip
