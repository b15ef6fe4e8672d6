"""Halve the rate of a signal."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tympan.spectra._constants import WithConstants
from tympan.spectra._frames import CHUNK_SAMPLES, is_traced
from tympan.spectra._module import project
from tympan.spectra.windows import window

# Output samples computed by one row of a matrix product.
_BLOCK = 64
# Share of the new band that passes the low-pass, and how far what is above it is attenuated.
PASSBAND, _ATTENUATION_DB = 0.91374, 129.45


class HalveRate(WithConstants):
    """Every second sample of the low-passed signal: (b, t) → (b, ceil(t / 2)).

    >>> HalveRate()(torch.ones(1, 2000))[0, 500].round(decimals=5)
    tensor(1.)
    """

    taps: Tensor
    block: Tensor

    def __init__(self) -> None:
        super().__init__()
        taps = lowpass()
        block = np.zeros((2 * (_BLOCK - 1) + len(taps), _BLOCK))
        for i in range(_BLOCK):
            block[2 * i : 2 * i + len(taps), i] = taps
        for name, values in (("taps", taps), ("block", block)):
            self.add_constant(name, values)

    def forward(self, x: Tensor) -> Tensor:
        """Samples (b, t) → (b, ceil(t / 2))."""
        reach, span = len(self.taps) // 2, len(self.block)
        # Not -(-t // 2): graphs divide towards zero.
        length = (x.shape[-1] + 1) // 2
        if is_traced():
            taps = self.constant("taps", x.dtype)[None, None]
            out = functional.conv1d(x[:, None], taps, stride=2, padding=reach)
            return out[:, 0, :length]
        # One matrix product per block of outputs: several times faster than a strided convolution.
        step = 2 * _BLOCK
        blocks, block = -(-length // _BLOCK), self.constant("block", x.dtype)
        padded = functional.pad(x, (reach, (blocks - 1) * step + span - reach - x.shape[-1]))
        pieces = padded.unfold(-1, span, step).split(CHUNK_SAMPLES // span, dim=1)
        out = torch.cat([project(piece, block) for piece in pieces], dim=1)
        return out.flatten(1)[:, :length]


def lowpass() -> np.ndarray:
    """The low-pass before halving the rate: float64, odd length, symmetric; by the window method.

    0.914 of the new band passes; what lies above it is attenuated by 129 dB: the response of the
    SoX resampler's high quality, so that transforms agree with librosa's up to the ends of the
    signal. J. F. Kaiser, "Nonrecursive digital filter design using the I0-sinh window function",
    1974.

    >>> taps = lowpass()
    >>> len(taps) % 2, round(float(taps.sum()), 9)
    (1, 1.0)
    """
    width = (1 - PASSBAND) / 2
    half = math.ceil((_ATTENUATION_DB - 7.95) / (2.285 * np.pi * width) / 2)
    place = np.arange(-half, half + 1)
    beta = 0.1102 * (_ATTENUATION_DB - 8.7)
    shape = window(("kaiser", beta), 2 * half + 1, periodic=False)
    taps = np.sinc((1 + PASSBAND) / 4 * place) * shape
    return taps / taps.sum()
