"""Batches of waveforms for training and evaluation.

What a batch holds depends on (seed, epoch, step) only: not on threads, not on whether the epoch was
started in the middle. With several processes each takes its share of the same batch.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Generator, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.data.cache import WaveCache
from tympan.errors import ArgumentError, ShapeError

_PREFETCH = 4


@dataclass
class Batch:
    """Some recordings, cropped and padded to one length.

    Args:
        waves: float32 (b, t).
        targets: (b, ...), as given to `Batches`.
        index: long (b,): the row of each in the cache.
        lengths: long (b,): samples before padding.
    """

    waves: Tensor
    targets: Tensor
    index: Tensor
    lengths: Tensor

    def __len__(self) -> int:
        return len(self.waves)

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device."""
        return Batch(
            self.waves.to(device, non_blocking=True),
            self.targets.to(device, non_blocking=True),
            self.index.to(device),
            self.lengths.to(device),
        )


class Batches:
    """Batches of a cache's recordings.

    **Training**: a new order each epoch; a long recording gives a random crop; the last batch is
    filled up from the epoch's start, so that all batches have the same size. **Evaluation**: the
    rows in their order, once; a long recording gives its middle.

    Args:
        cache: the decoded recordings.
        targets: tensor (rows, ...), one for each recording: class numbers or k-hot rows.
        batch_size: recordings in a batch, **over all processes together**: with `world=2` each
            process gets half, so that learning rate and steps stay right whatever the number.
        crop_s: length of a wave in seconds; None: as long as the longest of each batch.
        training: random order and crops, or not.
        seed: what the order and the crops depend on, with epoch and step.
        balance: draw rows (with replacement) so that all classes come equally often; a number
            between 0 and 1 goes part of the way (weights are 1 / class size ** balance).
        pad: what follows a short recording: `"zero"`, or `"cyclic"` (it is repeated).
        rank, world: which share of each batch, of how many.
        workers: threads that read ahead; 0 reads in the caller's thread.

    Attributes:
        wait_s: how long callers waited for batches so far.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from tympan.audio import synth
    >>> from tympan.data import read_folder
    >>> root = Path(tempfile.mkdtemp())
    >>> for i in range(3):
    ...     _ = synth.sine(440, duration_s=0.5 + i, rate_hz=8000).save(root / f"{i}.wav")
    >>> cache = WaveCache.open(read_folder(root), rate_hz=8000, cache_dir=root / ".cache")
    >>> batches = Batches(cache, torch.tensor([0, 1, 1]), batch_size=2, crop_s=1.0, training=True)
    >>> [tuple(batch.waves.shape) for batch in batches.epoch(0)]
    [(2, 8000), (2, 8000)]
    """

    def __init__(
        self,
        cache: WaveCache,
        targets: Tensor,
        *,
        batch_size: int,
        crop_s: float | None,
        training: bool,
        seed: int = 0,
        balance: bool | float = False,
        pad: str = "zero",
        rank: int = 0,
        world: int = 1,
        workers: int = 1,
    ) -> None:
        if len(targets) != len(cache):
            raise ShapeError(f"{len(targets)} targets for {len(cache)} recordings")
        if batch_size < 1 or (crop_s is not None and crop_s <= 0):
            raise ArgumentError("batch_size and crop_s must be positive")
        if pad not in ("zero", "cyclic"):
            raise ArgumentError(f"pad must be 'zero' or 'cyclic', not {pad!r}")
        self.cache, self.targets, self.training, self.seed = cache, targets, training, seed
        self.crop_s, self.pad, self.workers, self.balance = crop_s, pad, workers, balance
        self.asked_batch_size = batch_size
        self.crop = None if crop_s is None else max(1, round(crop_s * cache.rate_hz))
        # A batch never holds one recording twice, except to give each process the same number.
        self.batch_size = min(batch_size, len(cache)) if training else batch_size
        self.weights = class_weights(targets, float(balance)) if balance else None
        self.lengths = cache.lengths
        self.wait_s = 0.0
        self.rank, self.world = 0, 1
        self._share(rank, world)

    def __len__(self) -> int:
        """Batches in an epoch."""
        return -(-len(self.cache) // self.batch_size)

    @property
    def num_examples(self) -> int:
        """Recordings in the cache."""
        return len(self.cache)

    def shard(self, rank: int, world: int) -> Batches:
        """The same batches, of which this process takes its share."""
        other = copy(self)
        other._share(rank, world)
        return other

    def fingerprint(self) -> dict[str, Any]:
        """What the batches depend on, to refuse resuming a training on others."""
        sounds = hashlib.blake2b(digest_size=6)
        for i in range(len(self.cache)):
            sounds.update(self.cache.content_key(i).encode())
        targets = np.ascontiguousarray(self.targets.detach().cpu().numpy()).tobytes()
        return {
            "recordings": len(self.cache),
            "sounds": sounds.hexdigest(),
            "targets": hashlib.blake2b(targets, digest_size=6).hexdigest(),
            "rate_hz": self.cache.rate_hz,
            "batch_size": self.asked_batch_size,
            "crop_s": self.crop_s,
            "seed": self.seed,
            "balance": float(self.balance),
            "pad": self.pad,
        }

    def _share(self, rank: int, world: int) -> None:
        if not 0 <= rank < world:
            raise ArgumentError(f"rank {rank} of {world}")
        self.rank, self.world = rank, world
        if self.training:
            self.batch_size = -(-self.batch_size // world) * world

    def epoch(self, epoch: int, start_step: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, from `start_step` on. Closing the iterator stops its thread."""
        plan = self._plan(epoch)
        steps = range(start_step, len(self))
        if self.workers <= 0:
            return self._measured(self._batch(plan, step) for step in steps)
        return self._measured(self._read_ahead(plan, steps))

    def __iter__(self) -> Iterator[Batch]:
        return self.epoch(0)

    def _measured(self, batches: Generator[Batch, None, None]) -> Iterator[Batch]:
        try:
            while True:
                start = time.perf_counter()
                batch = next(batches, None)
                self.wait_s += time.perf_counter() - start
                if batch is None:
                    return
                yield batch
        finally:
            batches.close()

    def _plan(self, epoch: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """The epoch's rows in order, and a number in [0, 1) for each that places its crop."""
        rows = len(self.cache)
        if not self.training:
            return np.arange(rows), np.full(rows, 0.5)
        key = np.array([self.seed % 2**64, epoch], dtype=np.uint64)
        rng = np.random.Generator(np.random.Philox(key=key))
        places = len(self) * self.batch_size
        if self.weights is None:
            order = np.resize(rng.permutation(rows), places)
        else:
            order = _spread_draw(self.weights, places, rng)
        return order, rng.random(places)

    def _batch(
        self, plan: tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]], step: int
    ) -> Batch:
        order, places = plan
        at = slice(step * self.batch_size, (step + 1) * self.batch_size)
        share = slice(self.rank, None, self.world)
        rows, places = order[at][share], places[at][share]
        longest = int(self.lengths[rows].max(initial=1)) if self.crop is None else self.crop
        waves = np.zeros((len(rows), longest), dtype=np.float32)
        lengths = np.minimum(self.lengths[rows], longest)
        for wave, row, place, length in zip(waves, rows, places, lengths, strict=True):
            start = int(place * (self.lengths[row] - length + 1))
            wave[:length] = self.cache.wave(row, start, length)
            if self.pad == "cyclic" and length < longest:
                wave[:] = np.resize(wave[:length], longest)
        index = torch.from_numpy(rows.astype(np.int64))
        return Batch(torch.from_numpy(waves), self.targets[index], index, torch.from_numpy(lengths))

    def _read_ahead(
        self, plan: tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]], steps: range
    ) -> Generator[Batch, None, None]:
        """Batches in order, made by threads that stay at most a few ahead."""
        stop = threading.Event()
        count = min(self.workers, max(1, len(steps)))
        queues: list[queue.Queue[Batch | BaseException]] = [
            queue.Queue(max(1, _PREFETCH // count)) for _ in range(count)
        ]

        def put(worker: int, item: Batch | BaseException) -> None:
            while not stop.is_set():
                try:
                    queues[worker].put(item, timeout=0.2)
                    return
                except queue.Full:
                    continue

        def work(worker: int) -> None:
            try:
                for step in steps[worker::count]:
                    if stop.is_set():
                        return
                    put(worker, self._batch(plan, step))
            except BaseException as error:
                put(worker, error)

        threads = [threading.Thread(target=work, args=(w,), daemon=True) for w in range(count)]
        for thread in threads:
            thread.start()
        try:
            for i in range(len(steps)):
                item = queues[i % count].get()
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def class_weights(targets: Tensor, balance: float) -> npt.NDArray[np.float64]:
    """How often to draw each row (sums to 1), so that classes weigh alike.

    A row of several labels weighs as the rarest of them.

    >>> class_weights(torch.tensor([0, 0, 0, 1]), 1.0).round(3).tolist()
    [0.167, 0.167, 0.167, 0.5]
    """
    if targets.ndim == 1:
        _, classes = torch.unique(targets, return_inverse=True)
        hot = torch.nn.functional.one_hot(classes).double()
    elif targets.ndim == 2:
        hot = (targets > 0.5).double()
    else:
        raise ShapeError(f"balance takes targets (b,) or (b, k), not {tuple(targets.shape)}")
    size = hot.sum(0).clamp_min(1)
    rarest = torch.where(hot > 0, size, torch.inf).amin(1)
    rarest = torch.where(rarest.isinf(), float(len(hot)), rarest)  # a row without any label
    weights = rarest**-balance
    return (weights / weights.sum()).numpy()


def _spread_draw(
    weights: npt.NDArray[np.float64], count: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Systematic resampling: each row comes floor or ceil of its share of `count` times."""
    rows = rng.permutation(len(weights))
    ends = np.cumsum(weights[rows])
    points = (np.arange(count) + rng.random()) / count * ends[-1]
    drawn = rows[np.minimum(np.searchsorted(ends, points, side="right"), len(rows) - 1)]
    return rng.permutation(drawn)
