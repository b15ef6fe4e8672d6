"""Where in time and frequency a recording departs from the normal machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tympan.tasks.monitor.config import MonitorConfig
    from tympan.tasks.monitor.net import MonitorNet
    from tympan.tasks.monitor.normal import NormalSounds
    from tympan.tasks.windows import Window

    Array = np.ndarray[Any, Any]

# The picture of a recording has at most so many columns, whatever its length.
MOST_COLUMNS = 1600
COLUMNS_PER_STEP = 8
# So many of the most unusual steps are kept as sound.
CLOSE = 3


@dataclass(frozen=True, eq=False)
class Close:
    """One of the most unusual steps.

    Attributes:
        start_s: where its window begins.
        end_s: where it ends.
        score: its surprise.
        wave: its sound `(t,)`.
        normal: the normal window that is most like it, `(t,)`; empty: none is kept.
        at_hz: where it departs most.
        change_db: by how much.
    """

    start_s: float
    end_s: float
    score: float
    wave: Array
    normal: Array
    at_hz: float
    change_db: float


class Departures:
    """Gathers, step by step and in bounded memory, what of each band is unlike normal.

    Args:
        net: for the frequencies of its bands.
        config: the configuration.
        normal: mean and spread of each band, and normal windows as sound.
    """

    def __init__(self, net: MonitorNet, config: MonitorConfig, normal: NormalSounds) -> None:
        self._mean, self._spread = normal.mean_db, normal.spread_db
        self._config, self._normal = config, normal
        self.bands_hz = net.bands_hz
        self._columns: list[tuple[float, float, Array]] = []
        self._close: list[Close] = []

    def add(
        self, window: Window, levels: Array, spectrum: Array, score: float
    ) -> tuple[float, float]:
        """Take the levels `(f, n)` of a window; where it departs most in Hz, by how much in dB."""
        rate_hz, bands = self._config.rate_hz, len(self._mean)
        own = self._own(window, levels)
        z = (own - self._mean[:, None]) / self._spread[:, None]
        start_s, end_s = window.start / rate_hz, window.end / rate_hz
        pieces = np.array_split(z, min(COLUMNS_PER_STEP, z.shape[1]), axis=1)
        for i, piece in enumerate(pieces):
            at = [start_s + (end_s - start_s) * (i + k) / len(pieces) for k in (0, 1)]
            self._columns.append((at[0], at[1], piece.mean(1).astype(np.float32)))
        if len(self._columns) > 2 * MOST_COLUMNS:
            self._columns = [_joined(*pair) for pair in _pairs(self._columns)]
        mean_z = np.abs(z.mean(1))
        peak_z = np.abs((own.max(1) - self._mean) / (3 * self._spread))
        band = int(np.maximum(mean_z, peak_z).argmax())
        steady = mean_z[band] >= peak_z[band]
        change_db = float((own[band].mean() if steady else own[band].max()) - self._mean[band])
        at_hz = float(self.bands_hz[band]) if bands else 0.0
        self._keep(window, spectrum, score, at_hz, change_db)
        return at_hz, change_db

    def _own(self, window: Window, levels: Array) -> Array:
        """The frames in the part that the window answers for."""
        hop = self._config.hop
        first = max(0, (window.start - window.offset) // hop)
        last = max(first + 1, -(-(window.end - window.offset) // hop))
        return levels[:, first:last] if first < levels.shape[1] else levels[:, -1:]

    def _keep(
        self, window: Window, spectrum: Array, score: float, at_hz: float, change_db: float
    ) -> None:
        if len(self._close) == CLOSE and score <= self._close[-1].score:
            return
        rate_hz = self._config.rate_hz
        start_s, end_s = (
            max(0, window.offset) / rate_hz,
            (window.offset + window.wave.shape[-1]) / rate_hz,
        )
        # Neighbours share most of their sound: the stranger one stands for both.
        beside = [c for c in self._close if c.start_s < end_s and start_s < c.end_s]
        if any(c.score >= score for c in beside):
            return
        number = self._normal.nearest_sound(spectrum)
        normal = self._normal.sounds[number] if number >= 0 else np.zeros(0, np.float32)
        one = Close(start_s, end_s, score, np.array(window.wave), normal, at_hz, change_db)
        kept = [c for c in self._close if c not in beside]
        self._close = sorted([*kept, one], key=lambda c: -c.score)[:CLOSE]

    @property
    def close(self) -> list[Close]:
        """The most unusual steps, the strangest first."""
        return list(self._close)

    def picture(self) -> tuple[Array, Array]:
        """Standard deviations from normal `(f, n)`, and the edges `(n + 1,)` in seconds."""
        if not self._columns:
            return np.zeros((len(self._mean), 0)), np.zeros(1)
        edges = [self._columns[0][0], *(end for _, end, _ in self._columns)]
        return np.stack([z for *_, z in self._columns], axis=1), np.array(edges)


def _pairs(columns: list[Any]) -> list[list[Any]]:
    return [columns[i : i + 2] for i in range(0, len(columns), 2)]


def _joined(*columns: tuple[float, float, Array]) -> tuple[float, float, Array]:
    """Neighbouring columns as one: of each band what is farther from normal."""
    stacked = np.stack([z for *_, z in columns])
    farthest = np.take_along_axis(stacked, np.abs(stacked).argmax(0)[None], 0)[0]
    return columns[0][0], columns[-1][1], farthest
