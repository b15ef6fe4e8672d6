"""A Fourier transform of matrix products alone, for files that leave tympan."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


class PowerInTwoSteps(nn.Module):
    """|X|² of frames, by the two smaller transforms that the large one is made of.

    The fast transform is no operator that every runtime knows, and a table of sines for a frame of
    4096 samples takes 67 MB. Split in two (J. W. Cooley, J. W. Tukey, "An algorithm for the machine
    calculation of complex Fourier series", Math. Comp. 19, 1965) it is three small tables: with
    N = P Q, i = Q i₁ + i₂ and f = f₁ + P f₂,

        X[f] = Σ_i₂ exp(-2πj i₂ f₂ / Q) · exp(-2πj i₂ f₁ / N) · Σ_i₁ x[i] exp(-2πj i₁ f₁ / P)

    Args:
        n_fft: samples of a frame, N.

    >>> frames = torch.randn(2, 3, 96)
    >>> expected = torch.fft.rfft(frames).abs().square()
    >>> torch.allclose(PowerInTwoSteps(96)(frames), expected, atol=1e-3)
    True
    """

    first: Tensor
    turn: Tensor
    second: Tensor

    def __init__(self, n_fft: int) -> None:
        super().__init__()
        p = max(one for one in range(1, math.isqrt(n_fft) + 1) if n_fft % one == 0)
        q = n_fft // p
        self.n_fft, self.p, self.q = n_fft, p, q
        # Of a real signal half of the frequencies tell all: f₂ goes to Q / 2.
        self.columns = q // 2 + 1
        for name, rows, columns, period in (
            ("first", p, p, p), ("turn", p, q, n_fft), ("second", q, self.columns, q),
        ):  # fmt: skip
            place = torch.arange(rows)[:, None] * torch.arange(columns) % period
            angle = place.double() * (2 * math.pi / period)
            table = torch.stack([angle.cos(), -angle.sin()]).float()
            self.register_buffer(name, table, persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """`(b, n, n_fft)`, windowed → `(b, n, n_fft // 2 + 1)`."""
        b, n, _ = frames.shape
        x = frames.reshape(b, n, self.p, self.q)
        real, imag = self.first[0] @ x, self.first[1] @ x
        cos, sin = self.turn[0], self.turn[1]
        real, imag = real * cos - imag * sin, real * sin + imag * cos
        cos, sin = self.second[0], self.second[1]
        real, imag = real @ cos - imag @ sin, real @ sin + imag @ cos
        power = (real.square() + imag.square()).transpose(2, 3)  # (b, n, f₂, f₁)
        return power.reshape(b, n, self.p * self.columns)[..., : self.n_fft // 2 + 1]
