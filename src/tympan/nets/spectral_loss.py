"""How far apart two waves are, seen through short-time spectra of several resolutions."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tympan.nets.blocks import check_axes
from tympan.spectra.stft import STFT

_FLOOR = 1e-5


class SpectralDistance(nn.Module):
    """Distance of the short-time magnitudes of two waves, and of their logarithms.

    The mean over resolutions of

        sum w ||X| - |Y|| / sum w |X|  +  mean w |log(|X| + ε) - log(|Y| + ε)|

    without phases, so that waves need not agree sample by sample: Yamamoto et al., *Parallel
    WaveGAN*, ICASSP 2020, with absolute values in place of squares. Bins weigh w = 1 / (1 + f /
    1 kHz), about as bands of the mel scale do.

    Of a wave that holds noise no single guess is right, and the one that is nearest on average is
    no noise. `energy_distance` is the same for two guesses that differ by their noise alone, less
    half of what lies between them, and is least if noise is as noise is: Gritsenko et al., *A
    Spectral Energy Distance for Parallel Speech Synthesis*, NeurIPS 2020.

    Args:
        rate_hz: sample rate.
        sizes: samples of the frames of each resolution; hops are a quarter of it.

    >>> distance = SpectralDistance(24000)
    >>> x = torch.randn(2, 24000)
    >>> distance(x, x)
    tensor([0., 0.])
    """

    def __init__(self, rate_hz: int, sizes: Sequence[int] = (256, 512, 1024, 2048)) -> None:
        super().__init__()
        self.sizes = tuple(sizes)
        self.stfts = nn.ModuleList(STFT(size, size // 4) for size in self.sizes)
        for size in self.sizes:
            hz = torch.arange(size // 2 + 1) * (rate_hz / size)
            weight = 1 / (1 + hz / 1000)
            self.register_buffer(f"weight_{size}", (weight / weight.mean())[:, None], False)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """The wave wanted and one found, (b, t) each → (b,)."""
        return self._mean(x, [(x, y, 1.0)])

    def energy_distance(self, x: Tensor, y1: Tensor, y2: Tensor) -> Tensor:
        """The wave wanted and two found, (b, t) each → (b,): d(x, y1) + d(x, y2) - d(y1, y2).

        A constant more than half the energy distance: it is not 0 at its least.
        """
        return self._mean(x, [(x, y1, 1.0), (x, y2, 1.0), (y1, y2, -1.0)])

    def _mean(self, x: Tensor, pairs: list[tuple[Tensor, Tensor, float]]) -> Tensor:
        """The weighted sum of the distances of pairs, all in proportion to the magnitudes of x."""
        check_axes(x, "b t", type(self).__name__)
        total = x.new_zeros(len(x))
        for size, stft in zip(self.sizes, self.stfts, strict=True):
            weight: Tensor = getattr(self, f"weight_{size}")
            seen: dict[int, tuple[Tensor, Tensor]] = {}
            for one in (wave for pair in pairs for wave in pair[:2]):
                if id(one) not in seen:
                    magnitude = _magnitude(stft(one))
                    seen[id(one)] = magnitude, (magnitude + _FLOOR * size).log()
            scale = (weight * seen[id(x)][0]).mean((1, 2)).clamp(min=_FLOOR * size)
            for a, b, sign in pairs:
                (plain_a, log_a), (plain_b, log_b) = seen[id(a)], seen[id(b)]
                plain = (weight * (plain_a - plain_b).abs()).mean((1, 2)) / scale
                total = total + sign * (plain + (weight * (log_a - log_b).abs()).mean((1, 2)))
        return total / len(self.sizes)


def _magnitude(spec: Tensor) -> Tensor:
    """|X|, with a gradient at silence."""
    return (spec.real.square() + spec.imag.square() + 1e-12).sqrt()
