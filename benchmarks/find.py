"""Exact search in an index of up to ten million windows: seconds and memory.

The index is synthetic: random vectors of unit length, of the size that `sounds` gives, a hundred
windows of each recording. Every search is a new process that opens the index and looks for ten
moments, and prints how long that took and the most memory of its own that it ever had.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks._memory import peak_kib
from benchmarks.common import Timing, arguments, main

WINDOWS = {"100 thousand": 10**5, "1 million": 10**6, "10 million": 10**7}
QUICK = {"1 thousand": 10**3}
FEATURES, EACH, TOP, ROUNDS, SEED = 896, 100, 10, 3, 0
PART = 50_000


def make_index(path: Path, windows: int) -> None:
    """Write an index of so many random windows, a part of it in memory at a time."""
    import numpy as np

    from tympan.tasks.embed.npz import write_arrays

    # Random numbers take longer than writing them: some parts, each with another first feature.
    some = np.random.default_rng(SEED).normal(size=(min(PART, windows), FEATURES))
    some = (some / np.linalg.norm(some, axis=1, keepdims=True)).astype(np.float16)
    starts = range(0, windows, PART)

    class Vectors:
        def __iter__(self) -> Iterator[np.ndarray]:
            for i in starts:
                yield np.roll(some[: min(PART, windows - i)], i // PART, axis=1)

    class Names:
        def __iter__(self) -> Iterator[np.ndarray]:
            for i in starts:
                rows = np.arange(i, min(windows, i + PART)) // EACH
                yield np.array([f"archive/recording-{n:06d}.flac" for n in rows])

    times_s = np.arange(windows) % EACH * 2.5
    arrays = {"embeddings": Vectors(), "files": Names(), "start_s": [times_s]}
    write_arrays(path, {**arrays, "end_s": [times_s + 2.5], "model": [np.array("sounds")]})


def child(path: Path) -> None:
    """In the new process: search, and print seconds and mebibytes."""
    import numpy as np
    import torch

    from tympan.tasks.embed import Index
    from tympan.tasks.embed.find import nearest

    torch.set_num_threads(1)  # and loaded before the time counts: the model is, too
    vector = np.random.default_rng(SEED + 1).normal(size=FEATURES).astype(np.float32)
    started = time.perf_counter()
    found = nearest(Index.load(path), vector / np.linalg.norm(vector), TOP)
    seconds = time.perf_counter() - started
    assert len(found) == TOP
    print(seconds, peak_kib() / 1024)


def measure(windows: dict[str, int]) -> tuple[list[dict[str, object]], dict[str, float]]:
    """The rows, one for each size of index, and the figures."""
    rows, figures = [], {}
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    for name, count in windows.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "index.npz"
            make_index(path, count)
            command = [sys.executable, "-m", "benchmarks.find", "--child", str(path)]
            runs = []
            for _ in range(ROUNDS):
                done = subprocess.run(
                    command, capture_output=True, text=True, env=environment, check=True
                )
                runs.append(tuple(map(float, done.stdout.split())))
            size = path.stat().st_size / 1e9
        timing, most = Timing(tuple(one[0] for one in runs)), max(one[1] for one in runs)
        memory = f"{most:.0f} MiB"
        rows.append({"windows": name, "index": f"{size:.3g} GB", "time": timing, "memory": memory})
        key = name.replace(" ", "_")
        figures |= {f"find_{key}_s": timing.median_s, f"find_{key}_mib": most}
        print(rows[-1], file=sys.stderr, flush=True)
    return rows, figures


WHY = """
Each vector is read once and multiplied once, so the time grows with the index, and beyond what the
system keeps of the file in memory it is that of the disk. Memory is that of the similarities (four
bytes for each window) and their order, beside Python and PyTorch. Half precision is turned into
float32 by PyTorch, a thousand rows at a time: with NumPy that alone took more than twenty times as
long as the multiplication.

An approximate index (faiss, hnswlib) is not used. Its flat index does the same multiplications; its
graphs (HNSW) hold all vectors in memory, 36 GB for ten million of them as float32; and its
compressed lists (IVF-PQ) are faster by far for a single query, but are trained and built first,
lose some of the nearest windows, and cannot be searched by a head of `tympan label`, which has to
score windows that are not near anything. It would pay for a service of many queries a minute over
one archive; for a person with an example it is another dependency and another file. The page
*Embedding and search* has figures of faiss beside it.
"""

if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        parser = argparse.ArgumentParser()
        parser.add_argument("--child", type=Path)
        child(parser.parse_args().child)
        sys.exit()
    options = arguments("find")
    rows, figures = measure(QUICK if options.quick else WINDOWS)
    main(
        "find",
        rows,
        figures,
        title="Search",
        about=f"Exact search for {TOP} moments in an index of random vectors (seed {SEED}) of "
        f"{FEATURES} numbers in half precision, on one thread. Each figure is a new process; the "
        f"median of {ROUNDS}, their range in brackets, and the most memory that any of them took, "
        "Python and PyTorch included.",
        why=WHY,
    )
