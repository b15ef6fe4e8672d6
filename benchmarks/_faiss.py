"""Search with faiss, in the Python of an environment that has it: one JSON object to stdout.

    python _faiss.py VECTORS.npy QUERIES.npy KIND ROUNDS

`VECTORS.npy` is `(m, d)` float16; `KIND` is flat, hnsw or ivfpq.
"""

from __future__ import annotations

import json
import sys
import time

import faiss
import numpy as np

TOP, LINKS, LISTS, PROBES, CODES, TRAINED = 10, 32, 256, 16, 64, 20_000


def main() -> None:
    """Build an index and search it."""
    vectors, queries = np.load(sys.argv[1], mmap_mode="r"), np.load(sys.argv[2])
    kind, rounds = sys.argv[3], int(sys.argv[4])
    faiss.omp_set_num_threads(1)
    d = vectors.shape[1]
    started = time.perf_counter()
    index = made(kind, d, vectors)
    for i in range(0, len(vectors), 10_000):
        index.add(np.asarray(vectors[i : i + 10_000], np.float32))
    build_s = time.perf_counter() - started
    seconds, rows = [], []
    for query in queries:
        each = []
        for _ in range(rounds):
            started = time.perf_counter()
            _, found = index.search(query[None].astype(np.float32), TOP)
            each.append(time.perf_counter() - started)
        seconds.append(min(each))
        rows.append(found[0].tolist())
    print(json.dumps({"build_s": build_s, "seconds": seconds, "rows": rows}))


def made(kind: str, d: int, vectors: np.ndarray) -> faiss.Index:
    """An empty index, trained where it must be."""
    if kind == "flat":
        return faiss.IndexFlatIP(d)
    if kind == "hnsw":
        return faiss.IndexHNSWFlat(d, LINKS, faiss.METRIC_INNER_PRODUCT)
    lists = min(LISTS, len(vectors) // 40)
    index = faiss.index_factory(d, f"IVF{lists},PQ{CODES}", faiss.METRIC_INNER_PRODUCT)
    step = max(1, len(vectors) // TRAINED)
    index.train(np.asarray(vectors[::step][:TRAINED], np.float32))
    index.nprobe = PROBES
    return index


if __name__ == "__main__":
    main()
