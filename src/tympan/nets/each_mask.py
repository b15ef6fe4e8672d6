"""One net for many sources: it is told which one is wanted."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tympan.nets.mask_unet import MaskUNet, MaskUNetConfig


class EachMask(nn.Module):
    """A `MaskUNet` that gives one source, asked for each of them in turn.

    The question is a vector with a one at the number of the source (Slizovskaia et al.,
    *Conditioned Source Separation for Musical Instrument Performances*, TASLP 2021).

    Args:
        config: of the net; `condition` is the number of sources, `sources` is 1.

    >>> config = MaskUNetConfig(
    ...     stages=((4, 2, 1),), blocks=1, hidden=4, sources=1, condition=3
    ... )
    >>> net = EachMask(config).eval()
    >>> net(torch.zeros(2, 1, 3000)).shape, net(torch.zeros(2, 1, 3000), which=[2]).shape
    (torch.Size([2, 3, 1, 3000]), torch.Size([2, 1, 1, 3000]))
    """

    def __init__(self, config: MaskUNetConfig) -> None:
        super().__init__()
        self.config = config
        self.net = MaskUNet(config)

    def forward(
        self, mix: Tensor, condition: Tensor | None = None, which: Sequence[int] | None = None
    ) -> Tensor:
        """Mix `(b, c, t)` → all sources `(b, k, c, t)`, or those of some numbers.

        With a condition `(b, k)` for each item, as in training, the one source that it names.
        """
        if condition is not None:
            found: Tensor = self.net(mix, condition)
            return found
        every = torch.eye(self.config.condition, device=mix.device)
        return self.net.each(mix, every if which is None else every[list(which)])
