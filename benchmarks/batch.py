"""How many files an hour: `tympan batch` on one core, on two, and on Ray, beside a plain pool.

The plain pool is what one writes on an afternoon: `multiprocessing` over `librosa.load` and the
same net, a file at a time. Both start their processes and load their models within the time. The
files are the first clips of ESC-50 (5 s, Opus, 16 kHz), and the question is `classify`.

The simulation takes the seconds that each file took one worker, and lets so many workers share a
storage that gives its bytes one after another, after a latency that does not stand in line. So it
shows where storage, not computing, is the limit. Seed 0; files are drawn from those measured.
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
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import DATA, arguments, main

FILES, QUICK_FILES = 240, 4
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


def batch(files: Sequence[Path], workers: int, ray: str | None = None) -> tuple[float, list[float]]:
    """Files a second, and the seconds that each took."""
    import tympan
    from tympan.scale.store import Results

    folder = Path(tempfile.mkdtemp(prefix="tympan-benchmark-"))
    try:
        (folder / "list.txt").write_text("\n".join(map(str, files)))
        begin = time.perf_counter()
        tympan.batch(
            folder / "list.txt", "classify", folder / "out", workers=workers, ray=ray,
            format="jsonl",
        )  # fmt: skip
        elapsed_s = time.perf_counter() - begin
        rows = list(Results(folder / "out").rows("files", "jsonl"))
        assert len(rows) == len(files)
        assert not any(row["error"] for row in rows)
        return len(files) / elapsed_s, [float(row["seconds"]) for row in rows]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def pool(files: Sequence[Path], workers: int) -> float:
    """Files a second of a plain pool over librosa and the same net."""
    begin = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(workers, _begin) as processes:
        found = list(processes.imap(_one, map(str, files)))
    assert len(found) == len(files)
    return len(files) / (time.perf_counter() - begin)


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


def table(files: Sequence[Path]) -> tuple[list[dict[str, object]], dict[str, float], list[float]]:
    """Rows of what was measured, figures, and the seconds of each file."""
    hours = SECONDS * 3600 / 3600
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    seconds: list[float] = []

    def add(name: str, rate: float) -> None:
        rows.append({"what": name, "files/s": rate, "hours of sound an hour": rate * hours})

    for workers in (1, 2):
        rate, found = batch(files, workers)
        seconds = seconds or found
        add(f"tympan batch, {workers} worker{'s' * (workers > 1)}", rate)
        figures[f"files_per_s_{workers}"] = rate
        peer = pool(files, workers)
        add(f"pool over librosa, {workers} process{'es' * (workers > 1)}", peer)
        figures[f"batch_{workers}_vs_pool"] = rate / peer
    if importlib.util.find_spec("ray") is not None:
        rate, _ = batch(files, 2, ray="auto")
        add("tympan batch, Ray, 2 actors", rate)
        figures["ray_overhead"] = figures["files_per_s_2"] / rate
    return rows, figures, seconds


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
    rows, figures, seconds = table(clips[: QUICK_FILES if options.quick else FILES])
    main(
        "batch",
        rows,
        figures,
        title="A folder of files",
        about=(__doc__ or "").strip(),
        more=simulated(seconds),
        why=WHY,
    )
