"""Begin the training of a `MaskUNet` with the weights of a smaller one.

Recurrent blocks that the smaller one lacks pass on what they get until they are trained. Where it
halves frames and the larger one does not, four taps of a kernel become three.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def grown(state: dict[str, Tensor], net: nn.Module) -> dict[str, Tensor]:
    """Weights for a net: those of the smaller one, and its own that add nothing at first.

    Args:
        state: weights of a net that differs in the number of blocks and in strides over frames.
        net: the larger one.

    >>> from tympan.nets.mask_unet import MaskUNet, MaskUNetConfig
    >>> import dataclasses
    >>> config = MaskUNetConfig(stages=((4, 2, 1), (8, 2, 2)), blocks=1, hidden=4)
    >>> small, large = MaskUNet(config), MaskUNet(dataclasses.replace(config, blocks=3))
    >>> _ = large.load_state_dict(grown(small.state_dict(), large))
    >>> mix = torch.randn(1, 1, 4000)
    >>> torch.allclose(small.eval()(mix), large.eval()(mix), atol=1e-6)
    True
    """
    found: dict[str, Tensor] = {}
    for name, own in net.state_dict().items():
        if name not in state:
            # What a block adds, and how a condition moves what it gets.
            silent = any(part in name for part in (".time_out.", ".grow.", ".film."))
            found[name] = own * 0 if silent else own
        elif state[name].shape == own.shape:
            found[name] = state[name]
        else:
            found[name] = unhalved(state[name], up=name.startswith("up."))
    return found


def unhalved(kernel: Tensor, *, up: bool) -> Tensor:
    """A kernel `(…, 4)` that halves or doubles frames → `(…, 3)`, one that keeps them.

    The inner taps lie between those of the new kernel. Of one that doubles, a frame gets two of
    four taps: half of their sum.

    >>> unhalved(torch.tensor([1.0, 2.0, 4.0, 1.0]), up=False).tolist()
    [2.0, 3.0, 3.0]
    """
    first, second, third, last = kernel.unbind(-1)
    taps = (first + second / 2, (second + third) / 2, third / 2 + last)
    return torch.stack(taps, -1) * (0.5 if up else 1.0)
