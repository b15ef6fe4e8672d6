"""Convolution of a batch, each item with its own response, by Fourier transform."""

from __future__ import annotations

import torch
from torch import Tensor

# Items are worked on in groups of about this many numbers: fewer cost more calls, more cost memory.
GROUP_NUMBERS = 1 << 21


def convolve(x: Tensor, response: Tensor, lead: int = 0, which: Tensor | None = None) -> Tensor:
    """Return the convolution from sample `lead` on, as long as `x`.

    Args:
        x: signals (b, c, t).
        response: impulse responses (b, r), or (m, r) with `which`.
        lead: samples to leave out at the start, the delay of the response.
        which: number (b,) of each item's response, if several share one: it is transformed once.

    >>> x = torch.tensor([[[1.0, 2.0, 3.0]]])
    >>> convolve(x, torch.tensor([[0.0, 1.0, 1.0]]), 1)
    tensor([[[1., 3., 5.]]])
    """
    t = x.shape[-1]
    response = response[:, : t + lead]
    size = fast_length(max(t + response.shape[1] - 1, t + lead))
    if which is None:
        which = torch.arange(len(x), device=x.device)
    else:
        used, which = which.unique(return_inverse=True)
        response = torch.fft.rfft(response[used], size)
    step = max(1, GROUP_NUMBERS // (size * x.shape[1]))
    pieces = []
    for first in range(0, len(x), step):
        rows = slice(first, first + step)
        spectrum = response[which[rows]]
        if not spectrum.is_complex():
            spectrum = torch.fft.rfft(spectrum, size)
        y = torch.fft.irfft(torch.fft.rfft(x[rows], size) * spectrum[:, None], size)
        pieces.append(y[..., lead : lead + t])
    return torch.cat(pieces)


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
