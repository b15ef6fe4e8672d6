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
# Spectra of so many numbers are kept (at most 32 MB), for so many lengths of block.
KEPT_NUMBERS, KEPT_LENGTHS = 1 << 23, 4
# What a call costs beside its rows, in rows: the first are transformed more slowly.
CALL_ROWS = 2.0


def convolve(
    x: Tensor,
    response: Tensor,
    lead: int = 0,
    which: Tensor | None = None,
    length: int | None = None,
    kept: KeptSpectra | None = None,
) -> Tensor:
    """Return `length` samples of the convolution from sample `lead` on.

    Args:
        x: signals (b, c, t).
        response: impulse responses (b, r), or (m, r) with `which`.
        lead: samples to leave out at the start, the delay of the response.
        which: number (b,) of each item's response, if several share one: it is transformed once.
        length: samples of the result; as long as `x` if None.
        kept: keeps the spectra of shared responses for the next call with the same ones.

    >>> x = torch.tensor([[[1.0, 2.0, 3.0]]])
    >>> convolve(x, torch.tensor([[0.0, 1.0, 1.0]]), 1)
    tensor([[[1., 3., 5.]]])
    """
    b, c, t = x.shape
    length = t if length is None else length
    response = response[:, : length + lead]
    before = response.shape[1] - 1  # samples of the past that a block needs
    keeps = kept is not None and which is not None and kept.takes(response, length + before)
    size = block_size(length, before, b * c, 0 if keeps else len(response))
    count = -(-length // (size - before))
    # Block k begins `before` samples ahead of its first result.
    x = pad(x, (max(0, before - lead), count * (size - before) + lead - t))
    x = x[..., max(0, lead - before) :]
    blocks = x.unfold(2, size, size - before)  # (b, c, count, size)
    step = max(1, GROUP_NUMBERS // (size * c * count))
    spectrum = None
    if keeps and kept is not None:
        spectrum = kept.spectra(response, size)
    elif which is not None:
        used, which = which.unique(return_inverse=True)
        response = response[used]
        spectrum = _forward(pad(response, (0, size - response.shape[1]))) if step < b else None
    if spectrum is None:
        response = pad(response, (0, size - response.shape[1]))
    pieces = []
    for first in range(0, b, step):
        rows = slice(first, first + step)
        if spectrum is not None and which is not None:
            y = _inverse(_forward(blocks[rows]), spectrum[which[rows]], size)
        else:
            y = _filtered(blocks[rows], response if which is not None else response[rows], which)
        pieces.append(y[..., before:].flatten(2)[..., :length])
    return pieces[0] if len(pieces) == 1 else torch.cat(pieces)


class KeptSpectra:
    """Spectra of responses that are used again and again, for the last few lengths of block.

    A copy, and what another process gets, begins empty.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[object, ...], Tensor] = {}

    def takes(self, responses: Tensor, longest: int) -> bool:
        """Whether the spectra of responses `(m, r)` may be kept: they take little memory."""
        return len(responses) * longest <= KEPT_NUMBERS and not responses.requires_grad

    def spectra(self, responses: Tensor, size: int) -> Tensor:
        """The spectra `(m, f)` of responses `(m, r)`, always the same ones, in blocks of `size`."""
        key = (size, responses.shape[1], responses.dtype, responses.device)
        if key not in self._found:
            while len(self._found) >= KEPT_LENGTHS:
                self._found.pop(next(iter(self._found)))
            self._found[key] = torch.fft.rfft(responses, size)
        return self._found[key]

    def __reduce__(self) -> tuple[type[KeptSpectra], tuple[()]]:
        return KeptSpectra, ()


def _filtered(blocks: Tensor, response: Tensor, which: Tensor | None) -> Tensor:
    """Return blocks (b, c, count, size) convolved in circles with responses (m, size)."""
    size, m = response.shape[1], len(response)
    # All at once: MKL takes four times as long for the transform of one row alone as for each of
    # several.
    spectra = torch.fft.rfft(torch.cat([blocks.reshape(-1, size), response]))
    of_responses = spectra[-m:] if which is None else spectra[-m:][which]
    return _inverse(spectra[:-m].unflatten(0, blocks.shape[:3]), of_responses, size)


def _forward(rows: Tensor) -> Tensor:
    """Return the spectra of signals (…, size)."""
    if not _is_alone(rows):
        return torch.fft.rfft(rows)
    from scipy.fft import rfft

    return torch.from_numpy(rfft(rows.numpy()))


def _inverse(blocks: Tensor, responses: Tensor, size: int) -> Tensor:
    """Return the signals (b, c, count, size) of spectra times those of the responses (b, f)."""
    spectra = blocks * responses[:, None, None]
    if not _is_alone(spectra):
        return torch.fft.irfft(spectra, size)
    from scipy.fft import irfft

    return torch.from_numpy(irfft(spectra.numpy(), size, overwrite_x=True))


def _is_alone(x: Tensor) -> bool:
    """Whether it is one row on the processor, which SciPy transforms in less time than MKL."""
    one = x.numel() == x.shape[-1] and x.device.type == "cpu" and not x.requires_grad
    return one and x.dtype in (torch.float32, torch.float64, torch.complex64, torch.complex128)


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
        rows = signals * -(-length // (size - before))
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
