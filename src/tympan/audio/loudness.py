"""Loudness as broadcasters measure it: ITU-R BS.1770-4, EBU R128, EBU Tech 3341 and 3342."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from tympan.audio import _limits
from tympan.audio._kweighting import KWeighting, Upsampler
from tympan.errors import ArgumentError, ShapeError

if TYPE_CHECKING:
    from tympan.audio.clip import Clip

_CELL_S = 0.01  # energies are kept for every 10 ms
_STEP = 10  # cells from one measuring block to the next: 0.1 s
_MOMENTARY = 40  # cells in a block of 0.4 s
_SHORT_TERM = 300  # and of 3 s
_ABSOLUTE_LUFS = -70.0
_GATE_LU = 10.0
_RANGE_GATE_LU = 20.0
_RANGE_PERCENT = (10, 95)
# Front channels 1, those behind the listener 1.41, the low-frequency channel nothing.
_WEIGHTS = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 1.0),
    4: (1.0, 1.0, 1.41, 1.41),
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
}
# The peak between the samples is looked for at four times the rate; at 192 kHz there is no need.
_TRUE_PEAK_FACTOR, _TRUE_PEAK_HZ = 4, 192_000
_PIECE_VALUES = 1 << 20


@dataclass(frozen=True)
class Loudness:
    """What a `LoudnessMeter` found.

    Levels are `-inf` for silence, and None where the sound is shorter than their window.

    Attributes:
        integrated_lufs: gated mean of the whole (0.4 s or more).
        range_lu: from quiet to loud passages, EBU Tech 3342 (3 s or more).
        momentary_max_lufs: the loudest 0.4 s.
        short_term_max_lufs: the loudest 3 s.
        true_peak_dbtp: largest absolute value between the samples; None if it was not asked for.
        momentary_lufs: loudness of the 0.4 s that end at 0.4 s, 0.5 s, 0.6 s …, float64 `(n,)`.
        short_term_lufs: loudness of the 3 s that end at 3 s, 3.1 s, 3.2 s …, float64 `(n,)`.
    """

    integrated_lufs: float | None
    range_lu: float | None
    momentary_max_lufs: float | None
    short_term_max_lufs: float | None
    true_peak_dbtp: float | None
    momentary_lufs: np.ndarray
    short_term_lufs: np.ndarray


class LoudnessMeter:
    """Measures a sound while it streams by: `push(samples)` block by block, then `result()`.

    Each channel goes through the K-weighting filter; the mean square of all channels, weighted, is
    taken over windows of 0.4 s and 3 s. Only the energy of every 10 ms is kept, so that hours fit
    into memory, and the result does not depend on how the sound was cut into blocks.

    The filter has the parameters of B. De Man, "Evaluation of implementations of the EBU R128
    loudness measurement", 2018, within 0.05 dB of the table in BS.1770-4, and the same response at
    every rate.

    Args:
        rate_hz: samples per second.
        channels: number of channels: mono, stereo, L R C, L R Ls Rs, L R C Ls Rs, or 5.1 in the
            order L R C LFE Ls Rs.
        weights: weights of the channels instead of the standard's, for other layouts.
        true_peak: measure the peak between the samples as well, by oversampling.

    Raises:
        ArgumentError: more than six channels and no weights.

    >>> meter = LoudnessMeter(48000, 2)
    >>> tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 / 48000 * np.arange(48000))
    >>> for _ in range(4):
    ...     meter.push(np.stack([tone, tone]))
    >>> found = meter.result()
    >>> round(found.integrated_lufs, 1), round(found.short_term_max_lufs, 1)
    (-23.0, -23.0)
    """

    def __init__(
        self,
        rate_hz: int,
        channels: int,
        *,
        weights: Sequence[float] | None = None,
        true_peak: bool = False,
    ) -> None:
        self.rate_hz = _limits.check_rate(rate_hz)
        self.channels = channels
        known = weights if weights is not None else _WEIGHTS.get(channels)
        if known is None:
            raise ArgumentError(
                f"loudness is defined for 1 to 6 channels (5.1), not for {channels}",
                fix="use clip.mono(), or give weights=(…)",
            )
        if len(known) != channels:
            raise ArgumentError(f"{len(known)} weights are given for {channels} channels")
        self._weights = np.asarray(known, np.float64)[:, np.newaxis]
        self._filter = KWeighting(self.rate_hz, channels)
        self._cells = _Cells(self._filter.rate_hz)
        self._peak: Upsampler | None = None
        self._highest = 0.0
        if true_peak:
            factor = min(_TRUE_PEAK_FACTOR, max(1, _TRUE_PEAK_HZ // self.rate_hz))
            self._peak = Upsampler(factor, channels)

    def push(self, samples: np.ndarray) -> None:
        """Take the next samples `(c, t)`.

        Raises:
            ShapeError: another number of channels.
        """
        if samples.ndim != 2 or samples.shape[0] != self.channels:
            raise ShapeError(f"expected ({self.channels}, t), got {samples.shape}")
        if samples.shape[1] == 0:
            return
        if self._peak is not None:
            between = np.abs(self._peak.push(samples)).max(initial=0.0)
            self._highest = max(self._highest, float(np.abs(samples).max()), float(between))
        self._cells.push(self._energy(self._filter.push(samples)))

    def result(self) -> Loudness:
        """Sum up what was taken so far; more may follow."""
        cells = self._cells.copy()
        cells.push(self._energy(self._filter.rest()))
        momentary, short_term = cells.windows(_MOMENTARY), cells.windows(_SHORT_TERM)
        return Loudness(
            integrated_lufs=_integrated(momentary[::_STEP]),
            range_lu=_range(short_term[::_STEP]),
            momentary_max_lufs=_highest(momentary),
            short_term_max_lufs=_highest(short_term),
            true_peak_dbtp=self._true_peak(),
            momentary_lufs=_lufs(momentary[::_STEP]),
            short_term_lufs=_lufs(short_term[::_STEP]),
        )

    def _energy(self, filtered: np.ndarray) -> np.ndarray:
        return (self._weights * np.square(filtered)).sum(axis=0)

    def _true_peak(self) -> float | None:
        if self._peak is None:
            return None
        peak = max(self._highest, float(np.abs(self._peak.rest()).max(initial=0.0)))
        return 20 * math.log10(peak) if peak > 0 else -math.inf


class _Cells:
    """The energy of every 10 ms of a stream."""

    def __init__(self, rate_hz: int) -> None:
        self._rate = rate_hz
        self._sums: list[np.ndarray] = []
        self._count = 0  # cells that are full
        self._rest = np.zeros(0)

    def copy(self) -> _Cells:
        """A copy that goes on by itself."""
        other = _Cells(self._rate)
        other._sums, other._count, other._rest = [*self._sums], self._count, self._rest
        return other

    def _edges(self, first: int, last: int) -> np.ndarray:
        """Where cells begin, in samples."""
        return (np.arange(first, last + 1) * self._rate // round(1 / _CELL_S)).astype(np.int64)

    def push(self, energy: np.ndarray) -> None:
        """Take the energies of the next samples."""
        energy = np.concatenate([self._rest, energy])
        start = self._count * self._rate // round(1 / _CELL_S)
        # One cell more than fits, to see where the last one ends.
        full = len(energy) * round(1 / _CELL_S) // self._rate + 2
        edges = self._edges(self._count, self._count + full) - start
        full = int(np.searchsorted(edges, len(energy), side="right")) - 1
        if full > 0:
            running = np.concatenate([[0.0], np.cumsum(energy[: edges[full]])])
            self._sums.append(np.diff(running[edges[: full + 1]]))
            self._count += full
            energy = energy[edges[full] :]
        self._rest = energy

    def windows(self, length: int) -> np.ndarray:
        """The mean of every window of so many cells, one cell after another."""
        if self._count < length:
            return np.zeros(0)
        running = np.concatenate([[0.0], np.cumsum(np.concatenate(self._sums))])
        edges = self._edges(0, self._count)
        sums = running[length:] - running[:-length]
        # A sum of nothing is nothing, whatever rounding left of louder parts before.
        sums[sums < running[length:] * 1e-13] = 0.0
        means: np.ndarray = sums / np.maximum(1, edges[length:] - edges[:-length])
        return means


def _lufs(energies: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        levels: np.ndarray = -0.691 + 10 * np.log10(np.maximum(energies, 0.0))
    return levels


def _level(energy: float) -> float:
    return -0.691 + 10 * math.log10(energy) if energy > 0 else -math.inf


def _highest(energies: np.ndarray) -> float | None:
    return _level(float(energies.max())) if len(energies) else None


def _integrated(energies: np.ndarray) -> float | None:
    """The mean of the blocks above an absolute gate and a relative one."""
    if not len(energies):
        return None
    levels = _lufs(energies)
    loud = energies[levels > _ABSOLUTE_LUFS]
    if not len(loud):
        return -math.inf
    gate = max(_ABSOLUTE_LUFS, _level(float(loud.mean())) - _GATE_LU)
    return _level(float(energies[levels > gate].mean()))


def _range(energies: np.ndarray) -> float | None:
    """Loudness range: from the 10th to the 95th of a hundred, above two gates."""
    if not len(energies):
        return None
    levels = _lufs(energies)
    loud = energies[levels > _ABSOLUTE_LUFS]
    if not len(loud):
        return 0.0
    gate = max(_ABSOLUTE_LUFS, _level(float(loud.mean())) - _RANGE_GATE_LU)
    kept = np.sort(levels[levels > gate])
    low, high = (kept[round((len(kept) - 1) * percent / 100)] for percent in _RANGE_PERCENT)
    return float(high - low)


def measure(clip: Clip, *, true_peak: bool = True) -> Loudness:
    """Measure a whole clip.

    Args:
        clip: up to six channels.
        true_peak: look for the peak between the samples, too.

    >>> from tympan.audio import synth
    >>> round(measure(synth.sine(1000, duration_s=1, rate_hz=48000)).true_peak_dbtp, 1)
    0.0
    """
    try:
        meter = LoudnessMeter(clip.rate_hz, clip.channels, true_peak=true_peak)
    except ArgumentError as error:
        raise ArgumentError(error.what, file=clip.name or None, fix=error.fix) from error
    step = max(1, _PIECE_VALUES // clip.channels)
    for start in range(0, clip.num_samples, step):
        meter.push(clip.samples[:, start : start + step])
    return meter.result()


def integrated_lufs(clip: Clip) -> float:
    """Return the gated, K-weighted loudness of a clip in LUFS; `-inf` for silence.

    A stereo sine of 1 kHz at -23 dBFS measures -23 LUFS (EBU Tech 3341, case 1).

    Raises:
        ArgumentError: shorter than 0.4 s, more than 6 channels.

    >>> from tympan.audio import synth
    >>> tone = synth.sine(1000, duration_s=2, rate_hz=48000, amplitude=10 ** (-20 / 20))
    >>> round(integrated_lufs(tone), 1)
    -23.0
    """
    value = measure(clip, true_peak=False).integrated_lufs
    if value is None:
        raise ArgumentError(
            f"loudness needs 0.4 s, this clip has {clip.duration_s:.3f} s",
            file=clip.name or None,
            fix="use normalize_peak for such short sounds",
        )
    return value
