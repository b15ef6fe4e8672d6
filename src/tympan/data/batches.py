"""Batches of examples for training and evaluation.

What a batch holds depends on (seed, epoch, step) only: not on threads, not on whether the epoch was
started in the middle. With several processes each takes its share of the same batch.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from copy import copy
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from tympan.data.examples import Examples
from tympan.errors import ArgumentError

_PREFETCH = 4

Batch = dict[str, Tensor]
"""Named tensors `(b, …)`; `<name>_lengths` `(b,)` beside what is ragged; `row` `(b,)`."""


class Batches:
    """Batches of examples.

    **Training**: a new order each epoch; each example's random choices are drawn anew; the last
    batch is filled up from the epoch's start, so that all batches have the same size.
    **Evaluation**: the rows in their order, once, without random choices.

    Args:
        examples: the rows.
        batch_size: rows in a batch, **over all processes together**: with `world=2` each process
            gets half, so that learning rate and steps stay right whatever the number.
        training: random order and choices, or not.
        seed: what they depend on, with epoch and step.
        bucket: in training, rows of alike size share a batch: the epoch's order is sorted by size
            within pieces of so many batches, so that less is padded; 0: not.
        rank, world: which share of each batch, of how many.
        workers: threads that read ahead; 0 reads in the caller's thread.

    Attributes:
        wait_s: how long callers waited for batches so far.

    >>> class Numbers:
    ...     sizes, weights, padding = np.ones(3, np.int64), None, {}
    ...     def item(self, row, rng):
    ...         return {"x": torch.tensor(float(row))}
    ...     def fingerprint(self):
    ...         return {"rows": 3}
    >>> [batch["x"].tolist() for batch in Batches(Numbers(), batch_size=2, training=False)]
    [[0.0, 1.0], [2.0]]
    """

    def __init__(
        self,
        examples: Examples,
        *,
        batch_size: int,
        training: bool,
        seed: int = 0,
        bucket: int = 0,
        rank: int = 0,
        world: int = 1,
        workers: int = 1,
    ) -> None:
        if batch_size < 1 or bucket < 0:
            raise ArgumentError(f"batch_size={batch_size} and bucket={bucket} must be positive")
        self.examples, self.training, self.seed = examples, training, seed
        self.bucket, self.workers = bucket, workers
        self.requested_batch_size = batch_size
        self.rows = len(examples.sizes)
        # A batch never holds one row twice, except to give each process the same number.
        self.batch_size = min(batch_size, self.rows) if training else batch_size
        self.wait_s = 0.0
        self.rank, self.world = 0, 1
        self._share(rank, world)

    def __len__(self) -> int:
        """Batches in an epoch."""
        return -(-self.rows // self.batch_size)

    def shard(self, rank: int, world: int) -> Batches:
        """The same batches, of which this process takes its share."""
        other = copy(self)
        other._share(rank, world)
        return other

    def fingerprint(self) -> dict[str, Any]:
        """What the batches depend on, to refuse resuming a training on others."""
        return {
            **self.examples.fingerprint(),
            "rows": self.rows,
            "batch_size": self.requested_batch_size,
            "seed": self.seed,
            "bucket": self.bucket,
        }

    def _share(self, rank: int, world: int) -> None:
        if not 0 <= rank < world:
            raise ArgumentError(f"rank {rank} of {world}")
        self.rank, self.world = rank, world
        if self.training:
            self.batch_size = -(-self.batch_size // world) * world

    def epoch(self, epoch: int, start_step: int = 0) -> Iterator[Batch]:
        """The batches of an epoch, from `start_step` on. Closing the iterator stops its thread."""
        order = self._order(epoch)
        steps = range(start_step, len(self))
        if self.workers <= 0:
            return self._measured(self._batch(order, epoch, step) for step in steps)
        return self._measured(self._read_ahead(order, epoch, steps))

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

    def _order(self, epoch: int) -> npt.NDArray[np.int64]:
        """The epoch's rows in order."""
        if not self.training:
            return np.arange(self.rows)
        rng = self._rng(epoch, 0)
        places = len(self) * self.batch_size
        if self.examples.weights is None:
            order = np.resize(rng.permutation(self.rows), places)
        else:
            order = _spread_draw(self.examples.weights, places, rng)
        return self._bucketed(order, rng) if self.bucket else order

    def _bucketed(
        self, order: npt.NDArray[np.int64], rng: np.random.Generator
    ) -> npt.NDArray[np.int64]:
        """Sort the order by size within pieces, and shuffle the batches of the epoch."""
        piece = self.bucket * self.batch_size
        sizes = np.asarray(self.examples.sizes)
        parts = [order[i : i + piece] for i in range(0, len(order), piece)]
        parts = [part[np.argsort(sizes[part], kind="stable")] for part in parts]
        batches = np.concatenate(parts).reshape(-1, self.batch_size)
        return batches[rng.permutation(len(batches))].reshape(-1)

    def _rng(self, epoch: int, stream: int) -> np.random.Generator:
        """A generator for an epoch's order (stream 0) or one place in it (from 1)."""
        key = np.array([self.seed % 2**64, epoch], dtype=np.uint64)
        counter = np.array([0, stream, 0, 0], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=counter))

    def _batch(self, order: npt.NDArray[np.int64], epoch: int, step: int) -> Batch:
        first = step * self.batch_size
        places = range(first, min(first + self.batch_size, len(order)))[self.rank :: self.world]
        items = [
            self.examples.item(
                int(order[place]), self._rng(epoch, place + 1) if self.training else None
            )
            for place in places
        ]
        batch = collate(items, self.examples.padding)
        batch["row"] = torch.from_numpy(order[list(places)])
        return batch

    def _read_ahead(
        self, order: npt.NDArray[np.int64], epoch: int, steps: range
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
                    put(worker, self._batch(order, epoch, step))
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


def to_device(batch: Batch, device: torch.device | str) -> Batch:
    """The same batch on another device."""
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}


def collate(items: Sequence[Mapping[str, Tensor]], padding: Mapping[str, float]) -> Batch:
    """Stack the tensors of each name; what is ragged is filled up at its end.

    Args:
        items: of each row the same names.
        padding: name of what is ragged → value to fill it up with.

    Returns:
        `(b, …)` for each name, and `<name>_lengths` `(b,)`, the length of the last axis, for what
        is ragged.

    >>> rows = [{"x": torch.tensor([1, 2])}, {"x": torch.tensor([3])}]
    >>> batch = collate(rows, {"x": -1})
    >>> batch["x"].tolist(), batch["x_lengths"].tolist()
    ([[1, 2], [3, -1]], [2, 1])
    """
    batch: Batch = {}
    for name in items[0] if items else ():
        tensors = [item[name] for item in items]
        if name not in padding:
            batch[name] = torch.stack(tensors)
            continue
        shape = [max(sizes) for sizes in zip(*(t.shape for t in tensors), strict=True)]
        full = tensors[0].new_full((len(tensors), *shape), padding[name])
        for row, tensor in zip(full, tensors, strict=True):
            row[tuple(map(slice, tensor.shape))] = tensor
        batch[name] = full
        batch[f"{name}_lengths"] = torch.tensor([t.shape[-1] for t in tensors])
    return batch


def _spread_draw(
    weights: npt.NDArray[np.float64], count: int, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Systematic resampling: each row comes floor or ceil of its share of `count` times."""
    rows = rng.permutation(len(weights))
    ends = np.cumsum(weights[rows])
    points = (np.arange(count) + rng.random()) / count * ends[-1]
    drawn = rows[np.minimum(np.searchsorted(ends, points, side="right"), len(rows) - 1)]
    return rng.permutation(drawn)
