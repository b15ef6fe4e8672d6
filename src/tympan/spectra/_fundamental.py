"""Find the frequency of which the peaks of a spectrum are multiples."""

from __future__ import annotations

import numpy as np

_MAX_HARMONIC = 30


def find_fundamental(
    peaks_hz: np.ndarray,
    amplitudes: np.ndarray,
    f_min_hz: float,
    f_max_hz: float,
    resolution_hz: float,
) -> float | None:
    """The best common divisor of the peaks.

    Every peak divided by 1, 2, 3 … is a candidate. A candidate is good if it explains much (the
    weight of the peaks near its multiples) with little (the share of its multiples that are there):
    the first rules out multiples of the true one, the second its fractions. The principle is that
    of J. L. Goldstein, "An optimum processor theory for the central formation of the pitch of
    complex tones", JASA 54 (1973): the fundamental need not be among the peaks.

    Args:
        peaks_hz: frequencies of the peaks.
        amplitudes: their amplitudes.
        f_min_hz: lowest fundamental.
        f_max_hz: highest fundamental.
        resolution_hz: how exact the frequencies may be at best.

    >>> peaks = np.array([300.0, 400.0, 500.0])
    >>> round(find_fundamental(peaks, np.ones(3), 20.0, 5000.0, 1.0), 6)
    100.0
    """
    weights = np.sqrt(amplitudes / amplitudes.sum())
    weights /= weights.sum()
    strongest = peaks_hz[np.argsort(-amplitudes)[:10]]
    candidates = (strongest[:, None] / np.arange(1, 13)).ravel()
    candidates = candidates[(candidates >= f_min_hz) & (candidates <= f_max_hz)]
    if len(candidates) == 0:
        return None
    candidates = np.array([_refine(c, peaks_hz, weights, resolution_hz) for c in candidates])
    scores = [_score(c, peaks_hz, weights, resolution_hz) for c in candidates]
    return float(candidates[int(np.argmax(scores))])


def _match(
    base_hz: float, peaks_hz: np.ndarray, resolution_hz: float
) -> tuple[np.ndarray, np.ndarray]:
    """Number of the multiple nearest to each peak, and how well it fits (0 … 1)."""
    number = np.maximum(np.round(peaks_hz / base_hz), 1)
    off_hz = np.abs(peaks_hz - number * base_hz)
    # Real strings are stretched by a percent or so; between two multiples anything would fit.
    allowed_hz = np.minimum(0.015 * peaks_hz + 0.5 * resolution_hz, 0.15 * base_hz)
    fit = np.clip(1 - (off_hz / allowed_hz) ** 2, 0, 1) * (number <= _MAX_HARMONIC)
    return number, fit


def _refine(
    base_hz: float, peaks_hz: np.ndarray, weights: np.ndarray, resolution_hz: float
) -> float:
    """The base that fits the peaks it explains best, in least squares."""
    number, fit = _match(base_hz, peaks_hz, resolution_hz)
    pull = weights * fit
    if pull.sum() <= 0:
        return base_hz
    return float((pull * number * peaks_hz).sum() / (pull * number**2).sum())


def _score(
    base_hz: float, peaks_hz: np.ndarray, weights: np.ndarray, resolution_hz: float
) -> float:
    """Explained weight times a power of the share of multiples that are there."""
    number, fit = _match(base_hz, peaks_hz, resolution_hz)
    explained = float((weights * fit).sum())
    if explained <= 0:
        return 0.0
    present = np.zeros(_MAX_HARMONIC + 1)
    np.maximum.at(present, np.minimum(number, _MAX_HARMONIC).astype(int), fit)
    # Multiples above the highest that carries weight are not expected.
    reached = int(number[fit > 0].max())
    occupied = float(present[1 : reached + 1].sum() / reached)
    return explained * occupied**0.3
