"""An index: the vectors of many recordings in one file, gathered bit by bit.

`index.npz` holds `embeddings` `(m, d)` (float16, unit length), `files`, `start_s`, `end_s` `(m,)`,
and `model`. While it grows, its parts lie in `index.npz.parts`: after a stop the same command goes
on.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan._files import atomic_write
from tympan.errors import DataError

if TYPE_CHECKING:
    from tympan.tasks.results import Embedding

ARRAYS = ("embeddings", "files", "start_s", "end_s")
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
    """

    embeddings: np.ndarray
    files: np.ndarray
    start_s: np.ndarray
    end_s: np.ndarray
    model: str = ""

    def __len__(self) -> int:
        return len(self.embeddings)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Index:
        """Read an index.

        Raises:
            DataError: it is missing, damaged, or no index.
        """
        path = Path(path)
        if not path.is_file():
            fix = "make one with `tympan embed FOLDER -o index.npz`"
            raise DataError("no such index", file=path, fix=fix)
        try:
            with np.load(path, allow_pickle=False) as found:
                arrays = {name: found[name] for name in ARRAYS}
                model = str(found["model"]) if "model" in found else ""
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise DataError(f"is no index: {str(error)[:100]}", file=path) from error
        index = cls(**arrays, model=model)
        sizes = {len(array) for array in arrays.values()}
        if index.embeddings.ndim != 2 or len(sizes) != 1:
            raise DataError("is no index: its arrays do not fit together", file=path)
        return index

    def save(self, path: str | Path) -> Path:
        """Write it, whole or not at all."""
        target = Path(path)
        with atomic_write(target) as beside, beside.open("wb") as file:
            np.savez(
                file,
                embeddings=self.embeddings.astype(np.float16),
                files=self.files,
                start_s=self.start_s,
                end_s=self.end_s,
                model=np.array(self.model),
            )
        return target


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

    def __enter__(self) -> Collect:
        settings = self._parts / "settings.json"
        wanted = json.dumps(self._options, sort_keys=True)
        if settings.is_file() and settings.read_text("utf-8") != wanted:
            shutil.rmtree(self._parts)
        self._parts.mkdir(exist_ok=True)
        with atomic_write(settings) as beside:
            beside.write_text(wanted, "utf-8")
        for part in self._files():
            self._done |= set(Index.load(part).files.tolist())
            self._number = int(part.stem) + 1
        return self

    def has(self, name: str) -> bool:
        """Whether a recording is in the index already."""
        return name in self._done

    def add(self, name: str, answer: Embedding) -> None:
        """Take the vectors of a recording."""
        self._held.append((name, answer))
        if sum(len(one.vectors) for _, one in self._held) >= PART_VECTORS:
            self._write()

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        self._write()
        if error is not None:
            return  # what is there stays, to go on from
        parts = [Index.load(part) for part in self._files()]
        if not parts:
            raise DataError("no recording gave a vector", file=self.path)
        joined = {name: np.concatenate([getattr(p, name) for p in parts]) for name in ARRAYS}
        Index(**joined, model=parts[0].model).save(self.path)
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
        ).save(self._parts / f"{self._number:06d}.npz")
        self._number += 1
