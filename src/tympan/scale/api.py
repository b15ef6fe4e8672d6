"""`tympan.batch`: the same questions about every file of a folder, a list or a bucket."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError
from tympan.scale.progress import BatchProgress, BatchSummary

if TYPE_CHECKING:
    from tympan.scale.dispatch import Workers
    from tympan.scale.job import BatchJob, Work
    from tympan.scale.store import Results

TIMEOUT_S = 600.0


def batch(
    sources: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    verbs: str | Sequence[str],
    out: str | os.PathLike[str],
    *,
    options: Mapping[str, Mapping[str, Any]] | None = None,
    format: str | None = None,
    workers: int | None = None,
    device: str = "cpu",
    block: int | None = None,
    timeout_s: float = TIMEOUT_S,
    ray: str | None = None,
    clean: bool = False,
    storage: Mapping[str, Any] | None = None,
    on_progress: Callable[[BatchProgress], None] | None = None,
) -> BatchSummary:
    """Put questions to many files: each is decoded once, whatever is asked.

    The same call goes on where one that was killed stopped. A script that calls it needs its main
    part under `if __name__ == "__main__":`, as the workers are processes of their own.

    Args:
        sources: files, folders, patterns, lists (`.txt`, `.csv`, `.jsonl`), addresses (`s3://…`).
        verbs: names of questions; `"tag:MODEL"` names the model too.
        out: folder of the results, with the tables `files` and `parts`.
        options: verb → its options.
        format: `"parquet"`, `"jsonl"` or `"csv"`; by default Parquet, where pyarrow is installed.
        workers: processes, or actors of a cluster; by default one for each processor.
        device: where the models compute.
        block: files that are answered and written together; by default 1 to 256.
        timeout_s: a file that takes longer gets a row that says so (not on a cluster).
        ray: address of a Ray cluster, or `"auto"`; None: this machine.
        clean: take the noise away from voices before, see `tympan.clean`.
        storage: options of the file system that remote files are read from (fsspec).
        on_progress: called now and then.

    Raises:
        ArgumentError: no such question or option, or the folder holds something else.
        DataError: there is no recording, or another run writes there.
        ModelError: a model cannot be loaded.
    """
    from tympan.scale.job import asked_of
    from tympan.scale.listing import files_of
    from tympan.scale.store import Results

    names = [verbs] if isinstance(verbs, str) else list(verbs)
    given = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    named = [os.fspath(one) for one in given]
    count = _workers(workers, device, ray)
    job = _job(asked_of(names, options), format, device, count, storage)
    results = Results(out)
    with results.alone():
        begun = results.begin(replace(job, clean=clean), named)
        job = replace(begun, made=os.path.abspath(results.folder))
        if not results.listing.exists:
            results.listing.write(files_of(named, storage), block, count)
        done = results.done(job.format)
        progress = BatchProgress(results.listing.count, before=_files_in(results, done))
        if len(done) < results.listing.blocks:
            pool = _pool(job, min(count, results.listing.blocks - len(done)), timeout_s, ray)
            try:
                _run(results, job, pool, done, progress, on_progress)
            finally:
                pool.close()
    failed = progress.failed + _failed_before(results, job, done)
    return BatchSummary(
        progress.before + progress.done, failed, progress.before, progress.audio_s,
        progress.elapsed_s, str(results.folder),
    )  # fmt: skip


def _run(
    results: Results,
    job: BatchJob,
    pool: Workers,
    done: set[int],
    progress: BatchProgress,
    on_progress: Callable[[BatchProgress], None] | None,
) -> None:
    from tympan.scale.dispatch import dispatched

    for block in dispatched(job, pool, _works(results, done)):
        results.put(block.number, job.format, block.content)
        progress.done += block.files
        progress.failed += block.failed
        progress.audio_s += block.audio_s
        if on_progress is not None:
            on_progress(progress)


def _works(results: Results, done: set[int]) -> Iterator[Work]:
    """The blocks that are not done yet."""
    from tympan.scale.job import Work

    for number in range(results.listing.blocks):
        if number not in done:
            yield Work(number, results.listing.block(number))


def _job(
    asked: Any, format: str | None, device: str, workers: int, storage: Mapping[str, Any] | None
) -> BatchJob:
    from tympan.scale.job import BatchJob
    from tympan.scale.tables import encoded, has_parquet

    kind = format or ("parquet" if has_parquet() else "jsonl")
    threads = max(1, (os.cpu_count() or 1) // workers) if device == "cpu" else 1
    job = BatchJob(asked, kind, device=device, threads=threads, storage=dict(storage or {}))
    encoded([], {"file": str}, kind)  # better known now than after the first block
    return job


def _workers(workers: int | None, device: str, ray: str | None) -> int:
    if workers is not None and workers < 1:
        raise ArgumentError(f"workers={workers}", fix="give 1 or more")
    if workers is None and device not in ("cpu", "auto") and ray is None:
        return 1  # one process fills a graphics card
    return workers or os.cpu_count() or 1


def _pool(job: BatchJob, workers: int, timeout_s: float, ray: str | None) -> Workers:
    if ray is not None:
        from tympan.scale.cluster import RayPool

        return RayPool(job, workers, ray)
    from tympan.scale.pool import LocalPool

    return LocalPool(job, workers, timeout_s)


def _files_in(results: Results, done: Iterable[int]) -> int:
    """How many files some blocks have: all have the same number but for the last."""
    numbers, listing = set(done), results.listing
    if not numbers:
        return 0
    every = len(listing.block(0))
    last = listing.blocks - 1
    return len(numbers - {last}) * every + (len(listing.block(last)) if last in numbers else 0)


def _failed_before(results: Results, job: BatchJob, done: Iterable[int]) -> int:
    from tympan.scale.store import read_part

    return sum(
        bool(row["error"])
        for number in done
        for row in read_part(results.path("files", number, job.format), job.format)
    )
