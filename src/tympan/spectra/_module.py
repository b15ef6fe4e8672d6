"""What all modules that look at one frame at a time share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from tympan._precision import full_precision
from tympan.spectra._constants import WithConstants, narrowed, widened
from tympan.spectra._frames import Framing, is_traced

if TYPE_CHECKING:
    from tympan.audio.clip import Clip


class FrameModule(WithConstants):
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

    def forward(self, x: Tensor | Clip) -> Tensor:
        """Samples (..., t), or a clip (c, t) → (..., f, n)."""
        return self.columns(self.samples(x), self.framing)

    def columns(self, x: Tensor, framing: Framing) -> Tensor:
        """`forward` under another framing of the same frame size and hop."""
        if not is_traced():
            framing.check(x)
        out = self.compute(widened(x).reshape(-1, x.shape[-1]), framing)
        return narrowed(out, x).reshape(*x.shape[:-1], *out.shape[-2:])


def project(left: Tensor, right: Tensor) -> Tensor:
    """Matrix product in the precision of its arguments."""
    dtype = torch.promote_types(left.dtype, right.dtype)
    left, right = left.to(dtype), right.to(dtype)
    if is_traced():
        return torch.matmul(left, right)
    with full_precision(right.device.type):
        return torch.matmul(left, right)


def magnitude(real: Tensor, imag: Tensor) -> Tensor:
    """|real + j imag| with a gradient of zero (not NaN) at silence; faster than `abs`."""
    power = real * real + imag * imag
    if not power.requires_grad:
        return power.sqrt_() if not is_traced() else power.sqrt()
    silent = power <= 0
    return torch.where(silent, 0.0, torch.where(silent, 1.0, power).sqrt())
