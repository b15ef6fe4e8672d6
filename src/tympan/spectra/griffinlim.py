"""Griffin-Lim: a signal for a spectrogram without phases."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tympan.errors import ArgumentError, ShapeError
from tympan.spectra._constants import narrowed, widened
from tympan.spectra._frames import is_traced
from tympan.spectra._module import magnitude as magnitude_of
from tympan.spectra.stft import STFT
from tympan.spectra.windows import WindowSpec


class GriffinLim(nn.Module):
    """A signal whose spectrogram is near the one given: magnitude (..., f, n) → samples (..., t).

    Alternates between the nearest transform of a real signal and the transform with the magnitudes
    wanted: D. W. Griffin, J. S. Lim, "Signal estimation from modified short-time Fourier
    transform", IEEE Trans. ASSP 32 (1984); with momentum: N. Perraudin, P. Balazs, P. L.
    Søndergaard, "A fast Griffin-Lim algorithm", WASPAA 2013. Equal to
    `librosa.griffinlim(init=None)` for `initial="zero"`.

    Args:
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        win: samples of the window; `n_fft` by default.
        window: see `tympan.spectra.windows.window`.
        center: as the spectrogram was made.
        pad_mode: as the spectrogram was made.
        power: the exponent of the spectrogram given: 1 magnitude, 2 power.
        num_iterations: rounds.
        momentum: 0 is the method of 1984; 0.99 converges faster and further.
        initial: phases to begin with: `"random"` (seeded) or `"zero"`.
        seed: of the random phases; a `generator` given to the call comes before it.

    >>> from tympan.spectra import Spectrogram
    >>> x = torch.sin(torch.arange(4000) * 0.2)
    >>> magnitude = Spectrogram(256, 64, power=1.0)(x)
    >>> GriffinLim(256, 64)(magnitude, length=4000).shape
    torch.Size([4000])
    """

    def __init__(
        self,
        n_fft: int = 1024,
        hop: int = 256,
        win: int | None = None,
        window: WindowSpec = "hann",
        center: bool = True,
        pad_mode: str = "constant",
        power: float = 1.0,
        num_iterations: int = 32,
        momentum: float = 0.99,
        initial: str = "random",
        seed: int = 0,
    ) -> None:
        super().__init__()
        if power <= 0:
            raise ArgumentError(f"power is {power}", fix="1 for magnitude, 2 for power")
        if num_iterations < 0 or momentum < 0:
            raise ArgumentError("num_iterations and momentum cannot be negative")
        if initial not in ("random", "zero"):
            raise ArgumentError(f"initial {initial!r} is unknown", fix='"random" or "zero"')
        self.stft = STFT(n_fft, hop, win, window, center, pad_mode)
        self.power, self.num_iterations, self.momentum = power, num_iterations, momentum
        self.initial, self.seed = initial, seed

    def forward(
        self, magnitude: Tensor, length: int | None = None, generator: torch.Generator | None = None
    ) -> Tensor:
        """Magnitude (..., f, n) → samples (..., t)."""
        if magnitude.ndim < 2 or magnitude.shape[-2] != self.stft.num_bins:
            raise ShapeError(
                f"expected a spectrogram (..., {self.stft.num_bins}, n), "
                f"got {tuple(magnitude.shape)}"
            )
        wanted = widened(magnitude)
        wanted = wanted if self.power == 1 else wanted.pow(1 / self.power)
        spec = wanted * self._phases(wanted, generator)
        pull, before = self.momentum / (1 + self.momentum), None
        tiny = torch.finfo(wanted.dtype).tiny
        for _ in range(self.num_iterations):
            rebuilt = self.stft(self.stft.inverse(spec, length))
            # What the frames past the end would hold is unknown: keep the number of columns.
            rebuilt = _fit(rebuilt, wanted.shape[-1])
            guess = rebuilt if before is None else rebuilt - pull * before
            before = rebuilt
            # The unit phase first: where nothing is known it is 0, not 0 times infinity.
            spec = guess / (magnitude_of(guess.real, guess.imag) + tiny) * wanted
        return narrowed(self.stft.inverse(spec, length), magnitude)

    def _phases(self, like: Tensor, generator: torch.Generator | None) -> Tensor:
        """Unit complex numbers to begin with."""
        if self.initial == "zero":
            return torch.ones_like(like).to(like.dtype.to_complex())
        if is_traced():
            # A graph draws from its runtime's own generator.
            return torch.polar(torch.ones_like(like), 2 * torch.pi * torch.rand_like(like))
        if generator is None:
            generator = torch.Generator(like.device).manual_seed(self.seed)
        turns = torch.rand(like.shape, generator=generator, device=like.device, dtype=like.dtype)
        return torch.polar(torch.ones_like(like), 2 * torch.pi * turns)

    def extra_repr(self) -> str:
        return f"num_iterations={self.num_iterations}, momentum={self.momentum}"


def _fit(spec: Tensor, count: int) -> Tensor:
    """Cut or zero-pad the frames to `count`."""
    if spec.shape[-1] == count:
        return spec
    return nn.functional.pad(spec, (0, count - spec.shape[-1]))
