"""Give blocks to workers, and give them again where a worker died, until each has its rows.

The second time the files of a block go alone, so that the one that kills its worker is found; it
gets a row that says so, and the others get theirs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tympan.scale.job import BatchJob, Work
from tympan.scale.pool import WorkerDied
from tympan.scale.tables import TABLES, failed_row, plain_rows
from tympan.scale.worker import BlockResult, contents

TRIES = 2
"""So often a file is given alone to a worker before it is taken to kill workers."""


class Workers(Protocol):
    """Workers, wherever they are."""

    @property
    def room(self) -> bool: ...
    @property
    def busy(self) -> bool: ...
    def submit(self, work: Work) -> None: ...
    def finished(self) -> list[tuple[Work, BlockResult | WorkerDied]]: ...
    def close(self) -> None: ...


def dispatched(job: BatchJob, pool: Workers, works: Iterable[Work]) -> Iterator[BlockResult]:
    """The results of blocks, as they are done; a few are taken from `works` at a time."""
    waiting, again = iter(works), deque[Work]()
    split: dict[int, _Split] = {}
    ended = False
    while not ended or again or pool.busy:
        while pool.room and (again or not ended):
            work = again.popleft() if again else next(waiting, None)
            if work is None:
                ended = True
                break
            pool.submit(work)
        if not pool.busy:
            continue
        for work, outcome in pool.finished():
            if isinstance(outcome, BlockResult) and not work.alone:
                yield outcome
                continue
            if not work.alone:
                split[work.number] = _Split(work.files)
                again += [
                    Work(work.number, (name,), alone=True) for name in dict.fromkeys(work.files)
                ]
                continue
            block = split[work.number]
            if (left := block.take(work, outcome, job)) is not None:
                again.append(left)
            elif block.complete:
                del split[work.number]
                yield block.joined(work.number, job)


@dataclass
class _Split:
    """A block whose files go one by one."""

    files: Any
    rows: dict[str, BlockResult] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)

    def take(self, work: Work, outcome: BlockResult | WorkerDied, job: BatchJob) -> Work | None:
        """Take what came of one file; the work again, where its worker died for the first time."""
        (name,) = work.files
        if isinstance(outcome, BlockResult):
            self.rows[name] = outcome
            return None
        self.tries[name] = self.tries.get(name, 0) + 1
        if self.tries[name] < TRIES:
            return replace(work)
        tables = plain_rows([failed_row(name, str(outcome))], [one.column for one in job.asked])
        self.rows[name] = BlockResult(work.number, tables, 1, 1, 0.0)
        return None

    @property
    def complete(self) -> bool:
        """Whether all files have their rows."""
        return all(name in self.rows for name in self.files)

    def joined(self, number: int, job: BatchJob) -> BlockResult:
        """The block, its rows in the order of its files."""
        parts = [self.rows[name] for name in self.files]
        tables = {table: [row for p in parts for row in p.content[table]] for table in TABLES}
        failed, audio_s = sum(p.failed for p in parts), sum(p.audio_s for p in parts)
        return BlockResult(number, contents(tables, job), len(parts), failed, audio_s)
