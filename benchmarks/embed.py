"""Embedding and search: how fast, how exact, and what is found.

**Embedding**: `tympan.embed` of clips of ESC-50 (5 s, Opus) and of two minutes of them in one WAV,
from file to vectors, on one thread; × real time.

**Search** for the ten nearest of 10⁴ and 10⁵ windows: exact search in blocks, as `tympan find` does
it in a file of half precision, beside faiss, which holds its index in memory: flat (exact, float32)
and, of 10⁴ windows, HNSW (32 links). For 10⁶ and 10⁷ windows see *Search*, without faiss. The
windows are those of ESC-50 with noise added, so that they lie in clusters as real ones do; the
queries are drawn in the same way. *Recall*: the share of the ten nearest that is found. A figure is
the fastest of three rounds of a query, their median over ten queries and the range. Its
environment: `python -m venv V`, `V/bin/pip install numpy faiss-cpu`, then
`FAISS_PYTHON=V/bin/python`.

All times are seconds of a processor core that the process took (other programs ran at the same
time), so waiting for a disk does not count.

**What is found**: every query recording is compared with all others, and its nearest have the same
label or not. Fold 5 of ESC-50 in an index of folds 1 to 4: the encoder of `sounds` has been trained
on most of both. The clips that it was not trained on, in an index of those it was: new recordings
of labels it knows. `philharmonia`: instruments it does not know, each fourth note in an index of
all others of these."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks._vectors import Labelled, labelled
from benchmarks.common import DATA, Row, Timing, arguments, main

SIZES, QUICK = (10**4, 10**5), (1000,)
# So many windows at most go into each index of faiss.
KINDS = {"flat": 10**5, "hnsw": 10**4}
QUERIES, ROUNDS, NOISE, SEED, TOP = 10, 3, 0.3, 0, 10
CLIPS, LONG_S = 40, 120
FAISS = Path(__file__).with_name("_faiss.py")
PYTHON = "FAISS_PYTHON"
WHY = """
faiss's flat index does the same multiplications on vectors that it holds in memory in twice the
bytes; exact search in blocks reads and widens half precision from the file each time, which takes
longer than the multiplication. HNSW answers hundreds of times faster, but takes a second to build
for ten thousand windows, and holds all vectors in memory. IVF-PQ was tried once at 10⁴ windows: it
found 67 % of the nearest, and took minutes to train. They would pay for a service of many queries
over one archive. `tympan find` gets a few queries of one person, and `tympan label` scores windows
that are not near anything: neither is worth another dependency, so search stays exact.
"""


def throughput(quick: bool) -> tuple[list[Row], dict[str, float]]:
    """How many seconds of sound a second are embedded."""
    import torch

    import tympan
    from tympan.tasks.answering import load

    torch.set_num_threads(1)
    paths = sorted((DATA / "esc50" / "audio").rglob("*.*"))[: 8 if quick else CLIPS]
    model = load("sounds", "embed", "cpu")
    model(paths[0])
    clips, longs = [], []
    with tempfile.TemporaryDirectory() as folder:
        waves = [tympan.load(one).mono().resample(16000).samples for one in paths]
        wave = np.tile(np.concatenate(waves, axis=1), (1, 5))[
            :, : (20 if quick else LONG_S) * 16000
        ]
        long = tympan.Clip(wave, 16000).save(Path(folder) / "long.wav")
        for _ in range(1 if quick else ROUNDS):
            started = time.process_time()
            seconds = sum(model(one).duration_s for one in paths)  # type: ignore[attr-defined]
            clips.append(seconds / (time.process_time() - started))
            started = time.process_time()
            model(long)
            longs.append(wave.shape[1] / 16000 / (time.process_time() - started))
    rows: list[Row] = [
        {"what": name, "× real time": f"{np.median(one):.0f} ({min(one):.0f} – {max(one):.0f})"}
        for name, one in ((f"{len(paths)} clips of 5 s", clips), ("two minutes, one file", longs))
    ]  # fmt: skip
    figures = {"clips_realtime": float(np.median(clips)), "long_realtime": float(np.median(longs))}
    return rows, figures


def search(data: Labelled, quick: bool) -> tuple[list[Row], dict[str, float]]:
    """Seconds, memory and recall of exact search and of faiss."""
    from tympan.tasks.embed.npz import write_arrays

    rng = np.random.default_rng(SEED)
    queries = noisy(data.vectors, QUERIES, rng)
    rows: list[Row] = []
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        np.save(home / "queries.npy", queries)
        for size in QUICK if quick else SIZES:
            made = np.lib.format.open_memmap(
                home / "vectors.npy", "w+", np.float16, (size, data.vectors.shape[1])
            )
            for i in range(0, size, 10_000):
                made[i : i + 10_000] = noisy(data.vectors, min(10_000, size - i), rng)
            made.flush()
            numbers = np.arange(size)
            write_arrays(home / "index.npz", {
                "embeddings": [made], "files": [numbers.astype("U8")],
                "start_s": [np.zeros(size)], "end_s": [np.ones(size)], "model": [np.array("")],
            })  # fmt: skip
            timing, exact = own(home / "index.npz", queries)
            cells = {"windows": f"{size:,}", "search": "tympan, exact", "time": timing}
            rows.append(cells | {"recall %": "100", "built in": "–"})
            figures[f"exact_{size}_s"] = timing.median_s
            for kind, most in KINDS.items():
                if size <= most and os.environ.get(PYTHON):
                    found = by_faiss(home, kind)
                    timing = Timing(tuple(found["seconds"]))
                    pairs = zip(exact, found["rows"], strict=True)
                    recall = np.mean([len(set(a) & set(b)) / TOP for a, b in pairs])
                    cells = {"windows": f"{size:,}", "search": f"faiss, {kind}", "time": timing}
                    rows.append(cells | {"recall %": f"{100 * recall:.0f}",
                                         "built in": f"{found['build_s']:.1f} s"})  # fmt: skip
                    figures[f"{kind}_{size}_s"] = timing.median_s
                    figures[f"{kind}_{size}_recall"] = float(recall)
                    print(rows[-1], file=sys.stderr, flush=True)
    return rows, figures


def noisy(vectors: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """So many unit vectors around those that are given."""
    d = vectors.shape[1]
    some = vectors[rng.integers(0, len(vectors), count)]
    some = some + NOISE / d**0.5 * rng.standard_normal((count, d), np.float32)
    found: np.ndarray = some / np.linalg.norm(some, axis=1, keepdims=True)
    return found


def own(path: Path, queries: np.ndarray) -> tuple[Timing, list[list[int]]]:
    """Seconds for each query, the fastest of some rounds, and the rows that are nearest."""
    from tympan.tasks.embed import Index
    from tympan.tasks.embed.find import nearest

    index, seconds, rows = Index.load(path), [], []
    for query in queries.astype(np.float32):
        each = []
        for _ in range(ROUNDS):
            started = time.process_time()
            found = nearest(index, query, TOP)
            each.append(time.process_time() - started)
        seconds.append(min(each))
        rows.append([int(one.file) for one in found])
    return Timing(tuple(seconds)), rows


def by_faiss(home: Path, kind: str) -> dict[str, list]:
    """What faiss finds in vectors that were written there."""
    command = [os.environ[PYTHON], str(FAISS), str(home / "vectors.npy"),
               str(home / "queries.npy"), kind, str(ROUNDS)]  # fmt: skip
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    found: dict[str, list] = json.loads(done.stdout.splitlines()[-1])
    return found


def same_label(data: Labelled, asked: np.ndarray, there: np.ndarray) -> dict[str, float]:
    """Share of the nearest recordings that have the label of the query.

    Args:
        data: the windows; those of a recording become one vector.
        asked: `(m,)`, the windows of the queries.
        there: `(m,)`, those of the index.
    """
    names, number = np.unique(data.files, return_inverse=True)
    vectors = np.zeros((len(names), data.vectors.shape[1]), np.float32)
    np.add.at(vectors, number, data.vectors)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    first = np.unique(number, return_index=True)[1]
    labels, is_asked, is_there = data.labels[first], asked[first], there[first]
    similar = vectors[is_asked] @ vectors.T
    similar[:, ~is_there] = -np.inf
    similar[np.arange(len(similar)), np.flatnonzero(is_asked)] = -np.inf
    order = np.argsort(-similar, axis=1)[:, :TOP]
    right = labels[order] == labels[is_asked][:, None]
    chance = np.mean([(labels[is_there] == one).mean() for one in labels[is_asked]])
    return {"queries": int(is_asked.sum()), "first": right[:, 0].mean(), "top": right.mean(),
            "any": right.any(1).mean(), "chance": chance}  # fmt: skip


def found_by_class(quick: bool) -> tuple[list[Row], dict[str, float]]:
    """The table of what is found, and its figures."""
    esc50 = labelled("esc50", 8 if quick else 1)
    notes = labelled("philharmonia", 8 if quick else 4)
    every = np.ones(len(notes.files), bool)
    cases = {
        "ESC-50, fold 5": (esc50, esc50.fold == 5, esc50.fold != 5),
        "ESC-50, new to the encoder": (esc50, esc50.new, ~esc50.new),
        "philharmonia": (notes, every, every),
    }
    rows: list[Row] = []
    figures: dict[str, float] = {}
    for name, given in cases.items():
        found = same_label(*given)
        rows.append({
            "queries": name, "count": found["queries"],
            "nearest has the label %": with_interval(found["first"], int(found["queries"])),
            f"of the {TOP} nearest %": f"{100 * found['top']:.1f}",
            f"any of the {TOP} %": f"{100 * found['any']:.1f}",
            "chance %": f"{100 * found['chance']:.1f}",
        })  # fmt: skip
        figures[f"first_{name.split(', ')[-1].replace(' ', '_')}"] = float(found["first"])
    return rows, figures


def with_interval(share: float, count: int) -> str:
    """A share in percent, and its 95 % interval (Wilson).

    >>> with_interval(0.955, 400)
    '95.5 (93.0 – 97.1)'
    """
    from tympan.tasks.metrics import wilson_interval

    low, high = wilson_interval(round(share * count), count)
    return f"{100 * share:.1f} ({100 * low:.1f} – {100 * high:.1f})"


if __name__ == "__main__":
    options = arguments("embed")
    fast, all_figures = throughput(options.quick)
    classes, figures = found_by_class(options.quick)
    all_figures |= figures
    searched, figures = search(labelled("esc50", 8 if options.quick else 1), options.quick)
    main(
        "embed",
        fast,
        all_figures | figures,
        title="Embedding and search",
        about=__doc__ or "",
        more={"Search": searched, "What is found": classes},
        why=WHY,
    )
