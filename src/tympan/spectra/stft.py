"""The short-time Fourier transform, its exact inverse, and the spectrogram.

Natural units: a transform is neither scaled nor normalised, as in librosa and `torch.stft`: a sine
of amplitude A on a bin gives |X| = A * sum(window) / 2. `tympan.spectra.spectrum` gives amplitudes.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tympan.errors import ArgumentError, ShapeError
from tympan.spectra._frames import CHUNK_SAMPLES, Framing, is_traced, use_fast_path
from tympan.spectra._module import FrameModule
from tympan.spectra._overlap import cover, invert_in_chunks, overlap_add
from tympan.spectra.windows import WindowSpec, window


class STFT(FrameModule):
    """Short-time Fourier transform: samples (..., t) → complex (..., f, n), f = n_fft // 2 + 1.

        X[f, n] = sum_i window[i] x[n hop + i - n_fft / 2] exp(-2 pi j f i / n_fft)

    Equal to `librosa.stft` and `torch.stft`; long signals are processed in pieces that stay in the
    cache. J. B. Allen, L. R. Rabiner, "A unified approach to short-time Fourier analysis and
    synthesis", Proc. IEEE 65 (1977).

    Args:
        n_fft: samples of a frame and of its transform.
        hop: samples from one frame to the next.
        win: samples of the window, centred in the frame; `n_fft` by default.
        window: see `tympan.spectra.windows.window`.
        center: frame `i` is centred on sample `i * hop`, the signal being padded by `n_fft // 2`.
        pad_mode: what the padding holds: `"constant"` (zeros), `"reflect"`, `"replicate"`.

    >>> stft = STFT(n_fft=256, hop=64)
    >>> x = torch.sin(torch.arange(1000) * 0.3)
    >>> stft(x).shape
    torch.Size([129, 16])
    >>> torch.allclose(stft.inverse(stft(x), length=1000), x, atol=1e-5)
    True
    """

    window: Tensor

    def __init__(
        self,
        n_fft: int = 1024,
        hop: int = 256,
        win: int | None = None,
        window: WindowSpec = "hann",
        center: bool = True,
        pad_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.framing = Framing(n_fft, hop, center, pad_mode)
        self.n_fft, self.hop, self.win = n_fft, hop, n_fft if win is None else win
        self.num_bins = n_fft // 2 + 1
        samples = _padded_window(window, self.win, n_fft)
        squares = np.pad(samples**2, (0, -n_fft % hop)).reshape(-1, hop).sum(0)
        self._covers = bool(squares.min() > 1e-10)
        self.add_constant("window", samples)

    def compute(self, x: Tensor, framing: Framing) -> Tensor:
        if is_traced():
            real, imag = self.real_imag(x, framing)
            return torch.complex(real, imag)
        # A short signal is at its fastest in one piece.
        short = x.numel() // framing.hop * self.n_fft <= 4 * CHUNK_SAMPLES
        if short or not self.is_fast(x):
            window = self.constant("window", x.dtype)
            return torch.fft.rfft(framing.frames(x) * window).transpose(-1, -2)
        shape = x.shape[0], framing.num_frames(x.shape[-1]), self.num_bins
        out = torch.empty(shape, dtype=torch.complex64)
        with torch.no_grad():
            for row, target in zip(x, out, strict=True):
                for first, last, frames in framing.chunks(row):
                    target[first:last] = torch.fft.rfft(frames * self.window)
        # A view, as of torch.stft: each frame lies in one piece.
        return out.transpose(-1, -2)

    def is_fast(self, x: Tensor) -> bool:
        """Whether the transform of `x` may be written piece by piece into a new tensor."""
        return use_fast_path(x) and self.window.dtype == torch.float32

    def real_imag(self, x: Tensor, framing: Framing) -> tuple[Tensor, Tensor]:
        """Real and imaginary part (b, f, n) as a convolution with the Fourier matrix.

        Slower than the fast transform, but of operators every exporter and runtime knows.
        """
        kernel = self.fourier_kernel().to(x.dtype)
        out = functional.conv1d(framing.padded(x)[:, None], kernel, stride=framing.hop)
        return out[:, : self.num_bins], out[:, self.num_bins :]

    def fourier_kernel(self) -> Tensor:
        """Windowed cosines, then negative sines: (2 f, 1, n_fft), a constant of the graph."""
        place = torch.arange(self.n_fft, device=self.window.device)
        turns = (place[: self.num_bins, None] * place) % self.n_fft
        angle = turns.to(self.window.dtype) * (2 * math.pi / self.n_fft)
        return (torch.cat([torch.cos(angle), -torch.sin(angle)]) * self.window)[:, None]

    def power(self, x: Tensor, framing: Framing) -> Tensor:
        """|X|² as a differentiable tensor (b, f, n)."""
        if is_traced():
            real, imag = self.real_imag(x, framing)
        else:
            window = self.constant("window", x.dtype)
            spec = torch.fft.rfft(framing.frames(x) * window).transpose(-1, -2)
            real, imag = spec.real, spec.imag
        return real * real + imag * imag

    def inverse(self, spec: Tensor, length: int | None = None) -> Tensor:
        """The signal whose transform is nearest to `spec`: complex (..., f, n) → (..., t).

        Weighted overlap-add, the least-squares inverse (Griffin & Lim 1984): exact for a transform
        of a real signal wherever a window reaches (with `center=False` and a window that begins
        at zero, the first sample is not reached and comes out as zero).

        Args:
            spec: the transform.
            length: samples to return; by default `(n - 1) * hop` with `center`, else all.

        Raises:
            ArgumentError: hop and window leave gaps that no frame covers.
        """
        if spec.ndim < 2 or spec.shape[-2] != self.num_bins:
            raise ShapeError(
                f"expected a transform (..., f, n), f = {self.num_bins}, got {tuple(spec.shape)}"
            )
        self._check_coverage()
        lead, count = spec.shape[:-2], spec.shape[-1]
        flat = spec.reshape(-1, self.num_bins, count)
        signal = self._weighted_sum(flat)
        covered = cover(self.constant("window", signal.dtype), self.hop, count, signal.dtype)
        # Where no window reaches, nothing is known: zero.
        unknown = covered <= torch.finfo(covered.dtype).tiny
        signal = signal / covered.masked_fill(unknown, 1.0)
        pad = self.framing.pad
        if length is None:
            length = (count - 1) * self.hop if self.framing.center else signal.shape[-1]
        signal = signal[:, pad : pad + length]
        signal = functional.pad(signal, (0, length - signal.shape[-1]))
        return signal.reshape(*lead, length)

    def _weighted_sum(self, spec: Tensor) -> Tensor:
        """Overlap-added, windowed inverse transforms: (b, f, n) → (b, (n - 1) hop + n_fft)."""
        if is_traced():
            parts = torch.cat([spec.real, spec.imag], dim=1)
            kernel = self.inverse_kernel().to(parts.dtype)
            return functional.conv_transpose1d(parts, kernel, stride=self.hop)[:, 0]
        if use_fast_path(spec, torch.complex64) and self.window.dtype == torch.float32:
            with torch.no_grad():
                return invert_in_chunks(spec, self.window, self.hop)
        frames = torch.fft.irfft(spec.transpose(-1, -2), n=self.n_fft, dim=-1)
        return overlap_add(frames * self.constant("window", frames.dtype), self.hop)

    def inverse_kernel(self) -> Tensor:
        """The inverse of `fourier_kernel`, windowed too: (2 f, 1, n_fft)."""
        bins = torch.arange(2 * self.num_bins, device=self.window.device) % self.num_bins
        single = (bins == 0) | (2 * bins == self.n_fft)
        weight = torch.where(single, 1.0, 2.0) / self.n_fft
        return self.fourier_kernel() * weight.to(self.window.dtype)[:, None, None]

    def _check_coverage(self) -> None:
        """Raise unless every sample lies under some window (the NOLA condition)."""
        if not self._covers:
            raise ArgumentError(
                f"a hop of {self.hop} leaves samples that no window of {self.win} covers",
                fix="use a smaller hop",
            )

    def extra_repr(self) -> str:
        return f"n_fft={self.n_fft}, hop={self.hop}, win={self.win}, center={self.framing.center}"


class Spectrogram(FrameModule):
    """Power (or magnitude) spectrogram: samples (..., t) → (..., f, n), |X|^power.

    Args:
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        win: samples of the window; `n_fft` by default.
        window: see `tympan.spectra.windows.window`.
        center: frame `i` is centred on sample `i * hop`.
        pad_mode: see `STFT`.
        power: 2 for power, 1 for magnitude, or any positive exponent.

    >>> Spectrogram(n_fft=256, hop=64)(torch.zeros(2, 1, 1000)).shape
    torch.Size([2, 1, 129, 16])
    """

    def __init__(
        self,
        n_fft: int = 1024,
        hop: int = 256,
        win: int | None = None,
        window: WindowSpec = "hann",
        center: bool = True,
        pad_mode: str = "constant",
        power: float = 2.0,
    ) -> None:
        super().__init__()
        if power <= 0:
            raise ArgumentError(f"power is {power}", fix="2 for power, 1 for magnitude")
        self.stft = STFT(n_fft, hop, win, window, center, pad_mode)
        self.framing, self.power = self.stft.framing, power

    def compute(self, x: Tensor, framing: Framing) -> Tensor:
        if not self.stft.is_fast(x):
            return _raise_power(self.stft.power(x, framing), self.power)
        out = torch.empty(x.shape[0], self.stft.num_bins, framing.num_frames(x.shape[-1]))
        with torch.no_grad():
            for row, target in zip(x, out, strict=True):
                for first, last, frames in framing.chunks(row):
                    pairs = torch.view_as_real(torch.fft.rfft(frames * self.stft.window)).square_()
                    piece = target[:, first:last]
                    torch.add(pairs[..., 0].T, pairs[..., 1].T, out=piece)
                    if self.power == 1:
                        piece.sqrt_()
                    elif self.power != 2:
                        piece.pow_(self.power / 2)
        return out

    def extra_repr(self) -> str:
        return f"power={self.power}"


def _raise_power(power: Tensor, exponent: float) -> Tensor:
    """|X|² → |X|^exponent, with a gradient of zero (not infinity) at silence."""
    if exponent == 2:
        return power
    if exponent > 2:
        return power.pow(exponent / 2)
    silent = power <= 0
    return torch.where(silent, 0.0, torch.where(silent, 1.0, power).pow(exponent / 2))


def _padded_window(spec: WindowSpec, win: int, n_fft: int) -> np.ndarray:
    """The window, centred in a frame of zeros: (n_fft,)."""
    if not 1 <= win <= n_fft:
        raise ArgumentError(f"win is {win}", fix=f"between 1 and n_fft = {n_fft}")
    left = (n_fft - win) // 2
    return np.pad(window(spec, win), (left, n_fft - win - left))
