"""Indexes of the development sets, made once for the benchmarks of `embed` and `label`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.common import DATA

RUNS = Path(__file__).resolve().parents[1] / ".runs" / "embed"


@dataclass(frozen=True)
class Labelled:
    """The windows of a set and what is known of their recordings.

    Attributes:
        vectors: `(m, d)`.
        files: `(m,)`, names of their recordings.
        start_s: `(m,)`.
        end_s: `(m,)`.
        labels: `(m,)`.
        new: `(m,)`, whether the encoder of `sounds` was not trained on the recording.
        fold: `(m,)`, of ESC-50; else 0.
    """

    vectors: np.ndarray
    files: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    labels: np.ndarray
    new: np.ndarray
    fold: np.ndarray


def labelled(name: str, every: int = 1) -> Labelled:
    """The windows of a set below `shared/data`, of each so-manyeth recording.

    The index is kept between runs, as long as the weights are the same.
    """
    from tympan.data import read_folder
    from tympan.tasks.answering import load
    from tympan.tasks.embed import Index
    from tympan.tasks.embed.index import Collect

    model = load("sounds", "embed", "cpu")
    table = read_folder(DATA / name)
    rows = list(table)[::every]
    path = RUNS / f"{name}-{every}-{model.fingerprint}.npz"  # type: ignore[attr-defined]
    if not path.exists():
        RUNS.mkdir(parents=True, exist_ok=True)
        with Collect(path, {}) as index:
            for row in rows:
                file = table.relative(row.path)
                if not index.has(file):
                    index.add(file, model(row.path))  # type: ignore[arg-type]
    index = Index.load(path)
    of = {table.relative(row.path): row for row in rows}
    owners = [of[one] for one in index.files.tolist()]
    licences = [row.columns.get("licence", "none") for row in owners]
    return Labelled(
        np.asarray(index.embeddings, np.float32),
        np.array(index.files),
        np.array(index.start_s),
        np.array(index.end_s),
        np.array([row.label for row in owners]),
        np.array([one not in ("CC0", "CC-BY") for one in licences]),
        np.array([int(row.columns.get("fold", 0)) for row in owners]),
    )
