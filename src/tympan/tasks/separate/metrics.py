"""How good a separation is, in decibels."""

from __future__ import annotations

from itertools import permutations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from tympan.errors import ShapeError

Wave = npt.NDArray[np.floating]


def si_sdr(estimate: Wave, target: Wave) -> float:
    """Scale-invariant signal-to-distortion ratio in dB of waves `(…, t)`; NaN of a silent target.

    Le Roux et al., *SDR – Half-baked or Well Done?*, ICASSP 2019. Means are not removed.

    >>> t = np.arange(8000) / 8000
    >>> a, b = np.sin(2 * np.pi * 400 * t), np.cos(2 * np.pi * 400 * t)
    >>> round(si_sdr(3 * (a + 0.1 * b), a), 2)
    20.0
    """
    s, x = _pair(target, estimate)
    energy = s @ s
    if energy <= 0:
        return float("nan")
    wanted = (x @ s) / energy * s
    return _ratio_db(wanted @ wanted, (x - wanted) @ (x - wanted))


def si_sdr_improvement(estimate: Wave, target: Wave, mix: Wave) -> float:
    """By how many dB the estimate is nearer to the target than the mix."""
    return si_sdr(estimate, target) - si_sdr(mix, target)


class BssEval(NamedTuple):
    """Ratios in dB of each source, `(k,)`: of signal to distortion, interference, artifacts."""

    sdr: npt.NDArray[np.float64]
    sir: npt.NDArray[np.float64]
    sar: npt.NDArray[np.float64]


def bss_eval(estimates: Wave, targets: Wave, taps: int = 512) -> BssEval:
    """SDR, SIR and SAR of sources `(k, t)`, which may be filtered as a microphone filters.

    The definitions of BSSEval (Vincent, Gribonval, Févotte, 2006), version 4 (Stöter, Liutkus, Ito,
    *The 2018 Signal Separation Evaluation Campaign*): what a filter of `taps` samples makes of the
    target is the target; what filters make of the others is interference; the rest is artifacts.

    Args:
        estimates: in the order of the targets; see `best_order`.
        targets: the true sources; silent ones get NaN.
        taps: samples of the filters.

    Raises:
        ShapeError: the shapes differ.

    >>> rng = np.random.default_rng(0)
    >>> s = rng.standard_normal((2, 4000))
    >>> found = bss_eval(s + 0.1 * s[::-1], s, taps=16)
    >>> bool(abs(found.sir[0] - 20) < 1), bool(found.sar[0] > 50)
    (True, True)
    """
    if estimates.shape != targets.shape or estimates.ndim != 2:
        what = f"estimates {estimates.shape} and targets {targets.shape} must both be (k, t)"
        raise ShapeError(what)
    s, x = np.asarray(targets, np.float64), np.asarray(estimates, np.float64)
    count, length = s.shape
    size = 1 << (length + taps - 1).bit_length()
    spectra = np.fft.rfft(s, size)
    gram = _gram(spectra, size, taps)
    found = np.full((3, count), np.nan)
    for k in range(count):
        if not s[k].any():
            continue
        cross = np.fft.irfft(spectra.conj() * np.fft.rfft(x[k], size), size)[:, :taps]
        own = slice(k * taps, (k + 1) * taps)
        target = _filtered(spectra[k : k + 1], _solved(gram[own, own], cross[k]), size, taps)
        every = _filtered(spectra, _solved(gram, cross.ravel()), size, taps)
        padded = np.pad(x[k], (0, taps - 1))
        every, target = every[: len(padded)], target[: len(padded)]
        interference, artifacts = every - target, padded - every
        wrong = interference + artifacts
        power = target @ target
        found[:, k] = (
            _ratio_db(power, wrong @ wrong),
            _ratio_db(power, interference @ interference),
            _ratio_db(every @ every, artifacts @ artifacts),
        )
    return BssEval(*found)


def best_order(estimates: Wave, targets: Wave) -> tuple[int, ...]:
    """Which estimate is which target, so that their SI-SDR is highest: `(k, …)` both.

    >>> s = np.random.default_rng(0).standard_normal((3, 500))
    >>> best_order(s[[2, 0, 1]], s)
    (1, 2, 0)
    """
    count = len(targets)
    table = np.array(
        [[si_sdr(estimates[j], targets[i]) for j in range(count)] for i in range(count)]
    )
    table = np.nan_to_num(table, nan=0.0, posinf=300, neginf=-300)
    orders = list(permutations(range(count)))
    return max(orders, key=lambda order: float(sum(table[i, j] for i, j in enumerate(order))))


def _pair(target: Wave, estimate: Wave) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    if np.shape(target) != np.shape(estimate):
        what = f"target {np.shape(target)} and estimate {np.shape(estimate)} differ in shape"
        raise ShapeError(what)
    return (np.asarray(one, np.float64).ravel() for one in (target, estimate))  # type: ignore[return-value]


def _ratio_db(signal: Any, wrong: Any) -> float:
    """10 log10 of a ratio; infinite where nothing is wrong."""
    with np.errstate(divide="ignore"):
        return float(10 * (np.log10(np.float64(signal)) - np.log10(np.float64(wrong))))


def _gram(spectra: npt.NDArray[np.complex128], size: int, taps: int) -> npt.NDArray[np.float64]:
    """Products of all sources at all delays: `(k · taps, k · taps)`, blocks of Toeplitz form."""
    count = len(spectra)
    place = np.arange(taps)
    lags = place[:, None] - place[None]
    gram = np.empty((count * taps, count * taps))
    for i in range(count):
        for j in range(i + 1):
            products = np.fft.irfft(spectra[i].conj() * spectra[j], size)
            block = products[lags]  # a negative lag is found at the end
            gram[i * taps : (i + 1) * taps, j * taps : (j + 1) * taps] = block
            gram[j * taps : (j + 1) * taps, i * taps : (i + 1) * taps] = block.T
    return gram


def _solved(
    gram: npt.NDArray[np.float64], cross: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(np.linalg.solve(gram, cross))
    except np.linalg.LinAlgError:
        return np.asarray(np.linalg.lstsq(gram, cross, rcond=None)[0])


def _filtered(
    spectra: npt.NDArray[np.complex128], filters: npt.NDArray[np.float64], size: int, taps: int
) -> npt.NDArray[np.float64]:
    """The sum of sources, each filtered: `(size,)`."""
    parts = np.fft.rfft(filters.reshape(len(spectra), taps), size)
    return np.asarray(np.fft.irfft((spectra * parts).sum(0), size))
