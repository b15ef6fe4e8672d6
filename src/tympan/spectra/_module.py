"""What all modules that look at one frame at a time share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tympan.spectra._frames import Framing, is_traced


class FrameModule(nn.Module):
    """Base of the modules that turn samples (..., t) into one column per frame (..., f, n).

    A subclass implements `compute`, which takes the framing as an argument, so that a stream can
    ask for the frames of samples that are padded already.
    """

    framing: Framing

    @property
    def framewise(self) -> bool:
        """Whether each column depends on its own frame alone, as a stream needs."""
        return True

    def compute(self, x: Tensor, framing: Framing) -> Tensor:
        """Columns of the frames of samples (b, t) → (b, f, n)."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        """Samples (..., t) → (..., f, n)."""
        return self.columns(x, self.framing)

    def columns(self, x: Tensor, framing: Framing) -> Tensor:
        """`forward` under another framing of the same frame size and hop."""
        if not is_traced():
            framing.check(x)
        if x.dtype not in (torch.float32, torch.float64):
            x = x.float()
        out = self.compute(x.reshape(-1, x.shape[-1]), framing)
        return out.reshape(*x.shape[:-1], *out.shape[-2:])


def project(left: Tensor, right: Tensor) -> Tensor:
    """Matrix product in the precision of its arguments.

    Under autocast a product would keep eight bits only: too few for a spectrum.
    """
    dtype = torch.promote_types(left.dtype, right.dtype)
    left, right = left.to(dtype), right.to(dtype)
    if is_traced() or not torch.amp.is_autocast_available(right.device.type):
        return torch.matmul(left, right)
    with torch.autocast(right.device.type, enabled=False):
        return torch.matmul(left, right)
