"""Reduce a stream of samples to a picture's width, while it passes.

Nothing here grows with the recording: samples and frames go into a bounded number of columns, and
when these are full, neighbours are merged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch


class Columns:
    """Reduce a stream along its last axis to between `width` and 2 × `width` columns.

    Args:
        width: columns kept at least, once the stream is that long.
        reduce: how values merge along the last axis: a mean, a minimum or a maximum.

    >>> columns = Columns(2, np.max)
    >>> for value in range(9):
    ...     columns.push(np.array([[float(value)]]))
    >>> columns.values(), columns.span
    (array([[3., 7., 8.]]), 4)
    """

    def __init__(self, width: int, reduce: Callable[..., np.ndarray]) -> None:
        self.span = 1  # values in one column
        self._width, self._reduce = width, reduce
        self._done: np.ndarray | None = None
        self._count = 0
        self._rest: np.ndarray | None = None

    def push(self, values: np.ndarray) -> None:
        """Take the next values (..., n)."""
        if self._rest is not None:
            values = np.concatenate([self._rest, values], axis=-1)
        if self._done is None:
            self._done = np.empty((*values.shape[:-1], 2 * self._width), values.dtype)
        while values.shape[-1] >= self.span:
            n = min(values.shape[-1] // self.span, 2 * self._width - self._count)
            whole, values = values[..., : n * self.span], values[..., n * self.span :]
            groups = whole.reshape(*whole.shape[:-1], n, self.span)
            self._done[..., self._count : self._count + n] = self._reduce(groups, axis=-1)
            self._count += n
            if self._count == 2 * self._width:
                pairs = self._done.reshape(*self._done.shape[:-1], self._width, 2)
                self._done[..., : self._width] = self._reduce(pairs, axis=-1)
                self._count, self.span = self._width, self.span * 2
        self._rest = values.copy()

    def values(self) -> np.ndarray:
        """All columns so far; the last may stand for fewer values than the others."""
        if self._done is None:
            return np.empty((0, 0))
        done = self._done[..., : self._count]
        if self._rest is None or not self._rest.shape[-1]:
            return done.copy()
        last = self._reduce(self._rest, axis=-1)
        return np.concatenate([done, last[..., None]], axis=-1)


class Consumer(Protocol):
    """Takes a recording block by block: `samples` is float32 (c, t)."""

    def push(self, samples: np.ndarray) -> None: ...


class Envelope:
    """The lowest and the highest sample of every column, per channel."""

    def __init__(self, width: int = 2000) -> None:
        self._low, self._high = Columns(width, np.min), Columns(width, np.max)

    def push(self, samples: np.ndarray) -> None:
        """Take the next samples (c, t)."""
        self._low.push(samples)
        self._high.push(samples)

    def values(self) -> tuple[np.ndarray, np.ndarray, int]:
        """Return low (c, w), high (c, w) and the samples in one column."""
        return self._low.values(), self._high.values(), self._low.span


class Frames:
    """Cut a stream into overlapping frames and give their power, as the centred STFT does.

    Power is scaled so that a full-scale sine has 1.0 (0 dB): it is the squared amplitude.

    Args:
        win: samples of a frame, under a Hann window.
        hop: samples from one frame to the next.
        n_fft: the frame is padded with zeros to this length, which makes the bins finer.
    """

    def __init__(self, win: int, hop: int, n_fft: int | None = None) -> None:
        self.win, self.hop, self.n_fft = win, hop, n_fft or win
        self._window = torch.hann_window(win, periodic=True)
        self._scale = float(2.0 / self._window.sum()) ** 2
        self._rest: np.ndarray | None = None

    def push(self, samples: np.ndarray) -> np.ndarray:
        """Return the power (f, n) of the frames that are complete now, averaged over channels."""
        if self._rest is None:
            self._rest = np.zeros((samples.shape[0], self.win // 2), np.float32)
        samples = np.concatenate([self._rest, samples], axis=-1)
        n = max(0, (samples.shape[-1] - self.win) // self.hop + 1)
        self._rest = samples[:, n * self.hop :].copy()
        if n == 0:
            return np.empty((self.n_fft // 2 + 1, 0), np.float32)
        total = torch.zeros(self.n_fft // 2 + 1, n)
        for channel in samples:
            frames = torch.tensor(channel).unfold(0, self.win, self.hop)
            # A few frames at a time stay in the processor's cache.
            for first in range(0, n, 128):
                part = frames[first : first + 128] * self._window
                spec = torch.fft.rfft(part, n=self.n_fft)
                total[:, first : first + 128] += spec.real.square().add_(spec.imag.square()).T
        power = total.mul_(self._scale / len(samples)).numpy()
        power[0] /= 2  # Only half of the energy at 0 Hz is mirrored.
        return power

    def flush(self) -> np.ndarray:
        """Return the last frames, which reach over the end into silence."""
        if self._rest is None:
            return np.empty((self.n_fft // 2 + 1, 0), np.float32)
        return self.push(np.zeros((self._rest.shape[0], self.win // 2), np.float32))


class PowerSpectrogram:
    """Mean power (f, w) of every column of frames."""

    def __init__(self, n_fft: int, hop: int, width: int = 1200) -> None:
        self._frames, self._columns = Frames(n_fft, hop), Columns(width, np.mean)
        self._flushed = False

    def push(self, samples: np.ndarray) -> None:
        """Take the next samples (c, t)."""
        self._columns.push(self._frames.push(samples))

    def values(self) -> np.ndarray:
        """Return the mean power (f, w); the stream ends here."""
        if not self._flushed:
            self._columns.push(self._frames.flush())
            self._flushed = True
        return self._columns.values()

    @property
    def span(self) -> int:
        """Frames in one column."""
        return self._columns.span


class MeanSpectrum:
    """Welch's method: the mean power of long overlapping frames, as an amplitude spectrum.

    P. D. Welch, "The use of fast Fourier transform for the estimation of power spectra", 1967.
    """

    def __init__(self, win: int, *, finer: int = 4, overlap: bool = True) -> None:
        # Four times finer bins: a sine between two bins then loses 1 % of its height, not 15 %;
        # twice finer ones lose 4 % and take half the time. So does leaving out the overlap.
        self._frames = Frames(win, win // 2 if overlap else win, finer * win)
        self._total = np.zeros(self._frames.n_fft // 2 + 1)
        self._count = 0

    def push(self, samples: np.ndarray) -> None:
        """Take the next samples (c, t)."""
        power = self._frames.push(samples)
        # The first frame reaches over the edge of the recording and holds less than the others.
        skip = 1 if self._count == 0 and power.shape[1] > 1 else 0
        self._total += power[:, skip:].sum(axis=1)
        self._count += power.shape[1] - skip

    def values(self) -> np.ndarray:
        """Return the amplitude (f,)."""
        if self._count == 0:
            power = self._frames.flush()
            self._total, self._count = power.sum(axis=1), max(1, power.shape[1])
        return np.sqrt(self._total / self._count)
