"""Search with faiss, in the Python of an environment that has it: one JSON object to stdout.

    python _faiss.py VECTORS.npy QUERIES.npy KIND ROUNDS

`VECTORS.npy` is `(m, d)` float16; `KIND` is flat or hnsw.
"""

from __future__ import annotations

import json
import sys
import time

import faiss
import numpy as np

TOP, LINKS = 10, 32


def main() -> None:
    """Build an index and search it."""
    vectors, queries = np.load(sys.argv[1], mmap_mode="r"), np.load(sys.argv[2])
    kind, rounds = sys.argv[3], int(sys.argv[4])
    faiss.omp_set_num_threads(1)
    d = vectors.shape[1]
    started = time.process_time()
    index = made(kind, d)
    for i in range(0, len(vectors), 10_000):
        index.add(np.asarray(vectors[i : i + 10_000], np.float32))
    build_s = time.process_time() - started
    seconds, rows = [], []
    for query in queries:
        each = []
        for _ in range(rounds):
            started = time.process_time()
            _, found = index.search(query[None].astype(np.float32), TOP)
            each.append(time.process_time() - started)
        seconds.append(min(each))
        rows.append(found[0].tolist())
    print(json.dumps({"build_s": build_s, "seconds": seconds, "rows": rows}))


def made(kind: str, d: int) -> faiss.Index:
    """An empty index."""
    if kind == "flat":
        return faiss.IndexFlatIP(d)
    return faiss.IndexHNSWFlat(d, LINKS, faiss.METRIC_INNER_PRODUCT)


if __name__ == "__main__":
    main()
