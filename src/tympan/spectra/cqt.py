"""The constant-Q transform: bins spaced as musical notes are.

J. C. Brown, "Calculation of a constant Q spectral transform", JASA 89 (1991); computed octave by
octave, halving the rate each time: C. Schörkhuber, A. Klapuri, "Constant-Q transform toolbox for
music processing", SMC 2010.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tympan.errors import ArgumentError, ShapeError
from tympan.spectra._constants import WithConstants, narrowed, widened
from tympan.spectra._decimate import HalveRate
from tympan.spectra._frames import Framing, is_traced, use_fast_path
from tympan.spectra._module import magnitude, project
from tympan.spectra.windows import window as window_samples

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

C1_HZ = 440.0 * 2 ** (-45 / 12)


@dataclass(frozen=True)
class _Octave:
    """One octave: at which rate and hop it is computed, and how often the rate was halved."""

    rate_hz: float
    hop: int
    halvings: int
    first: int
    last: int


class ConstantQ(WithConstants):
    """Constant-Q transform: samples (..., t) → (..., n_bins, n), magnitudes or complex.

        C[k, n] = sqrt(N_k) sum_i w_k[i] x[n hop + i] exp(-2 pi j f_k i / rate),  sum(w_k) = 1

    with f_k = f_min_hz 2^(k / bins_per_octave) and a window of N_k = Q rate / f_k samples centred
    on the frame. A sine of amplitude A on a bin gives sqrt(N_k) A / 2: divide by
    `sqrt(module.lengths) / 2` for amplitudes. Equal to `librosa.cqt(sparsity=0, tuning=0)`.

    Args:
        rate_hz: sample rate of the signal.
        hop: samples from one frame to the next. The lower octaves are computed at halved rates as
            long as the hop can be halved too: 2^(octaves - 1) as a factor makes it fastest.
        f_min_hz: frequency of the lowest bin; C1 = 32.70 Hz by default.
        n_bins: number of bins.
        bins_per_octave: 12 for semitones.
        filter_scale: below 1: shorter windows, sharper in time and less so in frequency.
        output: `"magnitude"` or `"complex"`.
        tuning: fractions of a bin by which all frequencies are moved, see `estimate_tuning`.

    Raises:
        ArgumentError: the highest bin reaches past half the rate.

    >>> t = torch.arange(22050) / 22050
    >>> cqt = ConstantQ(22050, n_bins=60)
    >>> int(cqt(torch.sin(2 * torch.pi * 440 * t))[:, 20].argmax())  # A4, 45 semitones above C1
    45
    """

    lengths: Tensor

    def __init__(
        self,
        rate_hz: int = 22050,
        hop: int = 512,
        f_min_hz: float = C1_HZ,
        n_bins: int = 84,
        bins_per_octave: int = 12,
        filter_scale: float = 1.0,
        output: str = "magnitude",
        tuning: float = 0.0,
    ) -> None:
        super().__init__()
        if min(f_min_hz, n_bins, bins_per_octave, filter_scale, hop) <= 0:
            raise ArgumentError(
                "f_min_hz, n_bins, bins_per_octave, filter_scale and hop must be above 0"
            )
        if output not in ("magnitude", "complex"):
            raise ArgumentError(f"output {output!r} is unknown", fix='"magnitude" or "complex"')
        self.rate_hz, self.hop, self.output = rate_hz, hop, output
        f_min_hz *= 2.0 ** (tuning / bins_per_octave)
        self.frequencies_hz = f_min_hz * 2.0 ** (np.arange(n_bins) / bins_per_octave)
        ratio = 2.0 ** (2 / bins_per_octave)
        quality = filter_scale * (ratio + 1) / (ratio - 1)
        # A Hann window's main lobe is 1.5 bins wide in the mean.
        reach = self.frequencies_hz[-1] * (1 + 0.5 * 1.50018310546875 / quality) / (rate_hz / 2)
        if reach > 1:
            raise ArgumentError(
                f"the highest bin, {self.frequencies_hz[-1]:.0f} Hz, reaches past half the rate",
                fix="use fewer bins, a lower f_min_hz or a higher rate",
            )
        lengths = quality * rate_hz / self.frequencies_hz
        self.add_constant("lengths", lengths)
        octaves = -(-n_bins // bins_per_octave)
        early = _early_halvings(reach, hop, octaves)
        self._octaves = _octaves(rate_hz, hop, n_bins, bins_per_octave, early)
        for i, octave in enumerate(self._octaves):
            span = slice(octave.first, octave.last)
            kernel = _kernel(self.frequencies_hz[span], octave, quality, lengths[span])
            self.add_constant(f"kernel_{i}", kernel)
        self.halve = HalveRate()

    def forward(self, x: Tensor | Clip) -> Tensor:
        """Samples (..., t), or a clip (c, t) → (..., n_bins, n)."""
        x = self.samples(x)
        real, imag = self._parts(widened(x).reshape(-1, x.shape[-1]))
        out = torch.complex(real, imag) if self.output == "complex" else magnitude(real, imag)
        return narrowed(out, x).reshape(*x.shape[:-1], *out.shape[-2:])

    def inverse(self, spec: Tensor, length: int | None = None, num_iterations: int = 15) -> Tensor:
        """The signal whose transform is nearest to `spec`: complex (..., n_bins, n) → (..., t).

        Least squares by conjugate gradients (M. R. Hestenes, E. Stiefel, "Methods of conjugate
        gradients for solving linear systems", 1952), each bin weighted by its bandwidth. What lies
        outside the bins is lost, and so is what falls between frames where the hop is longer than
        the windows of the high bins. No gradient is passed on.

        Args:
            spec: the transform, of `output="complex"`.
            length: samples to return; `(n - 1) * hop` by default.
            num_iterations: rounds; each takes as long as two transforms.

        Raises:
            ShapeError: not complex, or another number of bins.

        >>> x = torch.sin(torch.arange(4096) * 0.2)
        >>> cqt = ConstantQ(22050, 64, n_bins=72, output="complex")
        >>> bool((cqt.inverse(cqt(x), 4096) - x)[500:-500].abs().max() < 0.02)
        True
        """
        bins = len(self.frequencies_hz)
        if not spec.is_complex() or spec.ndim < 2 or spec.shape[-2] != bins:
            raise ShapeError(
                f"expected a complex transform (..., {bins}, n), got {spec.dtype} "
                f"{tuple(spec.shape)}"
            )
        length = (spec.shape[-1] - 1) * self.hop if length is None else length
        flat = spec.detach().reshape(-1, bins, spec.shape[-1])
        count = min(flat.shape[-1], 1 + length // self.hop)
        weight = self.constant("lengths", flat.dtype)[:, None].rsqrt()
        wanted = torch.cat([flat.real, flat.imag], dim=1)[..., :count] * weight.repeat(2, 1)

        def transform(y: Tensor) -> Tensor:
            return torch.cat(self._parts(y), dim=1)[..., :count] * weight.repeat(2, 1)

        x = _least_squares(transform, wanted, length, num_iterations)
        return x.reshape(*spec.shape[:-2], length)

    def _parts(self, flat: Tensor) -> tuple[Tensor, Tensor]:
        """Real and imaginary parts (b, k, n) of the transform of (b, t)."""
        count = 1 + flat.shape[-1] // self.hop
        pieces, halvings = [], 0
        for i, octave in enumerate(self._octaves):
            while halvings < octave.halvings:
                flat, halvings = self.halve(flat), halvings + 1
            pieces.append(
                self._octave(flat, self.constant(f"kernel_{i}", flat.dtype), octave.hop, count)
            )
        real = torch.cat([piece[0] for piece in reversed(pieces)], dim=1)
        imag = torch.cat([piece[1] for piece in reversed(pieces)], dim=1)
        return real, imag

    def _octave(self, x: Tensor, kernel: Tensor, hop: int, count: int) -> tuple[Tensor, Tensor]:
        """Real and imaginary parts (b, k, n) of one octave's bins; kernel is (2 k, n_fft)."""
        framing, bins = Framing(kernel.shape[1], hop), kernel.shape[0] // 2
        if is_traced():
            out = functional.conv1d(framing.padded(x)[:, None], kernel[:, None], stride=hop)
        elif use_fast_path(x) and kernel.dtype == x.dtype:
            out = x.new_empty(x.shape[0], 2 * bins, framing.num_frames(x.shape[-1]))
            with torch.no_grad(), torch.autocast("cpu", enabled=False):
                for row, target in zip(x, out, strict=True):
                    for first, last, frames in framing.chunks(row):
                        torch.mm(kernel, frames.T, out=target[:, first:last])
        else:
            out = project(kernel, framing.frames(x).transpose(-1, -2))
        return out[:, :bins, :count], out[:, bins:, :count]

    def extra_repr(self) -> str:
        return f"rate_hz={self.rate_hz}, hop={self.hop}, n_bins={len(self.frequencies_hz)}"


def _least_squares(
    transform: Callable[[Tensor], Tensor], wanted: Tensor, length: int, num_iterations: int
) -> Tensor:
    """The x (b, length) of which a linear transform is nearest to `wanted` (b, k, n)."""
    with torch.enable_grad():
        zero = wanted.new_zeros(len(wanted), length, requires_grad=True)
        image = transform(zero)

    def transposed(y: Tensor) -> Tensor:
        # A linear transform's gradient is its transpose, wherever it is taken.
        return torch.autograd.grad(image, zero, y, retain_graph=True)[0]

    with torch.no_grad():
        x, rest = torch.zeros_like(zero), wanted
        slope = transposed(rest)
        way, power = slope, (slope * slope).sum(-1, keepdim=True)
        tiny = torch.finfo(power.dtype).tiny
        for _ in range(num_iterations):
            step = transform(way)
            scale = power / (step * step).sum((-2, -1)).unsqueeze(-1).clamp(min=tiny)
            x = x + scale * way
            rest = rest - scale[..., None] * step
            slope = transposed(rest)
            before, power = power, (slope * slope).sum(-1, keepdim=True)
            way = slope + power / before.clamp(min=tiny) * way
    return x


def _early_halvings(reach: float, hop: int, octaves: int) -> int:
    """How often the rate can be halved before the highest octave, as librosa does."""
    twos = (hop & -hop).bit_length() - 1
    allowed = math.ceil(math.log2(1 / reach)) - 2
    return max(0, min(allowed, twos - octaves + 1))


def _octaves(
    rate_hz: int, hop: int, n_bins: int, bins_per_octave: int, early: int
) -> list[_Octave]:
    """The octaves from the highest down; the rate halves while the hop can."""
    octaves, halvings, last = [], early, n_bins
    while last > 0:
        first = max(0, last - bins_per_octave)
        octaves.append(_Octave(rate_hz / 2**halvings, hop >> halvings, halvings, first, last))
        halvings += (hop >> halvings) % 2 == 0
        last = first
    return octaves


def _kernel(
    frequencies_hz: np.ndarray, octave: _Octave, quality: float, lengths: np.ndarray
) -> np.ndarray:
    """Real, then imaginary parts of the filters of one octave, float64 (2 k, n_fft)."""
    own = quality * octave.rate_hz / frequencies_hz
    n_fft = 2 ** math.ceil(math.log2(own.max()))
    kernel = np.zeros((len(own), n_fft), dtype=np.complex128)
    for row, frequency_hz, length in zip(kernel, frequencies_hz, own, strict=True):
        place = np.arange(-length // 2, length // 2)
        wavelet = np.exp(2j * np.pi * frequency_hz / octave.rate_hz * place)
        shape = window_samples("hann", len(place))
        wavelet *= shape / shape.sum()
        left = (n_fft - len(place)) // 2
        row[left : left + len(place)] = wavelet
    # A window of odd length reaches one sample further before the centre; only positive
    # frequencies are kept. The filter meets the frame turned round about the centre.
    spectra = np.fft.fft(kernel)
    spectra[:, n_fft // 2 + 1 :] = 0
    analytic = np.fft.ifft(spectra) * np.sqrt(lengths)[:, None]
    analytic = np.roll(analytic[:, ::-1], 1, axis=1)
    return np.concatenate([analytic.real, analytic.imag])
