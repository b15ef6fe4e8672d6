"""Measure a recording while it streams by: loudness, peak, clipping, silence, offset."""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass

import numpy as np

from tympan.audio.loudness import LoudnessMeter
from tympan.errors import ArgumentError

CLIP_LEVEL = 0.999  # Full scale of 16 bits, and what lossy codecs leave of it.
CLIP_RUN = 3  # One sample at full scale may be a peak; three in a row are a flat top.
SILENT_DB = -90.0  # Peak of full scale: below it there is no more than the last step of 16 bits.
RANGE_DB = 60.0  # A moment that far below the loudest one is a pause.
_CHUNK_S = 0.1


@dataclass(frozen=True)
class Measurements:
    """What `Meter` found.

    Attributes:
        loudness_lufs: integrated loudness (EBU R128), `-inf` for silence; None below 0.4 s and for
            more than six channels.
        peak: largest absolute sample.
        rms: root mean square over all channels.
        clipped: how many times the signal stays at full scale.
        first_clip_s: when it does so first, or None.
        silent: nothing was recorded: no sample reaches −90 dBFS.
        silent_share: share of the time that lies 60 dB below the loudest moment or more (0…1).
        offset: the mean of the samples: should be 0.
        same_channels: all channels hold the same samples.
        cancelling: the first two channels are each other's opposite, so that their mean is quiet.
    """

    loudness_lufs: float | None
    peak: float
    rms: float
    clipped: int
    first_clip_s: float | None
    silent: bool
    silent_share: float
    offset: float
    same_channels: bool
    cancelling: bool


class Meter:
    """Takes a recording block by block: `push(samples)`, then `result()`.

    Loudness is that of `tympan.audio.LoudnessMeter`. Of the past, only energies are kept, of every
    0.1 s and less.

    Args:
        rate_hz: samples per second.
        channels: number of channels.

    >>> meter = Meter(8000, 1)
    >>> meter.push(0.1 * np.sin(2 * np.pi * 1000 / 8000 * np.arange(16000, dtype=np.float32))[None])
    >>> result = meter.result()
    >>> round(result.loudness_lufs), round(result.peak, 2), result.clipped
    (-23, 0.1, 0)
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self.rate_hz = rate_hz
        self._loudness: LoudnessMeter | None = None
        with contextlib.suppress(ArgumentError):  # of so many channels it is not defined
            self._loudness = LoudnessMeter(rate_hz, channels)
        self._chunk = max(1, round(_CHUNK_S * rate_hz))
        self._plain = _Energy(self._chunk)
        self._count = 0
        self._peak = 0.0
        self._sum = np.zeros(channels)
        self._products = np.zeros(3)  # l·l, r·r, l·r
        self._same = channels > 1
        self._runs = _FlatTops(channels)

    def push(self, samples: np.ndarray) -> None:
        """Take the next samples (c, t)."""
        if samples.shape[1] == 0:
            return
        self._peak = max(self._peak, float(np.abs(samples).max()))
        self._sum += samples.sum(axis=1, dtype=np.float64)
        self._plain.push(np.square(samples, dtype=np.float64).mean(axis=0))
        if len(samples) > 1:
            left, right = samples[0].astype(np.float64), samples[1].astype(np.float64)
            self._products += (left @ left, right @ right, left @ right)
            self._same = self._same and bool(np.all(samples == samples[:1]))
        self._runs.push(samples, self._count)
        if self._loudness is not None:
            self._loudness.push(samples)
        self._count += samples.shape[1]

    def result(self) -> Measurements:
        """Sum up what was taken so far."""
        chunks = self._plain.values()
        silent = self._peak < 10 ** (SILENT_DB / 20)
        # However quiet the whole: models hear every recording at one level.
        loudest = float(chunks.max(initial=0.0))
        quiet = chunks <= loudest * 10 ** (-RANGE_DB / 10)
        left, right, both = self._products
        first, meter = self._runs.first, self._loudness
        return Measurements(
            loudness_lufs=None if meter is None else meter.result().integrated_lufs,
            peak=self._peak,
            rms=math.sqrt(self._plain.total / max(1, self._count)),
            clipped=self._runs.count,
            first_clip_s=None if first is None else first / self.rate_hz,
            silent=silent,
            silent_share=float(quiet.mean()) if len(chunks) and not silent else float(silent),
            offset=float(np.abs(self._sum / max(1, self._count)).max()),
            same_channels=self._same,
            cancelling=bool(both < -0.9 * math.sqrt(left * right) and left * right > 0),
        )


class _Energy:
    """Mean of every `size` values of a stream."""

    def __init__(self, size: int) -> None:
        self.size, self.total = size, 0.0
        self._rest = np.zeros(0)
        self._means: list[np.ndarray] = []

    def push(self, values: np.ndarray) -> None:
        self.total += float(values.sum())
        values = np.concatenate([self._rest, values])
        whole = len(values) // self.size * self.size
        self._means.append(values[:whole].reshape(-1, self.size).mean(axis=1))
        self._rest = values[whole:]

    def values(self) -> np.ndarray:
        return np.concatenate(self._means) if self._means else np.zeros(0)


class _FlatTops:
    """Count the runs of samples at full scale, across the borders of blocks."""

    def __init__(self, channels: int) -> None:
        self.count = 0
        self.first: int | None = None
        self._open = np.zeros(channels, np.int64)  # length of the run that reaches the border

    def push(self, samples: np.ndarray, start: int) -> None:
        for channel, wave in enumerate(samples):
            full = np.abs(wave) >= CLIP_LEVEL
            if not full.any():
                self._open[channel] = 0
                continue
            edges = np.flatnonzero(
                np.diff(np.concatenate([[False], full, [False]]).astype(np.int8))
            )
            begins, ends = edges[::2], edges[1::2]
            lengths = ends - begins
            before = int(self._open[channel]) if begins[0] == 0 else 0
            already = before >= CLIP_RUN  # that run has been counted
            lengths[0] += before
            hits = lengths >= CLIP_RUN
            self.count += int(hits.sum()) - int(already)
            if self.first is None and hits.any():
                run = int(np.argmax(hits))
                self.first = start + int(begins[run]) - (before if run == 0 else 0)
            self._open[channel] = lengths[-1] if ends[-1] == len(wave) else 0
