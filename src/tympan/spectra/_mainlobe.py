"""The shape of a window's main lobe: what lies between the bins of a transform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# The main lobe is smooth over this many samples of any longer window.
_ENOUGH = 2048
_POINTS = 129
# Side lobes are measured up to this distance, in bins.
_FAR = 50


@dataclass(frozen=True, eq=False)
class MainLobe:
    """How a sinusoid between two bins shows in the bins beside it.

    Attributes:
        reach: the bins compared lie this far below and above the highest one, where the lobe is
            steep.
        shifts: (p,) offsets of a sinusoid from its highest bin, in padded bins.
        ratios: (p,) log of (amplitude `reach` bins above / as many below) at these offsets.
        heights: (p,) amplitude in the highest bin, 1 for a sinusoid exactly on it.
        sides: (m,) largest response at this distance or further, in padded bins.
    """

    reach: int
    shifts: np.ndarray
    ratios: np.ndarray
    heights: np.ndarray
    sides: np.ndarray

    @staticmethod
    def of(window: np.ndarray, step: float) -> MainLobe:
        """Measure a window of which a transform is padded to bins of `step`."""
        near = response(window, step * np.arange(1, 41))
        reach = int(np.argmax(near < 0.6)) or 1
        # On a flat top the highest bin need not be the nearest.
        furthest = max(0.75, float(np.argmax(near < 0.98)))
        shifts = np.linspace(-furthest, furthest, _POINTS)
        above, below = (response(window, step * (side - shifts)) for side in (reach, -reach))
        ratios = np.log(np.maximum(above, 1e-12) / np.maximum(below, 1e-12))
        far = response(window, step * np.arange(int(_FAR / step)))
        # The last bins are left out: whatever lies behind them would count as zero.
        sides = np.maximum.accumulate(far[::-1])[::-1][: -int(2 / step)]
        return MainLobe(reach, shifts, ratios, response(window, step * shifts), sides)

    def interpolate(self, below: float, height: float, above: float) -> tuple[float, float]:
        """Offset (in padded bins) and amplitude of the sinusoid of which these bins are the top."""
        ratio = np.log(max(above, 1e-300) / max(below, 1e-300))
        shift = float(np.interp(ratio, self.ratios, self.shifts))
        return shift, height / float(np.interp(shift, self.shifts, self.heights))

    def side(self, distance: np.ndarray) -> np.ndarray:
        """Largest response at these distances (whole padded bins) or further."""
        last = len(self.sides) - 1
        # Further out every window falls at least as the rectangular one does.
        return self.sides[np.minimum(distance, last)] * (last / np.maximum(distance, last))


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
