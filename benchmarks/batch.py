"""What a file costs a worker of `tympan batch`, beside a plain loop, and how far workers scale.

One worker in this process, on one thread, and a plain loop of `librosa.load` and the same net, a
file at a time, take turns on the same clips of ESC-50 (5 s, Opus, 16 kHz). What is measured are
*core* seconds, those that the process computed, which other work on the machine hardly changes.
The start (libraries, models) is not in them.

*Processes*: the same clips, in blocks of four, by one and by two processes of this machine and by
two actors of Ray (2 CPUs, started here), each a few times, by the clock; models are loaded before.
The clock runs on when the machine is busy with other work.

The simulation takes the core seconds of a file, half to double of them at random, and lets so many
workers share a storage that gives its bytes one after another, after a latency that does not stand
in line. So it shows where storage, not computing, is the limit. Seed 0;
there is no spread of the simulation.
"""

from __future__ import annotations

import heapq
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence

from benchmarks.common import DATA, arguments, key_of, main

FILES, QUICK_FILES = 48, 3
TURNS, QUICK_TURNS = 3, 1
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


def works() -> dict[str, Callable[[Sequence[str]], object]]:
    """What is compared, with its models loaded."""
    import librosa
    import torch

    import tympan
    from tympan.scale.job import BatchJob, Work, asked_of
    from tympan.scale.worker import BlockWorker

    torch.set_num_threads(1)
    found: dict[str, Callable[[Sequence[str]], object]] = {}
    for asked in (["classify"], ["segment"], ["classify", "segment"]):
        worker = BlockWorker(BatchJob(asked_of(asked), "jsonl").to_json())
        found[f"tympan batch, {' and '.join(asked)}"] = lambda files, worker=worker: worker.answer(
            Work(0, files)
        )
    net = tympan.load_model("sounds").graph.whole().body
    labels = tympan.models.load_card("sounds").labels

    def plain(files: Sequence[str]) -> list[str]:
        named = []
        for file in files:
            wave, _ = librosa.load(file, sr=16_000)
            with torch.inference_mode():
                named.append(labels[int(net(torch.from_numpy(wave)[None])[0].argmax())])
        return named

    found["plain loop, librosa and the same net"] = plain
    return found


def measured(files: Sequence[str], turns: int) -> dict[str, list[float]]:
    """Core seconds of a file, of each turn."""
    found: dict[str, list[float]] = {}
    kinds = works()
    for work in kinds.values():
        work(files[:2])  # what is loaded on first use
    for _ in range(turns):
        for name, work in kinds.items():
            begin = time.process_time()
            work(files)
            found.setdefault(name, []).append((time.process_time() - begin) / len(files))
    return found


def pooled(files: Sequence[str], turns: int) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Files a second of processes and of actors of Ray; without Ray its row is left out."""
    import importlib.util

    from tympan.scale.cluster import RayPool
    from tympan.scale.dispatch import Workers, dispatched
    from tympan.scale.job import BatchJob, Work, asked_of
    from tympan.scale.pool import LocalPool

    job = BatchJob(asked_of(["classify"]), "jsonl")
    works = [Work(i, files[at : at + 4]) for i, at in enumerate(range(0, len(files), 4))]
    kinds: dict[str, Callable[[], Workers]] = {
        "1 process": lambda: LocalPool(job, 1, 600.0),
        "2 processes": lambda: LocalPool(job, 2, 600.0),
    }
    if importlib.util.find_spec("ray") is not None:
        import ray

        ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
        kinds["Ray, 2 actors"] = lambda: RayPool(job, workers=2)
    found: dict[str, list[float]] = {}
    for name, make in kinds.items():
        pool = make()
        list(dispatched(job, pool, works[:4]))  # models are loaded
        for _ in range(turns):
            begin = time.perf_counter()
            list(dispatched(job, pool, works))
            found.setdefault(name, []).append(len(files) / (time.perf_counter() - begin))
        pool.close()
    rows: list[dict[str, object]] = [
        {
            "who": name,
            "files/s": f"{statistics.median(rates):.1f} ({min(rates):.1f}–{max(rates):.1f})",
            "hours of sound an hour": f"{SECONDS * statistics.median(rates):.0f}",
        }
        for name, rates in found.items()
    ]
    return rows, {key_of(name) + "_files_s": statistics.median(r) for name, r in found.items()}


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


def table(found: dict[str, list[float]]) -> tuple[list[dict[str, object]], dict[str, float]]:
    """Rows of what was measured, and figures."""
    rows: list[dict[str, object]] = []
    figures: dict[str, float] = {}
    for name, seconds in found.items():
        middle = statistics.median(seconds)
        rows.append({
            "one worker": name,
            "core ms a file": f"{1000 * middle:.1f} ({1000 * min(seconds):.1f}–"
            f"{1000 * max(seconds):.1f})",
            "hours of sound a core hour": f"{SECONDS / middle:.0f}",
        })  # fmt: skip
        figures[key_of(name) + "_core_ms"] = 1000 * middle
    ours, peer = "tympan_batch_classify_core_ms", "plain_loop_librosa_and_the_same_net_core_ms"
    figures["batch_vs_plain"] = figures[peer] / figures[ours]
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
                    limit = f"{workers}"
            row["limit from, workers"] = limit or "more than 64"
            rows.append(row)
        found[f"Simulated: files/s of so many workers, {kind}"] = rows
    return found


WHY = """
- **Two questions** share the decoding and the resampling; each pays for its own net.
- **Beside the plain loop**: the loop takes one label of one window; `batch` also gives the time
  line, how familiar the sound is, its warnings, and both tables.
- **Storage is the limit** from where the simulated workers do less than 80 % of so many alone. With
  a store that answers after 30 ms that is the first one, as it waits most of its time: more
  workers than cores make up for it.
- **Ray** costs hardly more than two processes (1 % by medians); on a slower processor, a sixth.
- **Processes share nothing but the disk**, so the simulation is an upper bound; on more than two
  cores, and on several machines, nothing was measured.
"""


if __name__ == "__main__":
    options = arguments("batch")
    clips = sorted(map(str, (DATA / "esc50" / "audio").glob("*.opus")))
    if not clips:
        sys.exit("the development recordings (../shared/data) are not here")
    found = measured(
        clips[: QUICK_FILES if options.quick else FILES],
        QUICK_TURNS if options.quick else TURNS,
    )
    rows, figures = table(found)
    several, rates = pooled(
        clips[: 4 * QUICK_FILES if options.quick else 2 * FILES],
        QUICK_TURNS if options.quick else TURNS,
    )
    core_s = figures["tympan_batch_classify_core_ms"] / 1000
    main(
        "batch",
        rows,
        figures | rates,
        title="A folder of files",
        about=(__doc__ or "").strip(),
        more={
            "Processes": several,
            **simulated([core_s * share for share in (0.5, 0.7, 0.8, 1.0, 1.0, 1.2, 1.8, 1.0)]),
        },
        why=WHY,
    )
