"""Two items on top of each other."""

from __future__ import annotations

from torch import Tensor

from tympan.augment.base import Params
from tympan.augment.spectrogram.mixing import LabelMixing


class Mixup(LabelMixing):
    """Replace each item by `share * item + (1 - share) * partner`, and its targets likewise.

    Works on spectrograms (b, c, f, n) and on waveforms (b, c, t) alike.

    Hazards: sums of log spectrograms are not spectrograms of sums (it works all the same). With
    waveforms of very different level, the louder one dominates and the label says otherwise:
    normalise first. Targets become fractions: the loss must take them (cross entropy with class
    probabilities, or binary cross entropy).

    Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018 (arXiv:1710.09412).

    Args:
        alpha: of the Beta(alpha, alpha) distribution of the share; small means mostly one item.
        labels: "mix" the targets with the same shares, or "union" (both sounds are there: tags).
        p: probability of being applied to an item.

    >>> import torch
    >>> x, targets = torch.rand(4, 1, 8, 8), torch.eye(4)
    >>> x, targets = Mixup(0.4)(x, targets, 0)
    >>> targets.sum(1)
    tensor([1., 1., 1., 1.])
    """

    def __init__(self, alpha: float = 0.4, labels: str = "mix", p: float = 1.0) -> None:
        super().__init__(alpha, labels, p)

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        share = params["share"].to(x.dtype).reshape(-1, *[1] * (x.ndim - 1))
        return x[params["partner"]].lerp(x, share)
