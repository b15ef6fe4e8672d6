"""From a feature map to one vector a clip, or one a frame."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tympan.nets.blocks import check_axes


class MeanMaxPooling(nn.Module):
    """Mean over frequency, then mean plus maximum over time.

    The maximum lets one short event decide, the mean a steady sound (Kong et al., *PANNs*, 2020).

    >>> MeanMaxPooling()(torch.zeros(2, 128, 8, 32)).shape
    torch.Size([2, 128])
    """

    def forward(self, x: Tensor) -> Tensor:
        """`(b, d, f, n)` → `(b, d)`."""
        check_axes(x, "b d f n", type(self).__name__)
        frames = x.mean(2)
        return frames.mean(2) + frames.amax(2)


class AttentionPooling(nn.Module):
    """A weighted mean over frames; each of several heads learns where to listen.

    Okabe et al., *Attentive Statistics Pooling for Deep Speaker Embedding*, Interspeech 2018.

    Args:
        features: `d`, features of a frame.
        statistics: give the weighted standard deviation too, so `2 d` features.

    >>> AttentionPooling(64)(torch.zeros(2, 64, 30)).shape
    torch.Size([2, 128])
    """

    def __init__(self, features: int, *, statistics: bool = True) -> None:
        super().__init__()
        self.statistics = statistics
        self.score = nn.Sequential(
            nn.Conv1d(features, 64, 1), nn.Tanh(), nn.Conv1d(64, features, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """`(b, d, n)` → `(b, d)`, or `(b, 2 d)` with statistics."""
        check_axes(x, "b d n", type(self).__name__)
        weight = self.score(x).softmax(2)
        mean = (weight * x).sum(2)
        if not self.statistics:
            return mean
        variance = (weight * x.square()).sum(2) - mean.square()
        return torch.cat([mean, variance.clamp_min(1e-6).sqrt()], 1)


def linear_softmax(probabilities: Tensor) -> Tensor:
    """The probability of a clip from those of its frames, each of which is its own weight.

    `Σ p² / Σ p`: Wang, Li, Metze, *A Comparison of Five Multiple Instance Learning Pooling
    Functions for Sound Event Detection with Weak Labeling*, ICASSP 2019.

    Args:
        probabilities: `(…, n)`; frames of 0 count for nothing.

    Returns:
        `(…)`.

    >>> linear_softmax(torch.tensor([0.0, 0.5, 0.5, 0.0]))
    tensor(0.5000)
    """
    return probabilities.square().sum(-1) / probabilities.sum(-1).clamp_min(1e-6)
