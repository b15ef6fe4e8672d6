"""The shape of a window's main lobe: what lies between the bins of a transform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# The main lobe is smooth over this many samples of any longer window.
_ENOUGH = 8192
_POINTS = 129


@dataclass(frozen=True, eq=False)
class MainLobe:
    """How a sinusoid between two bins shows in the bins beside it.

    Attributes:
        step: distance of two bins of the padded transform, in bins of the unpadded one.
        shifts: (p,) offsets of a sinusoid from its highest bin, in padded bins.
        ratios: (p,) log of (amplitude one bin above / one bin below) at these offsets.
        heights: (p,) amplitude in the highest bin, 1 for a sinusoid exactly on it.
        sides: (m,) largest response at this distance or further, in padded bins.
    """

    step: float
    shifts: np.ndarray
    ratios: np.ndarray
    heights: np.ndarray
    sides: np.ndarray

    @staticmethod
    def of(window: np.ndarray, step: float) -> MainLobe:
        """Measure a window of which a transform is padded to bins of `step`."""
        shifts = np.linspace(-0.75, 0.75, _POINTS)
        above, below = (response(window, step * (sign - shifts)) for sign in (1, -1))
        ratios = np.log(np.maximum(above, 1e-12) / np.maximum(below, 1e-12))
        # Far out the response falls; what is beyond the last one measured is at most as large.
        far = response(window, step * np.arange(min(int(200 / step), 4 * _ENOUGH)))
        sides = np.maximum.accumulate(far[::-1])[::-1]
        return MainLobe(step, shifts, ratios, response(window, step * shifts), sides)

    def interpolate(self, below: float, height: float, above: float) -> tuple[float, float]:
        """Offset (in padded bins) and amplitude of the sinusoid of which these bins are the top."""
        ratio = np.log(max(above, 1e-300) / max(below, 1e-300))
        shift = float(np.interp(ratio, self.ratios, self.shifts))
        return shift, height / float(np.interp(shift, self.shifts, self.heights))

    def side(self, distance: np.ndarray) -> np.ndarray:
        """Largest response at these distances (whole padded bins) or further."""
        return self.sides[np.minimum(distance, len(self.sides) - 1)]


def response(window: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """|W(offset)| / |W(0)| of a window at distances in bins of its own length.

    >>> response(np.ones(100), np.array([0.0, 1.0])).round(6).tolist()
    [1.0, 0.0]
    """
    size = len(window)
    # A long window is summed over short stretches, in which the phase hardly turns.
    stretch = max(1, size // _ENOUGH)
    starts = np.arange(0, size, stretch)
    sums = np.add.reduceat(window, starts)
    centres = (starts + np.minimum(starts + stretch, size) - 1) / 2
    out = np.empty(len(offsets))
    for i in range(0, len(offsets), 64):
        turns = np.outer(offsets[i : i + 64], centres / size)
        out[i : i + 64] = np.abs(np.exp(-2j * np.pi * turns) @ sums)
    return out / abs(window.sum())
