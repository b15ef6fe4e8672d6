"""Worker processes that die, are stuck, or cannot begin."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tympan.errors import TympanError
from tympan.scale.job import Asked, BatchJob, Work
from tympan.scale.pool import LocalPool, WorkerDied
from tympan.scale.worker import BlockResult


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills by signals")
def test_a_worker_that_is_killed_is_replaced(archive: Path) -> None:
    job = BatchJob((Asked("segment"),), "jsonl")
    pool = LocalPool(job, 1, timeout_s=300)
    try:
        files = [str(archive / "1.wav")]
        pool.submit(Work(0, files))
        assert not pool.room
        os.kill(pool.processes[0].pid, signal.SIGKILL)
        ((work, outcome),) = pool.finished()
        assert work.number == 0
        assert isinstance(outcome, WorkerDied)
        assert "SIGKILL" in str(outcome)
        pool.submit(Work(1, files))
        ((work, outcome),) = pool.finished()
        assert isinstance(outcome, BlockResult)
        assert (outcome.number, outcome.files, outcome.failed) == (1, 1, 0)
    finally:
        pool.close()
    assert not any(one.is_alive() for one in pool.processes)


@pytest.mark.slow
def test_a_model_that_is_missing_is_told_once() -> None:
    pool = LocalPool(BatchJob((Asked("classify", "nowhere"),), "jsonl"), 1, timeout_s=300)
    try:
        pool.submit(Work(0, ["a.wav"]))
        with pytest.raises(TympanError, match=r"no worker can begin.*nowhere"):
            pool.finished()
    finally:
        pool.close()
