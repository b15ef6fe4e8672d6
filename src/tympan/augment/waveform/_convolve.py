"""Convolution of a batch, each item with its own response, by Fourier transform."""

from __future__ import annotations

import torch
from torch import Tensor

# Items are worked on in groups of about this many numbers, which stay in the processor's cache.
GROUP_NUMBERS = 1 << 18


def convolve(x: Tensor, response: Tensor, lead: int = 0) -> Tensor:
    """Return the convolution from sample `lead` on, as long as `x`.

    Args:
        x: signals (b, c, t).
        response: impulse responses (b, r).
        lead: samples to leave out at the start, the delay of the response.

    >>> x = torch.tensor([[[1.0, 2.0, 3.0]]])
    >>> convolve(x, torch.tensor([[0.0, 1.0, 1.0]]), 1)
    tensor([[[1., 3., 5.]]])
    """
    t = x.shape[-1]
    response = response[:, : t + lead]
    size = fast_length(t + max(response.shape[1] - 1, lead))
    group = max(1, GROUP_NUMBERS // (size * x.shape[1]))
    pairs = zip(x.split(group), response.split(group), strict=True)
    return torch.cat([_one(items, each, lead, size) for items, each in pairs])


def _one(x: Tensor, response: Tensor, lead: int, size: int) -> Tensor:
    spectrum = torch.fft.rfft(x, size) * torch.fft.rfft(response, size)[:, None]
    y = torch.fft.irfft(spectrum, size)
    return y[..., lead : lead + x.shape[-1]]


def fast_length(least: int) -> int:
    """Return the smallest even length with no prime factor above 5, at least `least`.

    >>> fast_length(1023), fast_length(95_999)
    (1024, 96000)
    """
    best = 1 << max(1, (least - 1).bit_length())
    five = 1
    while five < best:
        three = five
        while three < best:
            quotient = -(-least // three)
            two = 1 << max(1, (quotient - 1).bit_length())
            best = min(best, two * three)
            three *= 3
        five *= 5
    return best
