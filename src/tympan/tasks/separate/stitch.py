"""Sources without names keep their order from block to block of a long recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import numpy.typing as npt

Wave = npt.NDArray[np.float32]
# `(m, t)` → `(m, d)` of length 1: the voices of waves.
Vectors = Callable[[Wave], Wave]

# What two blocks share says more than voices do, where both sources sound there.
OVERLAP_WEIGHT = 2.0
# A source with less sound than this in a block says nothing of its voice.
LEAST_S = 0.8
# Frames so far below the loudest of the mix are pauses.
PAUSE_DB = -30.0
FRAME_S = 0.03
FLOOR = 1e-12


@dataclass
class VoiceStitcher:
    """Finds the order of a block's sources that goes on with the blocks before.

    Two things decide: how alike the sources are where two blocks overlap, and how near each voice
    is to the mean of what that source has been so far (as the blocks of Kinoshita et al.,
    *Integrating end-to-end neural and clustering-based diarization*, ICASSP 2021, are joined by
    vectors of speakers). The second finds a voice again after a pause that is longer than the
    overlap.

    Args:
        rate_hz: of the samples.
        vectors: from waves to vectors of their voices; None: those of the shipped voice model.

    Attributes:
        means: sum of the vectors of each source, weighted by its seconds of sound.
        seconds: of sound of each source.

    >>> t = np.arange(800, dtype=np.float32)
    >>> a = np.stack([np.sin(0.3 * t), np.sin(0.5 * t)])[:, None]
    >>> stitcher = VoiceStitcher(8000, lambda waves: np.ones((len(waves), 1), np.float32))
    >>> stitcher.order(a, a[::-1], 800)
    (1, 0)
    """

    rate_hz: int = 16000
    vectors: Vectors | None = None
    means: Wave | None = None
    seconds: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def order(self, before: Wave, block: Wave, overlap: int) -> tuple[int, ...]:
        """See `tympan.tasks.separate.streams.Stitcher`."""
        if self.means is None:
            self._learn(*self._voices(before))
        gain = OVERLAP_WEIGHT * likeness_in(before, block, overlap)
        found, seconds = self._voices(block)
        assert self.means is not None, "learned from the first block"
        known = self.means / np.maximum(np.linalg.norm(self.means, axis=1), 1e-9)[:, None]
        sure = np.minimum(1.0, self.seconds)[:, None] * (seconds >= LEAST_S)[None]
        gain = gain + sure * (known @ found.T)
        best = ordered(gain)
        self._learn(found[list(best)], seconds[list(best)])
        return best

    def _voices(self, block: Wave) -> tuple[Wave, npt.NDArray[np.float64]]:
        """Vectors `(k, d)` of the sources `(k, c, t)`, and the seconds of sound of each."""
        if self.vectors is None:
            self.vectors = voice_vectors(self.rate_hz)
        mono = block.mean(1)
        return self.vectors(mono), sounding_s(mono, self.rate_hz)

    def _learn(self, found: Wave, seconds: npt.NDArray[np.float64]) -> None:
        weights = np.where(seconds >= LEAST_S, seconds, 0.0)
        new = (found * weights[:, None]).astype(np.float32)
        self.means = new if self.means is None else self.means + new
        self.seconds = weights if not len(self.seconds) else self.seconds + weights


def ordered(gain: npt.NDArray[np.float64]) -> tuple[int, ...]:
    """The order with the largest sum of gains `(k, k)`, of places and sources.

    >>> ordered(np.array([[0.0, 1.0], [0.0, 0.5]]))
    (1, 0)
    """
    orders = permutations(range(len(gain)))
    return max(orders, key=lambda one: sum(gain[i, j] for i, j in enumerate(one)))


def likeness_in(before: Wave, block: Wave, overlap: int) -> npt.NDArray[np.float64]:
    """`likeness` of blocks `(k, c, t)` where the second begins in the first."""
    earlier, later = before[..., before.shape[-1] - overlap :], block[..., :overlap]
    return likeness(earlier.reshape(len(earlier), -1), later.reshape(len(later), -1))


def likeness(before: Wave, after: Wave) -> npt.NDArray[np.float64]:
    """How alike sources are `(k, t)` twice → `(k, k)`, weighted by how loud each is.

    >>> x = np.array([[3, -3, 3, -3], [4, 4, -4, -4]], np.float32)
    >>> likeness(x, x).round(2)
    array([[0.36, 0.  ],
           [0.  , 0.64]])
    """
    a, b = np.asarray(before, np.float64), np.asarray(after, np.float64)
    total = np.sqrt(np.square(a).sum() * np.square(b).sum()) + FLOOR
    return np.asarray((a @ b.T) / total)


def sounding_s(block: Wave, rate_hz: int) -> npt.NDArray[np.float64]:
    """Seconds in which each source `(k, t)` is near the level of the loudest frame of any."""
    size = max(1, round(FRAME_S * rate_hz))
    frames = block[:, : block.shape[1] // size * size].reshape(len(block), -1, size)
    power = np.square(frames, dtype=np.float64).mean(2)
    if not power.size or power.max() < FLOOR:
        return np.zeros(len(block))
    return np.asarray((power > power.max() * 10 ** (PAUSE_DB / 10)).sum(1) * FRAME_S)


def voice_vectors(rate_hz: int, device: str = "cpu") -> Vectors:
    """The vectors that the shipped voice model gives.

    Args:
        rate_hz: of the samples it will get.
        device: where it computes.
    """
    from tympan.tasks.answering import load

    model: Any = load("voices", "identify", device)

    def vectors(waves: Wave) -> Wave:
        import torch

        given = np.asarray(waves, np.float32)
        if rate_hz != model.rate_hz:
            import soxr

            given = soxr.resample(given.T, rate_hz, model.rate_hz).T.astype(np.float32)
        size = round(model.config.window_s * model.rate_hz)
        starts = range(0, max(1, given.shape[1] - size // 2), size)
        found = np.zeros((len(given), model.config.size), np.float32)
        for start in starts:
            part = np.ascontiguousarray(given[:, start : start + size])
            one = model.net.vectors(torch.from_numpy(part).to(model.device)).cpu().numpy()
            found += one * (np.sqrt(np.square(part).mean(1)) + 1e-9)[:, None]
        lengths = np.maximum(np.linalg.norm(found, axis=1), 1e-9)[:, None]
        unit: npt.NDArray[np.float32] = (found / lengths).astype(np.float32)
        return unit

    return vectors


def swaps(orders: Sequence[Sequence[int]]) -> int:
    """How often an order is another than the one before.

    >>> swaps([(0, 1), (0, 1), (1, 0), (1, 0)])
    1
    """
    return sum(tuple(a) != tuple(b) for a, b in pairwise(orders))
