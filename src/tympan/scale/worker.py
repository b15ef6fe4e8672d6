"""A process that holds the models, and answers about one block of files after another."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tympan.scale.job import BatchJob, Work
from tympan.scale.tables import TABLES, encoded, plain_rows, schema


@dataclass(frozen=True)
class BlockResult:
    """The results of a block of files.

    Attributes:
        number: of the block.
        content: table → the bytes of its file; or, of a part of a block, its rows.
        files: how many there were.
        failed: of these, how many have an error.
        audio_s: seconds of sound.
    """

    number: int
    content: Mapping[str, Any]
    files: int
    failed: int
    audio_s: float


class BlockWorker:
    """Answers about blocks of files, with models that are loaded once.

    Args:
        values: of the job, see `BatchJob.to_json`.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        import torch

        from tympan.scale.one_pass import OnePass

        self.job = BatchJob.from_json(values)
        if self.job.threads:
            torch.set_num_threads(self.job.threads)
        self._pass = OnePass(self.job)

    def answer(self, work: Work) -> BlockResult:
        """The results of some files; of files that are alone as rows, to be put together."""
        columns = [one.column for one in self.job.asked]
        rows = self._pass.rows(work.files, alone=work.alone)
        tables = plain_rows(rows, columns)
        failed = sum(bool(row.errors) for row in rows)
        audio_s = sum(row.duration_s or 0.0 for row in rows)
        content: Mapping[str, Any] = tables
        if not work.alone:
            content = contents(tables, self.job)
        return BlockResult(work.number, content, len(rows), failed, audio_s)


def contents(tables: Mapping[str, Sequence[Mapping[str, Any]]], job: BatchJob) -> dict[str, bytes]:
    """Rows of both tables as the bytes of their files."""
    wanted = schema([one.column for one in job.asked])
    return {name: encoded(tables[name], wanted[name], job.format) for name in TABLES}


def serve(pipe: Any, values: Mapping[str, Any]) -> None:
    """What a worker's process does: take work from a pipe until it is closed.

    A worker whose parent is gone, however that went, reads the end of the pipe and ends too.
    """
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends this
    try:
        worker = BlockWorker(values)
        pipe.send(("ready", None))
        while True:
            work = pipe.recv()
            if work is None:
                return
            pipe.send(("done", worker.answer(work)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except Exception as error:
        from tympan.errors import TympanError

        told = str(error) if isinstance(error, TympanError) else f"{type(error).__name__}: {error}"
        try:
            pipe.send(("broken", told))
        except OSError:
            return
