"""Few bits."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tympan.augment._draw import check_range, integers
from tympan.augment.base import Params, Transform
from tympan.augment.waveform._rows import each_item, fits_numpy


class Quantization(Transform):
    """Round every sample to one of `2 ** bits` levels between −1 and 1.

    Gradients pass straight through, as if nothing were rounded (Bengio et al. 2013).

    Hazards: the steps are absolute: a soft item at few bits becomes silence or a buzz. Samples
    beyond ±1 are clipped, as they are in a file.

    Args:
        min_bits: coarsest.
        max_bits: finest; at most 24.
        p: probability of being applied to an item.

    >>> import torch
    >>> Quantization(3, 3)(torch.tensor([[[0.1, 0.3, -1.0]]]), 0)
    tensor([[[ 0.0000,  0.2500, -1.0000]]])
    """

    def __init__(self, min_bits: int = 4, max_bits: int = 12, p: float = 1.0) -> None:
        super().__init__(p)
        check_range("bits", min_bits, max_bits, 1, 24)
        self.min_bits, self.max_bits = min_bits, max_bits

    def _draw(self, x: Tensor, generator: torch.Generator) -> Params:
        return {"bits": integers(generator, x.shape[:1], self.min_bits, self.max_bits)}

    def _apply(self, x: Tensor, params: Params) -> Tensor:
        if not fits_numpy(x):
            scale = torch.exp2(params["bits"] - 1).to(x.dtype)[:, None, None]
            rounded = torch.minimum((x.detach() * scale).round().maximum(-scale), scale - 1) / scale
            return x + (rounded - x).detach()
        y = torch.empty_like(x)
        items, rounded_items, bits = x.numpy(), y.numpy(), params["bits"].tolist()

        def quantize(number: int) -> None:
            scale, rounded = 2.0 ** (bits[number] - 1), rounded_items[number]
            np.multiply(items[number], scale, out=rounded)
            np.rint(rounded, out=rounded)
            np.clip(rounded, -scale, scale - 1, out=rounded)
            np.multiply(rounded, 1 / scale, out=rounded)

        each_item(quantize, len(x))
        return y
