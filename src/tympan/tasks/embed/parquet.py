"""An index as Parquet, for tools that read tables; needs pyarrow, which tympan does not bring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import DataError, MissingDependencyError

if TYPE_CHECKING:
    from tympan.tasks.embed.index import Index

# Which model made it → where the file says so.
_NAMES = {"model": b"tympan model", "fingerprint": b"tympan fingerprint"}


def import_pyarrow(path: Path) -> Any:
    """The package pyarrow.

    Raises:
        MissingDependencyError: it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        fix = "pip install pyarrow, or name an .npz"
        raise MissingDependencyError("Parquet needs pyarrow", file=path, fix=fix) from error
    return pyarrow


def write_parquet(path: Path, parts: Iterable[Index]) -> None:
    """Write the rows of indexes, one index after another.

    The column `embeddings` holds lists of `d` float32.
    """
    arrow = import_pyarrow(path)
    writer = None
    try:
        for part in parts:
            flat = arrow.array(np.asarray(part.embeddings, np.float32).reshape(-1))
            columns = {
                "embeddings": arrow.FixedSizeListArray.from_arrays(flat, part.features),
                "files": arrow.array(part.files.tolist(), arrow.string()),
                "start_s": arrow.array(np.asarray(part.start_s, np.float64)),
                "end_s": arrow.array(np.asarray(part.end_s, np.float64)),
            }
            names = {key: getattr(part, name).encode() for name, key in _NAMES.items()}
            table = arrow.table(columns).replace_schema_metadata(names)
            if writer is None:
                writer = arrow.parquet.ParquetWriter(path, table.schema)
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


def read_parquet(path: Path, needed: Sequence[str]) -> dict[str, np.ndarray]:
    """The columns of a file as arrays, and `model` and `fingerprint`.

    Raises:
        DataError: it is no such file, or lacks a column.
        MissingDependencyError: pyarrow is not installed.
    """
    arrow = import_pyarrow(path)
    try:
        table = arrow.parquet.read_table(path, columns=list(needed))
        lists = table["embeddings"].combine_chunks()
        vectors = lists.flatten().to_numpy(zero_copy_only=False)
        found = {
            "embeddings": vectors.reshape(len(table), -1) if len(table) else vectors[None][:0],
            "files": np.array(table["files"].to_pylist(), np.str_),
            "start_s": table["start_s"].to_numpy(),
            "end_s": table["end_s"].to_numpy(),
        }
    except (arrow.ArrowException, OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"is no index: {str(error).splitlines()[0][:100]}", file=path) from error
    except AttributeError as error:
        raise DataError("is no index: its embeddings are no lists of numbers", file=path) from error
    metadata = table.schema.metadata or {}
    names = {
        name: np.array(metadata.get(key, b"").decode("utf-8", "replace"))
        for name, key in _NAMES.items()
    }
    return {**found, **names}
