"""Bands of a spectrum: single bins where hearing tells them apart, wider bands above."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError


def erb_number(hz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """How many equivalent rectangular bandwidths lie below a frequency.

    Glasberg, Moore, *Derivation of auditory filter shapes from notched-noise data*, 1990.

    >>> erb_number([0.0, 1000.0]).round(2).tolist()
    [0.0, 15.62]
    """
    return np.asarray(21.4 * np.log10(1 + 0.00437 * np.asarray(hz, np.float64)))


def band_matrix(
    bins: int, single: int, wide: int, top_hz: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The bands of a spectrum, and the way back.

    The lowest `single` bins are bands of their own; the others are gathered in `wide` triangles
    whose middles are evenly spaced in equivalent rectangular bandwidths, as in Rong et al.,
    *GTCRN: A Speech Enhancement Model Requiring Ultralow Computational Resources*, ICASSP 2024.

    Args:
        bins: of the spectrum, from 0 to `top_hz`.
        single: bins that stay as they are.
        wide: bands of the others.
        top_hz: frequency of the highest bin.

    Returns:
        Means of each band `(single + wide, bins)`, and the weights `(bins, single + wide)`, whose
        rows sum to one, that spread values of bands over bins.

    Raises:
        ArgumentError: more bands than bins.

    >>> gather, spread = band_matrix(257, 64, 32, 8000.0)
    >>> gather.shape, bool(np.allclose(spread.sum(1), 1)), bool(np.allclose(gather.sum(1), 1))
    ((96, 257), True, True)
    """
    rest = bins - single
    if not 0 <= single <= bins or not (1 <= wide <= rest or wide == rest == 0):
        raise ArgumentError(f"{single} single and {wide} wide bands do not fit {bins} bins")
    hz = np.linspace(0, top_hz, bins)
    spread = np.zeros((bins, single + wide))
    spread[np.arange(single), np.arange(single)] = 1
    if wide:
        place = erb_number(hz[single:])
        # The middles; at least a bin apart, or a band would be empty.
        wanted = np.linspace(place[0], place[-1], wide)
        at = np.round(np.interp(wanted, place, np.arange(rest)))
        for i in range(1, wide):
            at[i] = max(at[i], at[i - 1] + 1)
        at = np.minimum(at, rest - 1 - np.arange(wide)[::-1])
        for i in range(wide):
            middle = np.zeros(wide)
            middle[i] = 1
            spread[single:, single + i] = np.interp(np.arange(rest), at, middle)
    gather = (spread / spread.sum(0)).T
    return gather.astype(np.float32), spread.astype(np.float32)
