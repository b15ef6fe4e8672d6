"""Upside down."""

from __future__ import annotations

from torch import Tensor

from tympan.augment.base import Params, Transform


class Polarity(Transform):
    """Change the sign of every sample, as a microphone wired the other way does.

    Hazards: inaudible, and a power spectrogram does not see it: it only helps nets that read
    samples or phase. All channels are flipped together, so their relation is kept.

    Args:
        p: probability of being applied to an item.

    >>> import torch
    >>> Polarity(p=1.0)(torch.tensor([[[0.5, -1.0]]]), 0)
    tensor([[[-0.5000,  1.0000]]])
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        return -x
