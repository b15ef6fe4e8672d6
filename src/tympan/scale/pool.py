"""Workers on this machine: processes that are started anew when they die."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import wait
from typing import Any

from tympan.errors import TympanError
from tympan.scale.job import BatchJob, Work
from tympan.scale.worker import BlockResult, serve

GRACE_S = 5.0
MOST_STARTS = 3
"""So many workers may die before they are ready, one after another."""


class WorkerDied(Exception):
    """A worker ended without an answer: killed, out of memory, stuck, or crashed by a file."""


class LocalPool:
    """Processes by *spawn*, each with its own models.

    Args:
        job: what is asked.
        workers: how many.
        timeout_s: a worker that is at a block for so long, times its files, is stuck.
    """

    def __init__(self, job: BatchJob, workers: int, timeout_s: float) -> None:
        self._values, self.timeout_s = job.to_json(), timeout_s
        self.failed_starts = 0
        self._context = multiprocessing.get_context("spawn")
        self._slots: list[_Slot] = [_Slot(self) for _ in range(workers)]

    @property
    def room(self) -> bool:
        """Whether a worker has nothing to do."""
        return any(slot.work is None for slot in self._slots)

    @property
    def busy(self) -> bool:
        """Whether a worker has something to do."""
        return any(slot.work is not None for slot in self._slots)

    def submit(self, work: Work) -> None:
        """Give work to a worker that has none."""
        next(slot for slot in self._slots if slot.work is None).begin(work)

    def finished(self) -> list[tuple[Work, BlockResult | WorkerDied]]:
        """Wait until at least one worker is done; what came of its work.

        Raises:
            TympanError: no worker can begin: a model is missing.
        """
        while True:
            busy: dict[Any, _Slot] = {}
            for slot in self._slots:
                if slot.work is not None:
                    busy |= {slot.pipe: slot, slot.process.sentinel: slot}
            ready = wait(list(busy), timeout=1.0)
            found = []
            for slot in dict.fromkeys(busy[one] for one in ready):
                if (outcome := slot.outcome()) is not None:
                    found.append(outcome)
            found += [slot.stopped() for slot in set(busy.values()) if slot.stuck]
            if found or not busy:
                return found

    def close(self) -> None:
        """End all workers."""
        for slot in self._slots:
            slot.end()

    @property
    def processes(self) -> Sequence[Any]:
        """The workers' processes."""
        return [slot.process for slot in self._slots]


class _Slot:
    """A worker's process and what it is at."""

    def __init__(self, pool: LocalPool) -> None:
        self._pool = pool
        self.work: Work | None = None
        self._begun = 0.0
        self._ready = False
        self._start()

    def _start(self) -> None:
        context = self._pool._context
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(
            target=serve, args=(theirs, self._pool._values), daemon=True, name="tympan-batch"
        )
        self.process.start()
        theirs.close()  # so that the end of the worker is the end of the pipe
        self._ready = False

    def begin(self, work: Work) -> None:
        """Give it work."""
        self.work, self._begun = work, time.monotonic()
        try:
            self.pipe.send(work)
        except OSError:
            return  # it is dead, which `outcome` finds

    def outcome(self) -> tuple[Work, BlockResult | WorkerDied] | None:
        """What came of its work, if that is over."""
        assert self.work is not None
        try:
            if not self.pipe.poll():
                if self.process.is_alive():
                    return None
                raise EOFError
            kind, value = self.pipe.recv()
        except (EOFError, OSError):
            return self._died(f"the worker died ({_how(self.process)})")
        if kind == "ready":
            self._ready, self._begun = True, time.monotonic()
            self._pool.failed_starts = 0
            return None
        if kind == "broken" and not self._ready:
            raise TympanError(f"no worker can begin: {value}")
        if kind == "broken":
            return self._died(f"the worker failed: {value}")
        work, self.work = self.work, None
        return work, value

    @property
    def stuck(self) -> bool:
        """Whether it has been at its work for too long."""
        if self.work is None or not self._ready:
            return False
        allowed = self._pool.timeout_s * max(1, len(self.work.files))
        return time.monotonic() - self._begun > allowed

    def stopped(self) -> tuple[Work, WorkerDied]:
        """End it; another worker takes its place."""
        assert self.work is not None
        self.process.kill()
        allowed = self._pool.timeout_s * len(self.work.files)
        return self._died(f"took longer than {allowed:g} s")

    def _died(self, why: str) -> tuple[Work, WorkerDied]:
        assert self.work is not None
        work, self.work = self.work, None
        if not self._ready:
            self._pool.failed_starts += 1
            if self._pool.failed_starts >= MOST_STARTS:
                fix = "give fewer --workers, or see whether memory runs out"
                raise TympanError(f"workers end before they can begin: {why}", fix=fix)
        self.end()
        self._start()
        return work, WorkerDied(why)

    def end(self) -> None:
        """End the process."""
        self.pipe.close()
        if self.process.is_alive():
            self.process.terminate()
        self.process.join(GRACE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _how(process: Any) -> str:
    process.join(1.0)
    code = process.exitcode
    if code is not None and code < 0:
        import signal

        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code}"
