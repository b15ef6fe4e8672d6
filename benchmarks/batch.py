"""What a file costs: `tympan batch` on one worker, on two, and on Ray, beside a plain pool.

The plain pool is what one writes on an afternoon: `multiprocessing` over `librosa.load` and the
same net, a file at a time. The files are clips of ESC-50 (5 s, Opus, 16 kHz), the question is
`classify`. Each run is made with one file and with all; the difference is what the other files
cost, and what is left is the start: processes, libraries, models.

*Core seconds* are those that the processes computed (user and system), which other work on the
machine hardly changes; the time that passed does depend on it. Those of Ray's processes are not
known to the process that asks.

The simulation takes the core seconds of a file, half to double of them at random, and lets so many
workers share a storage that gives its bytes one after another, after a latency that does not stand
in line. So it shows where storage, not computing, is the limit. Seed 0.
"""

from __future__ import annotations

import heapq
import importlib.util
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import DATA, arguments, key_of, main

FILES, QUICK_FILES = 40, 3
SECONDS = 5.0
WORKERS = (1, 2, 4, 8, 16, 32, 64)
# Name → bytes a second, and seconds until the first of them.
STORAGES = {
    "disk, 200 MB/s": (200e6, 0.0001),
    "network disk, 50 MB/s": (50e6, 0.002),
    "object store, 1 GB/s": (1e9, 0.030),
}
# Name → bytes of a file of five seconds.
KINDS = {"Opus, 16 kHz": 25_000, "WAV, 48 kHz, stereo": 960_000}
SIMULATED, SEED = 20_000, 0


@dataclass(frozen=True)
class Cost:
    """What a run took.

    Attributes:
        wall_s: time that passed.
        core_s: computed by its processes.
    """

    wall_s: float
    core_s: float


def cost_of(work: Callable[[Sequence[Path]], object], files: Sequence[Path]) -> Cost:
    """Do it, and see what it took; its processes have ended then."""
    before, begin = os.times(), time.perf_counter()
    work(files)
    wall_s, after = time.perf_counter() - begin, os.times()
    core_s = (after.children_user - before.children_user) + (
        after.children_system - before.children_system
    )
    return Cost(wall_s, core_s)


def batch(files: Sequence[Path], workers: int, ray: str | None = None) -> None:
    """Ask about files, and see that all were answered."""
    import tympan
    from tympan.scale.store import Results

    folder = Path(tempfile.mkdtemp(prefix="tympan-benchmark-"))
    try:
        (folder / "list.txt").write_text("\n".join(map(str, files)))
        tympan.batch(
            folder / "list.txt", "classify", folder / "out", workers=workers, ray=ray,
            format="jsonl",
        )  # fmt: skip
        rows = list(Results(folder / "out").rows("files", "jsonl"))
        assert len(rows) == len(files)
        assert not any(row["error"] for row in rows)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pool(files: Sequence[Path], workers: int) -> None:
    """A plain pool over librosa and the same net."""
    processes = multiprocessing.get_context("spawn").Pool(workers, _begin)
    found = list(processes.imap(_one, map(str, files)))
    processes.close()
    processes.join()
    assert len(found) == len(files)


_net: Any = None


def _begin() -> None:
    global _net
    import torch

    import tympan

    torch.set_num_threads(1)
    _net = tympan.load_model("sounds").graph.whole().body


def _one(path: str) -> str:
    import librosa
    import torch

    import tympan

    wave, _ = librosa.load(path, sr=16_000)
    with torch.inference_mode():
        scores = _net(torch.from_numpy(wave)[None])[0]
    return tympan.models.load_card("sounds").labels[int(scores.argmax())]


def simulate(
    seconds: Sequence[float], size: int, workers: int, storage: tuple[float, float]
) -> float:
    """Files a second of so many workers that share a storage.

    >>> simulate([0.1], 0, 4, (1e9, 0.0))
    40.0
    >>> simulate([0.1], 10_000_000, 64, (100e6, 0.0)) < 10.1
    True
    """
    bandwidth, latency_s = storage
    rng = random.Random(SEED)
    free = [0.0] * workers  # when each worker takes its next file
    heapq.heapify(free)
    line_s = 0.0  # when the storage has given what was asked for so far
    for _ in range(SIMULATED):
        asked_s = heapq.heappop(free)
        line_s = max(line_s, asked_s + latency_s) + size / bandwidth
        heapq.heappush(free, line_s + rng.choice(seconds))
    return round(SIMULATED / max(free), 6)


def table(files: Sequence[Path]) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Rows of what was measured, and figures."""
    kinds: dict[str, Callable[[Sequence[Path]], object]] = {}
    for n in (1, 2):
        kinds[f"tympan batch, {n} worker{'s' * (n > 1)}"] = lambda some, n=n: batch(some, n)
        kinds[f"pool over librosa, {n} process{'es' * (n > 1)}"] = lambda some, n=n: pool(some, n)
    if importlib.util.find_spec("ray") is not None:
        kinds["tympan batch, Ray, 2 actors"] = lambda some: batch(some, 2, "auto")
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    for name, work in kinds.items():
        few = max(2, len(files) // 30)
        one, many = (cost_of(work, some) for some in (files[:few], files))
        more = len(files) - few
        core_s, wall_s = (many.core_s - one.core_s) / more, (many.wall_s - one.wall_s) / more
        known = "Ray" not in name
        rows.append({
            "what": name,
            "core ms a file": f"{1000 * core_s:.0f}" if known else "–",
            "hours of sound a core hour": f"{SECONDS / core_s:.0f}" if known else "–",
            "files/s as it was": f"{1 / wall_s:.1f}",
            "start, s": f"{one.wall_s:.0f}",
            "start, core s": f"{one.core_s:.0f}" if known else "–",
        })  # fmt: skip
        figures[key_of(name) + "_wall_ms"] = 1000 * wall_s
        if known:
            figures[key_of(name) + "_core_ms"] = 1000 * core_s
    ours, peer = "tympan_batch_1_worker_core_ms", "pool_over_librosa_1_process_core_ms"
    figures["batch_vs_pool"] = figures[peer] / figures[ours]
    return rows, figures


def simulated(seconds: Sequence[float]) -> dict[str, list[dict[str, object]]]:
    """Tables of files a second, one for each kind of file."""
    found = {}
    for kind, size in KINDS.items():
        rows: list[dict[str, object]] = []
        for name, storage in STORAGES.items():
            row: dict[str, object] = {"storage": name}
            alone = simulate(seconds, size, 1, (1e15, 0.0))
            limit = ""
            for workers in WORKERS:
                rate = simulate(seconds, size, workers, storage)
                row[f"{workers}"] = rate
                if not limit and rate < 0.8 * workers * alone:
                    limit = f"{workers} workers"
            row["storage is the limit from"] = limit or "more than 64"
            rows.append(row)
        found[f"Simulated: files/s of so many workers, {kind}"] = rows
    return found


WHY = """
- **Beside the pool**: decoding with libsndfile and soxr block by block, windows of several files
  through the net together, and the same net. The pool stops at the first file that it cannot read.
- **Ray** adds the start of its cluster, which a long run does not feel, and the way of names and
  rows.
- **Storage is the limit** from where the simulated workers do less than 80 % of so many alone.
"""


if __name__ == "__main__":
    options = arguments("batch")
    os.environ["OMP_NUM_THREADS"] = "1"
    clips = sorted((DATA / "esc50" / "audio").glob("*.opus"))
    if not clips:
        sys.exit("the development recordings (../shared/data) are not here")
    rows, figures = table(clips[: QUICK_FILES if options.quick else FILES])
    core_s = figures["tympan_batch_1_worker_core_ms"] / 1000
    seconds = [max(1e-4, core_s) * share for share in (0.5, 0.7, 0.8, 1.0, 1.0, 1.2, 1.8, 1.0)]
    main(
        "batch",
        rows,
        figures,
        title="A folder of files",
        about=(__doc__ or "").strip(),
        more=simulated(seconds),
        why=WHY,
    )
