"""A separator that goes on from frame to frame, as a graph with its transforms inside."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError
from tympan.nets.mask_net import MaskState
from tympan.tasks.graphs import Graph

if TYPE_CHECKING:
    from tympan.nets.mask_net import BandMaskNet
    from tympan.tasks.separate.model import SeparateModel

# Of samples of full scale: 80 dB below it nobody hears a difference.
TOLERANCE = 1e-4


def refuse_whole(model: SeparateModel) -> NoReturn:
    """Say why a separator has no graph that takes a whole recording.

    Raises:
        ArgumentError: always.
    """
    if model.causal:
        what = (
            f"{model.name} cannot be exported as a whole: it goes on from frame to frame, with a "
            "memory between them"
        )
        raise ArgumentError(what, fix="export it with --stream")
    what = (
        f"{model.name} cannot be exported: its sound is made by a transform and its inverse over "
        "a whole block, which runtimes have no operators for"
    )
    raise ArgumentError(what, fix="the page of export lists the models that can be")


def stream_graph(model: SeparateModel) -> Graph:
    """A frame's step of samples `(b, s)` and the memory in, as many samples of each source out.

    They lie `delay_samples` before those that went in; what is left of the mix is the mix, so much
    earlier, less its sources.

    Raises:
        ArgumentError: it hears a block to its end before it answers.
    """
    if not model.causal:
        what = f"{model.name} hears a block to its end before it answers, so it has no memory"
        raise ArgumentError(what, fix="`tympan separate` runs it on files")
    net: BandMaskNet = model.net  # type: ignore[assignment]
    body, hop, rate_hz = SeparatorStream(net), net.hop, net.rate_hz

    def example(seed: int) -> tuple[Tensor, ...]:
        many = torch.Generator().manual_seed(seed)
        return 0.1 * torch.randn(2, hop, generator=many), torch.zeros(2, body.size)

    def answer(samples: Tensor) -> Tensor:
        found = [model.begin(rate_hz, 1).stream.push(one[None].numpy())[:, 0] for one in samples]
        return torch.from_numpy(np.stack(found))

    return Graph(
        body, {"samples": ("b", "s"), "memory": ("b", "d")},
        {"sources": ("b", "k", "s"), "next_memory": ("b", "d")},
        example=example, state={"next_memory": "memory"}, answer=answer,
        window=hop, shortest=hop, step=hop, rate_hz=rate_hz, labels=model.labels,
        settings={"hop": hop, "delay_samples": hop, "delay_s": hop / rate_hz},
        tolerance=TOLERANCE,
    )  # fmt: skip


class SeparatorStream(nn.Module):
    """A causal net of masks between its transform and the inverse, one frame at a time.

    All that it remembers is one vector, so that who runs it has one thing to hand on: the samples
    that the next frame needs again, what the last frame adds to the next samples, and the net's.

    Args:
        net: the net.

    Attributes:
        size: `d` of the memory `(b, d)`, which begins as zeros.

    Raises:
        ArgumentError: its frames do not overlap by half.

    >>> from tympan.nets.mask_net import MaskNet
    >>> stream = SeparatorStream(MaskNet(2, features=8, memory=4, layers=1).eval())
    >>> sources, memory = stream(torch.zeros(3, 256), torch.zeros(3, stream.size))
    >>> sources.shape, memory.shape == (3, stream.size)
    (torch.Size([3, 2, 256]), True)
    """

    table: Tensor
    back: Tensor

    def __init__(self, net: BandMaskNet) -> None:
        super().__init__()
        if net.n_fft != 2 * net.hop:
            what = f"frames of {net.n_fft} samples every {net.hop} do not overlap by half"
            raise ArgumentError(what, fix="train it with n_fft of twice the hop")
        self.net = net
        self.register_buffer("table", net.stft.fourier_kernel()[:, 0].T.contiguous(), False)
        self.register_buffer("back", net.stft.inverse_kernel()[:, 0].contiguous(), False)
        state = net.begin(1)
        parts = (state.level, *state.hidden)
        self._shapes = [(net.hop,), (net.sources, net.hop), *(one.shape[1:] for one in parts)]
        self.size = sum(prod(one) for one in self._shapes)

    def forward(self, samples: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Samples `(b, hop)` and the memory → sources `(b, k, hop)`, and the memory after it."""
        hop, bins = self.net.hop, self.net.num_bins
        held, tail, level, *hidden = self._parts(memory)
        spec = (torch.cat((held, samples), 1) @ self.table)[:, None]
        real, imag = spec[..., :bins], spec[..., bins:]
        mask, turn, after = self.net.mask_parts(real, imag, MaskState(level, hidden))
        real, imag = real[:, None], imag[:, None]  # (b, 1, 1, f), as the masks (b, k, 1, f)
        masked = torch.cat((real * mask - imag * turn, real * turn + imag * mask), 3)
        frame = (masked @ self.back)[:, :, 0]
        kept = (samples, frame[..., hop:], after.level, *after.hidden)
        return frame[..., :hop] + tail, torch.cat([one.flatten(1) for one in kept], 1)

    def _parts(self, memory: Tensor) -> list[Tensor]:
        parts = torch.split(memory, [prod(one) for one in self._shapes], 1)
        return [a.reshape(-1, *shape) for a, shape in zip(parts, self._shapes, strict=True)]
