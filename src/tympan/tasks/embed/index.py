"""An index: the vectors of many recordings in one file, gathered bit by bit.

`index.npz` holds `embeddings` `(m, d)` (float16, unit length), `files`, `start_s`, `end_s` `(m,)`,
`model` and the `fingerprint` of its weights; `index.parquet` holds the same as columns, where
pyarrow is installed. While it grows, its parts lie in `index.npz.parts`: after a stop the same
command goes on. What is in memory at once is one part, however large the archive is; an `.npz` is
read where it is touched."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan._files import atomic_write
from tympan.errors import DataError
from tympan.tasks.embed.npz import read_arrays, write_arrays

if TYPE_CHECKING:
    from tympan.tasks.results import Embedding

ARRAYS = ("embeddings", "files", "start_s", "end_s")
# Which model made it: its name, and a digest of its weights.
NAMES = ("model", "fingerprint")
# A part is written when so many vectors are there, and with the last of them.
PART_VECTORS = 4096


@dataclass(frozen=True, eq=False)
class Index:
    """The vectors of many recordings.

    Attributes:
        embeddings: `(m, d)`, of unit length.
        files: name of each vector's recording `(m,)`.
        start_s: where its window begins `(m,)`.
        end_s: where it ends `(m,)`.
        model: name of the model that made them.
        fingerprint: digest of the model's weights; empty: not known, as in indexes of old.
    """

    embeddings: np.ndarray
    files: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    model: str = ""
    fingerprint: str = ""

    def __len__(self) -> int:
        return len(self.embeddings)

    @property
    def features(self) -> int:
        """`d`, how many numbers a vector has."""
        return int(self.embeddings.shape[1])

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Index:
        """Open an index; an `.npz` is read where it is touched, a `.parquet` as a whole.

        Raises:
            DataError: it is missing, damaged, or no index.
            MissingDependencyError: it is a `.parquet`, and pyarrow is not installed.
        """
        path = Path(path)
        if not path.is_file():
            fix = "make one with `tympan embed FOLDER -o index.npz`"
            raise DataError("no such index", file=path, fix=fix)
        if path.suffix.lower() == ".parquet":
            from tympan.tasks.embed.parquet import read_parquet

            arrays = read_parquet(path, ARRAYS)
        else:
            arrays = read_arrays(path, ARRAYS, NAMES)
        names = {name: _text(arrays.pop(name, None)) for name in NAMES}
        index = cls(**arrays, model=names["model"], fingerprint=names["fingerprint"])
        fault = index._fault()
        if fault:
            raise DataError(f"is no index: {fault}", file=path)
        return index

    def _fault(self) -> str:
        """What is wrong with the arrays; empty: nothing."""
        if self.embeddings.ndim != 2 or self.embeddings.dtype.kind != "f":
            return "its embeddings are no table of numbers"
        if self.files.dtype.kind != "U" or self.files.ndim != 1:
            return "its files are no names"
        for name in ("start_s", "end_s"):
            times_s = getattr(self, name)
            if times_s.dtype.kind not in "fiu" or times_s.ndim != 1:
                return f"its {name} are no times"
        if len({len(getattr(self, name)) for name in ARRAYS}) != 1:
            return "its arrays do not fit together"
        return ""

    def save(self, path: str | Path) -> Path:
        """Write it as `.npz` or `.parquet`, whole or not at all."""
        return save_parts([self], Path(path))


def _text(named: np.ndarray | None) -> str:
    """The text in an array of one; empty where it holds anything else."""
    known = named is not None and named.dtype.kind == "U" and named.size == 1
    return str(named.item())[:200] if known and named is not None else ""


def save_parts(parts: Sequence[Index] | _PartFiles, target: Path) -> Path:
    """Write indexes of one model as one, with one of them in memory at a time."""
    with atomic_write(target) as beside:
        if target.suffix.lower() == ".parquet":
            from tympan.tasks.embed.parquet import write_parquet

            write_parquet(beside, parts)
        else:
            first = next(iter(parts))
            arrays: dict[str, Any] = {name: _Column(parts, name) for name in ARRAYS}
            names = {name: [np.array(getattr(first, name))] for name in NAMES}
            write_arrays(beside, {**arrays, **names})
    return target


@dataclass(frozen=True)
class _PartFiles:
    """Indexes in files, opened one after another."""

    paths: Sequence[Path]

    def __iter__(self) -> Iterator[Index]:
        return map(Index.load, self.paths)


@dataclass(frozen=True)
class _Column:
    """One array of several indexes, part after part."""

    parts: Sequence[Index] | _PartFiles
    name: str

    def __iter__(self) -> Iterator[np.ndarray]:
        for part in self.parts:
            array = getattr(part, self.name)
            yield array.astype(np.float16) if self.name == "embeddings" else array


class Collect:
    """Gathers the vectors of recordings into an index; what is there already is passed over.

    Use it as a context; when it ends well, the index is whole.

    Args:
        path: of the index.
        options: those of the verb; parts made with others are made again.
    """

    def __init__(self, path: Path, options: Mapping[str, Any]) -> None:
        self.path, self._options = path, dict(options)
        self._parts = path.with_name(path.name + ".parts")
        self._held: list[tuple[str, Embedding]] = []
        self._done: set[str] = set()
        self._number = 0
        self._fingerprint = ""

    def __enter__(self) -> Collect:
        if self.path.suffix.lower() == ".parquet":
            from tympan.tasks.embed.parquet import import_pyarrow

            import_pyarrow(self.path)  # before the work, not after
        settings = self._parts / "settings.json"
        wanted = json.dumps(self._options, sort_keys=True)
        if settings.is_file() and settings.read_text("utf-8") != wanted:
            shutil.rmtree(self._parts)
        self._parts.mkdir(exist_ok=True)
        with atomic_write(settings) as beside:
            beside.write_text(wanted, "utf-8")
        for part in self._files():
            index = Index.load(part)
            self._done |= set(index.files.tolist())
            self._fingerprint = index.fingerprint
            self._number = int(part.stem) + 1
        return self

    def has(self, name: str) -> bool:
        """Whether a recording is in the index already."""
        return name in self._done

    def add(self, name: str, answer: Embedding) -> None:
        """Take the vectors of a recording.

        Raises:
            DataError: the parts that are there were made with other weights.
        """
        if self._fingerprint and answer.fingerprint not in ("", self._fingerprint):
            what = f"was begun with other weights of the model {answer.model!r}"
            raise DataError(what, file=self._parts, fix="delete this folder, and embed again")
        self._fingerprint = self._fingerprint or answer.fingerprint
        self._held.append((name, answer))
        if sum(len(one.vectors) for _, one in self._held) >= PART_VECTORS:
            self._write()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._write()
        if error is not None:
            return  # what is there stays, to go on from
        parts = _PartFiles(self._files())
        if not parts.paths:
            raise DataError("no recording gave a vector", file=self.path)
        save_parts(parts, self.path)
        shutil.rmtree(self._parts)

    def _files(self) -> list[Path]:
        return sorted(self._parts.glob("*.npz"), key=lambda part: int(part.stem))

    def _write(self) -> None:
        held = [(name, one) for name, one in self._held if len(one.vectors)]
        self._held = []
        if not held:
            return
        times_s = np.concatenate([one.times_s for _, one in held])
        Index(
            np.concatenate([one.vectors for _, one in held]),
            np.concatenate([np.array([name] * len(one.vectors)) for name, one in held]),
            times_s[:, 0],
            times_s[:, 1],
            held[0][1].model,
            held[0][1].fingerprint,
        ).save(self._parts / f"{self._number:06d}.npz")
        self._number += 1
