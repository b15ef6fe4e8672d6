"""Spectrograms of a stream: blocks of any sizes in, the frames of the whole signal out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError, ShapeError
from tympan.spectra._frames import Framing
from tympan.spectra._module import FrameModule

if TYPE_CHECKING:
    from tympan.audio.clip import Clip


class StreamingSpectrogram:
    """Feed a module block by block; its frames equal those of the whole signal.

    Args:
        module: any module of `tympan.spectra` that looks at one frame at a time (STFT, Spectrogram,
            MelSpectrogram, LogMel, MFCC, Chroma), or an `nn.Sequential` that begins with one
            and goes on with modules of columns (Mel, PowerToDb, PCEN with its state, …).

    Raises:
        ArgumentError: the module needs the whole signal (`top_db`), or does not begin with frames.

    >>> from tympan.spectra import LogMel
    >>> module, x = LogMel(16000), torch.randn(16000)
    >>> stream = StreamingSpectrogram(module)
    >>> pieces = [stream.push(x[:300]), stream.push(x[300:9000]), stream.push(x[9000:])]
    >>> together = torch.cat([*pieces, stream.flush()], dim=-1)
    >>> torch.allclose(together, module(x), atol=1e-3)
    True
    """

    def __init__(self, module: nn.Module) -> None:
        stages = list(module) if isinstance(module, nn.Sequential) else [module]
        if not stages or not isinstance(stages[0], FrameModule):
            raise ArgumentError(
                f"{type(module).__name__} does not begin with a module of frames",
                fix="give a STFT, Spectrogram, MelSpectrogram, LogMel, MFCC or Chroma first",
            )
        for stage in stages:
            if not getattr(stage, "framewise", True):
                raise ArgumentError(
                    f"{type(stage).__name__} needs the whole signal", fix="set its top_db to None"
                )
        self._first: FrameModule = stages[0]
        self._rest = stages[1:]
        self.reset()

    @property
    def framing(self) -> Framing:
        """How the stream is cut into frames."""
        return self._first.framing

    def reset(self) -> None:
        """Begin a new signal."""
        self._begun = self._ended = False
        self._buffer: Tensor | None = None  # from the first sample of the next frame on
        self._recent: Tensor | None = None  # the last samples, to reflect or repeat at the end
        self._states: list[Any] = [None] * len(self._rest)
        self._skip = 0  # samples to come that lie between two frames
        self.num_samples = self.num_frames = 0

    def push(self, block: Tensor | Clip) -> Tensor:
        """Take the next samples (..., t), or a clip; return the frames (..., f, n) they complete.

        All blocks have the same leading axes.
        """
        if self._ended:
            raise ArgumentError("the stream has ended", fix="call reset() for a new signal")
        block = self._first.samples(block)
        if self._buffer is not None and block.shape[:-1] != self._buffer.shape[:-1]:
            raise ShapeError(
                f"expected a block {tuple(self._buffer.shape[:-1])} + (t,), "
                f"got {tuple(block.shape)}"
            )
        self.num_samples += block.shape[-1]
        self._remember(block)
        self._append(block)
        pad, mode = self.framing.pad, self.framing.pad_mode
        assert self._buffer is not None
        if not self._begun:
            # The padding mirrors samples that must have arrived first.
            if self.num_samples <= (pad if mode == "reflect" else 0):
                return self._no_frames(block)
            self._buffer = torch.cat([self._edge(self._buffer, start=True), self._buffer], dim=-1)
            self._begun = True
        return self._take(block)

    def flush(self) -> Tensor:
        """End the signal: return the frames that reach into the padding after its end."""
        if self._buffer is None or self._recent is None:
            raise ArgumentError("the stream ended before it began", fix="push samples first")
        if not self._begun or self.framing.num_frames(self.num_samples) == 0:
            # Says what is wrong, as the module does for a whole signal of this length.
            self.framing.check(self._buffer)
        self._ended = True
        self._append(self._edge(self._recent, start=False))
        return self._take(self._buffer)

    def _append(self, samples: Tensor) -> None:
        dropped = min(self._skip, samples.shape[-1])
        self._skip -= dropped
        samples = samples[..., dropped:]
        if self._buffer is not None:
            samples = torch.cat([self._buffer, samples], dim=-1)
        self._buffer = samples

    def _take(self, like: Tensor) -> Tensor:
        """The complete frames of the buffer, which keeps what the next frame needs."""
        assert self._buffer is not None
        bare = self.framing.bare()
        count = bare.num_frames(self._buffer.shape[-1])
        if count == 0:
            return self._no_frames(like)
        used = (count - 1) * bare.hop + bare.n_fft
        columns = self._first.columns(self._buffer[..., :used], bare)
        # A copy, so that a long block is not kept alive by its last samples.
        self._skip = max(0, count * bare.hop - self._buffer.shape[-1])
        self._buffer = self._buffer[..., count * bare.hop :].clone()
        self.num_frames += count
        return self._after(columns)

    def _after(self, columns: Tensor) -> Tensor:
        for i, stage in enumerate(self._rest):
            step: Any = getattr(stage, "step", None)
            if step is None:
                columns = stage(columns)
            else:
                columns, self._states[i] = step(columns, self._states[i])
        return columns

    def _no_frames(self, like: Tensor) -> Tensor:
        """A result (..., f, 0): its f is found by looking at one frame of silence."""
        silence = like.new_zeros(*like.shape[:-1], self.framing.n_fft)
        out = self._first.columns(silence, self.framing.bare())
        for stage in self._rest:
            out = stage(out)
        return out[..., :0]

    def _remember(self, block: Tensor) -> None:
        keep = self.framing.pad + 1
        recent = block if self._recent is None else torch.cat([self._recent, block], dim=-1)
        self._recent = recent[..., -keep:].clone()

    def _edge(self, samples: Tensor, *, start: bool) -> Tensor:
        """The padding before the first or after the last sample."""
        pad, mode = self.framing.pad, self.framing.pad_mode
        if mode == "reflect":
            inside = samples[..., 1 : pad + 1] if start else samples[..., -pad - 1 : -1]
            return inside.flip(-1) if pad else samples[..., :0]
        edge = samples[..., :1] if start else samples[..., -1:]
        edge = edge.expand(*edge.shape[:-1], pad)
        return edge if mode == "replicate" else torch.zeros_like(edge)
