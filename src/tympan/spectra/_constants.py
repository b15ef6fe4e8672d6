"""Windows, filters and kernels in the precision of what they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError
from tympan.spectra._frames import is_traced

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

HALF = (torch.float16, torch.bfloat16)


def widened(x: Tensor) -> Tensor:
    """In a precision that transforms are computed in: float32 or float64.

    >>> widened(torch.zeros(1, dtype=torch.bfloat16)).dtype
    torch.float32
    """
    return x if x.dtype in (torch.float32, torch.float64) else x.float()


def narrowed(x: Tensor, like: Tensor) -> Tensor:
    """A real result in half precision where the input was; float16 ends at 65504.

    >>> narrowed(torch.zeros(1), torch.zeros(1, dtype=torch.bfloat16)).dtype
    torch.bfloat16
    """
    return x.to(like.dtype) if like.dtype in HALF and not x.is_complex() else x


class WithConstants(nn.Module):
    """Base of modules with constants: float32 buffers, and exact for float64.

    A buffer made float32 and then `.double()` would keep its rounded values, and one made
    `.half()` would lose most of its digits.
    """

    rate_hz: int | None = None
    _exact: dict[str, np.ndarray]
    _kept: dict[tuple[str, torch.dtype, torch.device], Tensor]

    def add_constant(self, name: str, values: np.ndarray) -> None:
        """Keep an array as the buffer `name`, which is not saved."""
        exact = np.array(values, dtype=np.float64)
        self.register_buffer(name, torch.tensor(exact, dtype=torch.float32), persistent=False)
        self.__dict__.setdefault("_exact", {})[name] = exact
        self.__dict__.setdefault("_kept", {})

    def constant(self, name: str, dtype: torch.dtype) -> Tensor:
        """The constant for work in float64, else in float32, on the device of the module."""
        buffer: Tensor = getattr(self, name)
        wanted = torch.float64 if dtype in (torch.float64, torch.complex128) else torch.float32
        if buffer.dtype == wanted == torch.float32:
            return buffer
        if is_traced():
            return buffer.to(wanted)
        key = name, wanted, buffer.device
        if key not in self._kept:
            made = torch.tensor(self._exact[name], dtype=wanted, device=buffer.device)
            self._kept[key] = made
        kept: Tensor = self._kept[key]
        return kept

    def samples(self, x: Tensor | Clip) -> Tensor:
        """The samples (..., t) of a tensor; of a clip (c, t), whose rate must be the module's.

        Raises:
            ArgumentError: the clip has another rate, or `x` is neither.
        """
        if isinstance(x, Tensor):
            return x
        from tympan.audio.clip import Clip

        name = type(self).__name__
        if not isinstance(x, Clip):
            kind = f"{type(x).__module__}.{type(x).__qualname__}".removeprefix("builtins.")
            raise ArgumentError(
                f"{name} takes a tensor (..., t) or a Clip, got {kind}", fix="torch.from_numpy(x)"
            )
        if self.rate_hz not in (None, x.rate_hz):
            raise ArgumentError(
                f"{name} is made for {self.rate_hz} Hz, the clip has {x.rate_hz} Hz",
                file=x.name or None,
                fix=f"clip.resample({self.rate_hz}), or {name}(rate_hz={x.rate_hz}, ...)",
            )
        device = next((buffer.device for buffer in self.buffers()), None)
        # A copy: the samples of a clip cannot be written to.
        return torch.tensor(x.samples, device=device)
