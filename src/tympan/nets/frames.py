"""A convolutional recurrent net that keeps time: one vector for each frame of a recording."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tympan.nets.blocks import check_axes


def context_of(layers: int, reduction: int) -> int:
    """Frames that a `FrameEncoder` of so many convolutions needs on each side of one.

    >>> context_of(3, 1)
    3
    """
    return (reduction + 1) // 2 + (layers - 1) * reduction


class FrameEncoder(nn.Module):
    """Convolutions over a spectrogram that halve frequency and keep time.

    None of them pads time, so that a frame depends on the frames about it and on nothing else: a
    recording that comes in blocks gives the same as the whole one. The shape is that of the CRNN of
    sound-event detection (Cakir et al., 2017).

    Args:
        bands: `f` of the spectrogram.
        widths: channels of each convolution.
        features: `d` given.
        reduction: frames of the spectrogram for each frame given; the first convolution takes such
            steps.

    Attributes:
        context: frames of the spectrogram that are needed before and behind the one that a frame
            given is about.

    >>> encoder = FrameEncoder(40, (8, 16), 32, reduction=2)
    >>> encoder.context
    3
    >>> encoder(torch.zeros(2, 40, 3 + 99 + 3)).shape
    torch.Size([2, 32, 50])
    """

    def __init__(
        self, bands: int, widths: Sequence[int], features: int, reduction: int = 1
    ) -> None:
        super().__init__()
        first = 2 * ((reduction + 1) // 2) + 1
        self.bands = bands
        self.context = context_of(len(widths), reduction)
        self.norm = nn.BatchNorm1d(bands)  # levels of each band about 0 ± 1
        layers: list[nn.Module] = []
        channels = 1
        for i, width in enumerate(widths):
            kernel, stride = (first, reduction) if i == 0 else (3, 1)
            layers += [
                nn.Conv2d(channels, width, (3, kernel), (1, stride), (1, 0), bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
                nn.MaxPool2d((2, 1)),
            ]
            channels, bands = width, bands // 2
        self.layers = nn.Sequential(*layers)
        self.project = nn.Conv1d(channels * bands, features, 1)

    def forward(self, x: Tensor) -> Tensor:
        """`(b, f, n)` → `(b, d, (n - 2 context - 1) / reduction + 1)`, rounded down."""
        check_axes(x, "b f n", type(self).__name__, f=self.bands)
        h = self.layers(self.norm(x)[:, None])
        return torch.relu(self.project(h.flatten(1, 2)))
