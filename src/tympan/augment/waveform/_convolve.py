"""Convolution of a batch, each item with its own response, by Fourier transform.

Long signals are cut into overlapping blocks (overlap-save: Stockham, "High-speed convolution and
correlation", 1966): short transforms stay in the processor's cache and are rounded less.
"""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import pad

# Items are worked on in groups of about this many numbers: fewer cost calls, more cost memory.
GROUP_NUMBERS = 1 << 21
# Blocks of fewer samples cost more calls than they save arithmetic.
LEAST_BLOCK = 1 << 11
# What a call costs beside its rows, in rows: the first are transformed more slowly.
CALL_ROWS = 2.0


def convolve(
    x: Tensor,
    response: Tensor,
    lead: int = 0,
    which: Tensor | None = None,
    length: int | None = None,
) -> Tensor:
    """Return `length` samples of the convolution from sample `lead` on.

    Args:
        x: signals (b, c, t).
        response: impulse responses (b, r), or (m, r) with `which`.
        lead: samples to leave out at the start, the delay of the response.
        which: number (b,) of each item's response, if several share one: it is transformed once.
        length: samples of the result; as long as `x` if None.

    >>> x = torch.tensor([[[1.0, 2.0, 3.0]]])
    >>> convolve(x, torch.tensor([[0.0, 1.0, 1.0]]), 1)
    tensor([[[1., 3., 5.]]])
    """
    b, c, t = x.shape
    length = t if length is None else length
    response = response[:, : length + lead]
    before = response.shape[1] - 1  # samples of the past that a block needs
    size = block_size(length, before, b * c, len(response))
    count = -(-length // (size - before))
    # Block k begins `before` samples ahead of its first result.
    x = pad(x, (max(0, before - lead), count * (size - before) + lead - t))
    x = x[..., max(0, lead - before) :]
    blocks = x.unfold(2, size, size - before)  # (b, c, count, size)
    if which is not None:
        used, which = which.unique(return_inverse=True)
        response = response[used]
    response = pad(response, (0, size - response.shape[1]))
    step = max(1, GROUP_NUMBERS // (size * c * count))
    spectrum = torch.fft.rfft(response) if which is not None and step < b else None
    pieces = []
    for first in range(0, b, step):
        rows = slice(first, first + step)
        if spectrum is not None and which is not None:
            y = _inverse(torch.fft.rfft(blocks[rows]), spectrum[which[rows]], size)
        else:
            y = _filtered(blocks[rows], response if which is not None else response[rows], which)
        pieces.append(y[..., before:].flatten(2)[..., :length])
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces)


def _filtered(blocks: Tensor, response: Tensor, which: Tensor | None) -> Tensor:
    """Return blocks (b, c, count, size) convolved in circles with responses (m, size)."""
    size, m = response.shape[1], len(response)
    # All at once: MKL takes four times as long for the transform of one row alone as for each of
    # several.
    spectra = torch.fft.rfft(torch.cat([blocks.reshape(-1, size), response]))
    of_responses = spectra[-m:] if which is None else spectra[-m:][which]
    return _inverse(spectra[:-m].unflatten(0, blocks.shape[:3]), of_responses, size)


def _inverse(blocks: Tensor, responses: Tensor, size: int) -> Tensor:
    """Return the signals (b, c, count, size) of spectra times those of the responses (b, f)."""
    spectra = blocks * responses[:, None, None]
    if spectra.device.type == "cpu" and spectra.numel() == spectra.shape[-1]:
        return torch.fft.irfft(spectra.expand(2, *spectra.shape[1:]), size)[:1]  # see above
    return torch.fft.irfft(spectra, size)


@lru_cache(maxsize=256)
def block_size(length: int, before: int, signals: int = 1, responses: int = 1) -> int:
    """Return the length of block for which all transforms together should take the least time.

    Args:
        length: samples of the result.
        before: samples of the past that each block needs beside its own.
        signals: how many of that length.
        responses: how many are transformed beside them.

    >>> block_size(1000, 200), block_size(80_000, 12_799), block_size(80_000, 12_799, 64)
    (1200, 25600, 93312)
    """
    whole = fast_length(length + before)
    sizes = [fast_length(max(LEAST_BLOCK, k * before)) for k in (1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8)]
    sizes = [size for size in sizes if before < size < whole]

    def work(size: int) -> float:
        rows = max(2, signals * -(-length // (size - before)))
        return (rows + CALL_ROWS + responses / 2) * size * math.log2(size)

    return min([whole, *sizes], key=work)


def fast_length(least: float) -> int:
    """Return the smallest even length with no prime factor above 5, at least `least`.

    >>> fast_length(1023), fast_length(95_999)
    (1024, 96000)
    """
    least = math.ceil(least)
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
