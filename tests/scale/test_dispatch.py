"""No row is lost and none is there twice, whatever dies."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from tympan.scale.dispatch import dispatched
from tympan.scale.job import Asked, BatchJob, Work
from tympan.scale.one_pass import FileRow
from tympan.scale.pool import WorkerDied
from tympan.scale.tables import plain_rows
from tympan.scale.worker import BlockResult, contents

JOB = BatchJob((Asked("classify"),), "jsonl")


class Imagined:
    """Workers that die of some files, always or once."""

    def __init__(self, deadly: set[str], shaky: set[str], workers: int) -> None:
        self.deadly, self.shaky, self.workers = deadly, set(shaky), workers
        self.queue: deque[Work] = deque()
        self.most = 0

    room = property(lambda self: len(self.queue) < self.workers)
    busy = property(lambda self: bool(self.queue))

    def submit(self, work: Work) -> None:
        self.queue.append(work)
        self.most = max(self.most, len(self.queue))

    def finished(self) -> list[tuple[Work, BlockResult | WorkerDied]]:
        work = self.queue.popleft()
        if set(work.files) & (self.deadly | self.shaky):
            self.shaky -= set(work.files)
            return [(work, WorkerDied("SIGKILL"))]
        tables = plain_rows([FileRow(name) for name in work.files], ["classify"])
        content = tables if work.alone else contents(tables, JOB)
        return [(work, BlockResult(work.number, content, len(work.files), 0, 1.0))]

    def close(self) -> None: ...


@given(
    st.lists(st.integers(1, 6), max_size=8),
    st.sets(st.integers(0, 40)),
    st.sets(st.integers(0, 40)),
    st.integers(1, 4),
)
def test_every_file_has_one_row_in_its_place(
    sizes: list[int], deadly: set[int], shaky: set[int], workers: int
) -> None:
    names = iter(range(1000))
    works = [Work(i, [str(next(names)) for _ in range(size)]) for i, size in enumerate(sizes)]
    pool = Imagined(set(map(str, deadly)), set(map(str, shaky)), workers)
    blocks = {block.number: block for block in dispatched(JOB, pool, works)}
    assert sorted(blocks) == list(range(len(works)))
    for work in works:
        found = told(blocks[work.number])
        assert [name for name, _ in found] == list(work.files)
        for name, failed in found:
            assert failed == (int(name) in deadly)
    assert Counter(n for w in works for n in w.files) == Counter(
        name for block in blocks.values() for name, _ in told(block)
    )
    assert pool.most <= workers


def told(block: BlockResult) -> Sequence[tuple[str, bool]]:
    import json

    rows = map(json.loads, block.content["files"].decode().splitlines())
    return [(row["file"], row["error"] is not None) for row in rows]


def test_work_is_taken_as_it_is_done() -> None:
    """Back-pressure: of an endless list only as much is read as the workers hold."""
    taken = 0

    def endless():
        nonlocal taken
        while True:
            yield Work(taken, [str(taken)])
            taken += 1

    blocks = dispatched(JOB, Imagined(set(), set(), 3), endless())
    for _ in range(10):
        next(blocks)
    assert taken <= 14
