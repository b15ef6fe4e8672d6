"""Cut a signal into overlapping frames: lazily, in pieces that stay in the processor's cache.

Framing a ten-minute recording at once writes gigabytes and is four times slower than working on a
few hundred frames at a time, so the fast paths walk over `Framing.chunks` and only copy samples at
the two padded ends of the signal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from tympan.errors import ArgumentError, ShapeError

PAD_MODES = ("constant", "reflect", "replicate")

# Samples of frames handled at a time (two MiB of float32): few enough that the frames and their
# spectra stay in the cache, enough that the calls themselves cost little.
CHUNK_SAMPLES = 1 << 19

# glibc hands a freed megabyte back to the system at once, and each piece would fault its pages in
# again, which takes longer than transforming it; unless a larger block was freed before: it then
# keeps up to twice that much. One such block, never touched, costs nothing and doubles the speed.
del (_calm := [torch.empty(1 << 22)])[:]


@dataclass(frozen=True)
class Framing:
    """How a signal is cut into frames.

    Args:
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        center: pad the signal by `n_fft // 2` at both ends, so that frame `i` is centred on sample
            `i * hop`; without it frame `i` begins there.
        pad_mode: what the padding holds: `"constant"` (zeros), `"reflect"` or `"replicate"`.

    >>> Framing(n_fft=512, hop=160).num_frames(16000)
    101
    """

    n_fft: int
    hop: int
    center: bool = True
    pad_mode: str = "constant"

    def __post_init__(self) -> None:
        if self.n_fft < 2 or self.hop < 1:
            raise ArgumentError(
                f"n_fft is {self.n_fft} and hop is {self.hop}", fix="n_fft >= 2 and hop >= 1"
            )
        if self.pad_mode not in PAD_MODES:
            raise ArgumentError(
                f"pad_mode {self.pad_mode!r} is unknown", fix=f"one of {', '.join(PAD_MODES)}"
            )

    @property
    def pad(self) -> int:
        """Samples added before the first sample."""
        return self.n_fft // 2 if self.center else 0

    def bare(self) -> Framing:
        """The same framing of a signal that is already padded."""
        return replace(self, center=False)

    def num_frames(self, num_samples: int) -> int:
        """Frames of a signal of `num_samples`."""
        return max(0, 1 + (num_samples + 2 * self.pad - self.n_fft) // self.hop)

    def check(self, x: Tensor) -> None:
        """Raise `ShapeError` where the signal is too short to frame."""
        if x.ndim < 1 or x.shape[-1] == 0:
            raise ShapeError(f"expected samples (..., t) with t > 0, got {tuple(x.shape)}")
        t = x.shape[-1]
        if self.num_frames(t) == 0:
            raise ShapeError(
                f"{t} samples are fewer than one frame of {self.n_fft}",
                fix="use center=True, a smaller n_fft or a longer signal",
            )
        if self.center and self.pad_mode == "reflect" and t <= self.pad:
            raise ShapeError(
                f"{t} samples cannot be reflected by {self.pad}",
                fix='use pad_mode="constant" or a longer signal',
            )

    def padded(self, x: Tensor) -> Tensor:
        """The signal (b, t) with its padding, as a new tensor."""
        if not self.pad:
            return x
        if self.pad_mode == "constant":
            return functional.pad(x, (self.pad, self.pad))
        return functional.pad(x[:, None], (self.pad, self.pad), mode=self.pad_mode)[:, 0]

    def frames(self, x: Tensor) -> Tensor:
        """All frames at once, differentiable: (b, t) → (b, n, n_fft)."""
        return self.padded(x).unfold(-1, self.n_fft, self.hop)

    def chunks(self, row: Tensor) -> Iterator[tuple[int, int, Tensor]]:
        """Walk over the frames of one signal (t,), a cache-sized number at a time.

        Yields:
            `(first, last, frames)` with frames (last - first, n_fft), a view where possible.
        """
        count, t = self.num_frames(row.shape[0]), row.shape[0]
        step = max(1, CHUNK_SAMPLES // self.n_fft)
        for first in range(0, count, step):
            last = min(count, first + step)
            begin = first * self.hop - self.pad
            end = (last - 1) * self.hop - self.pad + self.n_fft
            piece = row[begin:end] if begin >= 0 and end <= t else self._edge(row, begin, end)
            yield first, last, piece.unfold(0, self.n_fft, self.hop)

    def _edge(self, row: Tensor, begin: int, end: int) -> Tensor:
        """Samples `begin … end` of one signal, of which some lie in the padding."""
        t = row.shape[0]
        low, high = max(begin, 0), max(min(end, t), 0)
        if self.pad_mode == "constant":
            return functional.pad(row[low:high], (low - begin, end - high))
        index = torch.arange(begin, end, device=row.device)
        if self.pad_mode == "replicate":
            return row[index.clamp_(0, t - 1)]
        index = index.abs_()
        return row[torch.minimum(index, 2 * (t - 1) - index)]


def use_fast_path(x: Tensor, dtype: torch.dtype = torch.float32) -> bool:
    """Whether the in-place path may be taken: on the processor, float32, no gradient, no graph."""
    return (
        x.device.type == "cpu"
        and x.dtype == dtype
        and not (x.requires_grad and torch.is_grad_enabled())
        and not is_traced()
        and type(x) is Tensor
        and not torch._C._functorch.is_functorch_wrapped_tensor(x)
    )


def is_traced() -> bool:
    """Whether a graph of the computation is being recorded (export, compilation, tracing)."""
    return torch.compiler.is_compiling() or torch.onnx.is_in_onnx_export() or torch.jit.is_tracing()
