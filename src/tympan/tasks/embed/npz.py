"""Arrays of an `.npz` that are read where they are touched, and written part after part.

`numpy.load` reads each array as a whole, and believes what its header says: an index of ten million
windows would not fit in memory, and a header of a few bytes could ask for all of it. Here an array
that is stored as it is becomes a map of the file, and no header is believed that the size of its
member does not bear out. Nothing is ever unpickled.
"""

from __future__ import annotations

import io
import math
import os
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from tympan.errors import DataError

# A compressed array is taken into memory; so much is enough for a recording of days.
MOST_COMPRESSED = 2**31
_LOCAL_HEADER = struct.Struct("<4s5H3I2H")


def read_arrays(
    path: Path, needed: Sequence[str], optional: Sequence[str] = ()
) -> dict[str, np.ndarray]:
    """Named arrays of an `.npz`; large ones are mapped, not read.

    Args:
        path: the file.
        needed: names of arrays that must be there.
        optional: names of arrays that may be.

    Raises:
        DataError: it is no such file, lacks an array, or an array is not what its header says.
    """
    try:
        with zipfile.ZipFile(path) as file:
            members = {one.filename: one for one in file.infolist()}
            missing = [name for name in needed if f"{name}.npy" not in members]
            if missing:
                raise DataError(f"is no index: it has no array {missing[0]!r}", file=path)
            wanted = [name for name in (*needed, *optional) if f"{name}.npy" in members]
            return {name: _array(path, file, members[f"{name}.npy"]) for name in wanted}
    except DataError:
        raise
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, struct.error) as error:
        raise DataError(f"is no index: {str(error)[:100]}", file=path) from error
    except Exception as error:  # what zlib and others say of damaged bytes
        what = f"is damaged: {type(error).__name__} {str(error)[:80]}"
        raise DataError(what, file=path) from error


def _array(path: Path, file: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    """One array, after its header was compared with the size of its member."""
    with file.open(member) as data:
        shape, fortran, dtype = _header(data)
        begin = data.tell()
        size = math.prod(shape) * dtype.itemsize
        if dtype.hasobject:
            raise ValueError(f"{member.filename} holds Python objects, not numbers")
        if begin + size != member.file_size:
            raise ValueError(f"{member.filename} is not as large as it says")
        order: Any = "F" if fortran else "C"
        if member.compress_type == zipfile.ZIP_STORED and size:
            offset = _data_offset(path, member) + begin
            return np.memmap(path, dtype, "r", offset, tuple(shape), order)
        if size > MOST_COMPRESSED:
            raise ValueError(f"{member.filename} is too large to be compressed")
        raw = data.read()
        if len(raw) != size:
            raise ValueError(f"{member.filename} ends early")
        return np.frombuffer(raw, dtype).reshape(shape, order=order)


def _header(data: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(data)
    if version == (1, 0):
        return npy.read_array_header_1_0(data)
    if version == (2, 0):
        return npy.read_array_header_2_0(data)
    raise ValueError(f"an array is of the unknown version {version}")


def _data_offset(path: Path, member: zipfile.ZipInfo) -> int:
    """Where the bytes of a member begin in the file."""
    with path.open("rb") as file:
        file.seek(member.header_offset)
        head = file.read(_LOCAL_HEADER.size)
        mark, *_, name, extra = _LOCAL_HEADER.unpack(head)
    if mark != b"PK\3\4":
        raise ValueError("is no whole archive")
    offset: int = member.header_offset + _LOCAL_HEADER.size + name + extra
    if offset + member.file_size > os.path.getsize(path):
        raise ValueError("ends early")
    return offset


def rows_of(array: np.ndarray, first: int, last: int) -> np.ndarray:
    """Rows `first` to `last` of an array.

    Of a mapped one they are read: what is touched of a map stays with the process, which would seem
    to take as much memory as the file.
    """
    size = array.dtype.itemsize * math.prod(array.shape[1:])
    if not isinstance(array, np.memmap) or not array.flags.c_contiguous or not size:
        return array[first:last]
    last = min(last, len(array))
    offset = array.offset + first * size
    count = (last - first) * size // array.dtype.itemsize
    found = np.fromfile(str(array.filename), array.dtype, count, offset=offset)
    return found.reshape(-1, *array.shape[1:])


def write_arrays(path: Path, arrays: Mapping[str, Iterable[np.ndarray]]) -> None:
    """Write an `.npz` whose arrays come in parts, of which only one is in memory at a time.

    Args:
        path: the file.
        arrays: name → its parts, which are joined along their first axis, or one array without
            axes. They are gone through twice, so they must not be iterators.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as file:
        for name, parts in arrays.items():
            _write(file, name, parts)


def _write(file: zipfile.ZipFile, name: str, parts: Iterable[np.ndarray]) -> None:
    rows, shape, dtype, whole = 0, (), None, False
    for part in parts:
        whole = part.ndim == 0
        rows += 0 if whole else len(part)
        shape = part.shape[1:]
        # Names of files may be longer in one part than in another.
        dtype = part.dtype if dtype is None else np.promote_types(dtype, part.dtype)
    assert dtype is not None, "there is at least one part"
    head = io.BytesIO()
    described = {
        "descr": npy.dtype_to_descr(dtype),
        "fortran_order": False,
        "shape": () if whole else (rows, *shape),
    }
    npy.write_array_header_2_0(head, described)
    with file.open(f"{name}.npy", "w", force_zip64=True) as out:
        out.write(head.getvalue())
        for part in parts:
            out.write(np.ascontiguousarray(part, dtype).data.cast("B") if part.size else b"")
