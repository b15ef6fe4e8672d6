"""Mel-frequency cepstral coefficients.

S. B. Davis, P. Mermelstein, "Comparison of parametric representations for monosyllabic word
recognition in continuously spoken sentences", IEEE Trans. ASSP 28 (1980); liftering as in S. Young
et al., "The HTK Book", section 5.6.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from tympan.errors import ArgumentError, ShapeError
from tympan.spectra._constants import narrowed, widened
from tympan.spectra._frames import Framing
from tympan.spectra._module import FrameModule, project
from tympan.spectra.decibel import limit_range
from tympan.spectra.mel import LogMel
from tympan.spectra.windows import WindowSpec


class MFCC(FrameModule):
    """Cepstral coefficients of the log-mel spectrum: samples (..., t) → (..., n_mfcc, n), in dB.

        c[k, n] = sqrt(2 / n_mels) sum_m logmel[m, n] cos(pi k (m + 1/2) / n_mels)

    by default: the orthonormal cosine transform (c[0] with a further 1 / sqrt(2)). Equal to
    `librosa.feature.mfcc`, whose default is `top_db=80`, and whose `norm` is `dct_norm` here.

    Args:
        rate_hz: sample rate of the signal.
        n_fft: samples of a frame.
        hop: samples from one frame to the next.
        n_mfcc: number of coefficients.
        n_mels: number of mel bands.
        f_min_hz: lower edge of the lowest band.
        f_max_hz: upper edge of the highest band; half the rate by default.
        floor_db: level of silence, see `LogMel`.
        top_db: raise all levels to at least so much below the loudest; not possible in a stream.
        lifter: weigh coefficient k (from 1) by 1 + lifter / 2 * sin(pi k / lifter); 0 does not.
        win, window, center, pad_mode, scale, norm: see `MelSpectrogram`.
        dct_type: type of the cosine transform, 1 to 3, in the numbering of `scipy.fft.dct`.
        dct_norm: `"ortho"` for the orthonormal transform, `None` for the bare sums.

    >>> MFCC(rate_hz=16000, n_mfcc=13)(torch.zeros(16000)).shape
    torch.Size([13, 101])
    """

    matrix: Tensor

    def __init__(
        self,
        rate_hz: int = 16000,
        n_fft: int = 512,
        hop: int = 160,
        n_mfcc: int = 20,
        n_mels: int = 64,
        f_min_hz: float = 0.0,
        f_max_hz: float | None = None,
        floor_db: float = -100.0,
        top_db: float | None = None,
        lifter: float = 0.0,
        *,
        win: int | None = None,
        window: WindowSpec = "hann",
        center: bool = True,
        pad_mode: str = "constant",
        scale: str = "slaney",
        norm: str | None = "slaney",
        dct_type: int = 2,
        dct_norm: str | None = "ortho",
    ) -> None:
        super().__init__()
        if not 1 <= n_mfcc <= n_mels:
            raise ArgumentError(f"n_mfcc is {n_mfcc}", fix=f"between 1 and n_mels = {n_mels}")
        if lifter < 0:
            raise ArgumentError(f"lifter is {lifter}", fix="0 or more")
        self.logmel = LogMel(
            rate_hz, n_fft, hop, n_mels, f_min_hz, f_max_hz, floor_db,
            win=win, window=window, center=center, pad_mode=pad_mode, scale=scale, norm=norm,
        )  # fmt: skip
        self.framing, self.top_db, self.n_mfcc = self.logmel.framing, top_db, n_mfcc
        self.rate_hz = rate_hz
        matrix = cosine_matrix(n_mels, dct_type, dct_norm)[:n_mfcc]
        if lifter > 0:
            order = np.arange(1, n_mfcc + 1)
            matrix *= (1 + lifter / 2 * np.sin(np.pi * order / lifter))[:, None]
        self.add_constant("matrix", matrix)

    @property
    def framewise(self) -> bool:
        """Whether each column depends on its own frame alone: not with `top_db`."""
        return self.top_db is None

    def compute(self, x: Tensor, framing: Framing) -> Tensor:
        level = limit_range(self.logmel.compute(x, framing), self.top_db)
        return project(self.constant("matrix", level.dtype), level)

    def inverse(self, mfcc: Tensor) -> Tensor:
        """The smooth log-mel spectrum that has these coefficients: (..., n_mfcc, n) → dB.

        Exact up to rounding for `n_mfcc = n_mels`, else the least-squares solution.
        """
        if mfcc.ndim < 2 or mfcc.shape[-2] != self.n_mfcc:
            raise ShapeError(f"expected (..., {self.n_mfcc}, n), got {tuple(mfcc.shape)}")
        wide = widened(mfcc)
        matrix = self.constant("matrix", wide.dtype)
        return narrowed(project(torch.linalg.pinv(matrix), wide), mfcc)

    def extra_repr(self) -> str:
        return f"n_mfcc={self.n_mfcc}, top_db={self.top_db}"


def cosine_matrix(size: int, dct_type: int = 2, norm: str | None = "ortho") -> np.ndarray:
    """The cosine transform of a type, as `scipy.fft.dct` has it: float64 (size, size).

    >>> m = cosine_matrix(8)
    >>> bool(np.allclose(m @ m.T, np.eye(8)))
    True
    """
    if dct_type not in (1, 2, 3):
        raise ArgumentError(f"dct_type is {dct_type!r}", fix="1, 2 or 3")
    if norm not in ("ortho", None):
        raise ArgumentError(f"dct_norm {norm!r} is unknown", fix='"ortho" or None')
    if dct_type == 1 and size < 2:
        raise ArgumentError("a cosine transform of type 1 needs two bands or more")
    from scipy.fft import dct

    matrix: np.ndarray = dct(np.eye(size), type=dct_type, norm=norm, axis=0)
    return matrix
