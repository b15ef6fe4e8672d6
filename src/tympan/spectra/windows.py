"""Window functions, by their usual names.

A window is periodic by default (made for the Fourier transform, as in `scipy.signal.get_window`);
`periodic=False` gives the symmetric form used to design filters. Formulas: F. J. Harris, "On the
use of windows for harmonic analysis with the discrete Fourier transform", Proc. IEEE 66 (1978);
A. H. Nuttall, "Some windows with very good sidelobe behavior", IEEE Trans. ASSP 29 (1981).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from tympan.errors import ArgumentError

# A window given by name, by name and parameter, or as its samples.
WindowSpec = str | tuple[str, float] | Sequence[float] | np.ndarray

# Windows that are sums of cosines: w[i] = sum_k (-1)^k a_k cos(2 pi k i / N).
COSINE_TERMS: dict[str, tuple[float, ...]] = {
    "rectangular": (1.0,),
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "nuttall": (0.3635819, 0.4891775, 0.1365995, 0.0106411),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
    "flattop": (0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368),
}
_ALIASES = {
    "boxcar": "rectangular",
    "rect": "rectangular",
    "ones": "rectangular",
    "hanning": "hann",
}


def _cosine(terms: tuple[float, ...]) -> Callable[[int], np.ndarray]:
    def make(size: int) -> np.ndarray:
        phase = 2 * np.pi * np.arange(size) / max(size - 1, 1)
        return sum((-1) ** k * a * np.cos(k * phase) for k, a in enumerate(terms)) + np.zeros(size)

    return make


def _centred(size: int) -> np.ndarray:
    """Positions from -1 to 1 over a symmetric window."""
    half = max(size - 1, 1) / 2
    return (np.arange(size) - half) / half


def _bartlett(size: int) -> np.ndarray:
    return 1 - np.abs(_centred(size))


def _cosine_lobe(size: int) -> np.ndarray:
    return np.sin(np.pi * (np.arange(size) + 0.5) / size)


def _kaiser(size: int, beta: float) -> np.ndarray:
    return np.i0(beta * np.sqrt(np.clip(1 - _centred(size) ** 2, 0, 1))) / np.i0(beta)


def _gaussian(size: int, std: float) -> np.ndarray:
    return np.exp(-0.5 * ((np.arange(size) - (size - 1) / 2) / std) ** 2)


def _tukey(size: int, alpha: float) -> np.ndarray:
    if alpha <= 0:
        return np.ones(size)
    edge = (1 - np.abs(_centred(size))) / min(alpha, 1.0)
    return np.where(edge < 1, 0.5 * (1 - np.cos(np.pi * edge)), 1.0)


_PLAIN: dict[str, Callable[[int], np.ndarray]] = {
    **{name: _cosine(terms) for name, terms in COSINE_TERMS.items()},
    "bartlett": _bartlett,
    "cosine": _cosine_lobe,
}
_WITH_PARAMETER: dict[str, Callable[[int, float], np.ndarray]] = {
    "kaiser": _kaiser,
    "gaussian": _gaussian,
    "tukey": _tukey,
}
NAMES = (*_PLAIN, *_WITH_PARAMETER)


def window(spec: WindowSpec, length: int, *, periodic: bool = True) -> np.ndarray:
    """Samples of a window, float64 (length,).

    Args:
        spec: a name (`"hann"`, `"hamming"`, `"blackman"`, `"nuttall"`, `"blackmanharris"`,
            `"flattop"`, `"bartlett"`, `"cosine"`, `"rectangular"`), a name with its parameter
            (`("kaiser", beta)`, `("gaussian", std)` in samples, `("tukey", alpha)`), or its
            samples.
        length: number of samples.
        periodic: one period of a window that repeats (for spectra), else symmetric (for filters).

    Raises:
        ArgumentError: the name is unknown, or the samples given are not `length` many.

    >>> window("hann", 4).round(6).tolist()
    [0.0, 0.5, 1.0, 0.5]
    """
    if length < 1:
        raise ArgumentError(f"a window of {length} samples", fix="length >= 1")
    if not isinstance(spec, str | tuple):
        samples = np.asarray(spec, dtype=np.float64)
        if samples.shape != (length,):
            raise ArgumentError(f"a window of shape {samples.shape} where ({length},) is expected")
        return samples
    name, *parameters = (spec,) if isinstance(spec, str) else spec
    key = _ALIASES.get(str(name), str(name))
    if key not in NAMES or len(parameters) != (key in _WITH_PARAMETER):
        known = ", ".join([*_PLAIN, *(f'("{n}", parameter)' for n in _WITH_PARAMETER)])
        raise ArgumentError(f"window {spec!r} is unknown", fix=f"one of {known}")
    if length == 1:
        return np.ones(1)
    size = length + 1 if periodic else length
    if key in _WITH_PARAMETER:
        return _WITH_PARAMETER[key](size, float(parameters[0]))[:length]
    return _PLAIN[key](size)[:length]
