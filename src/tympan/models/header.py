"""Check a safetensors file before anything believes it.

The format: eight bytes (length of the header, little endian), the header as JSON (name → dtype,
shape and byte range), then the bytes of the tensors without gaps.
Source: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeGuard

from tympan.errors import ModelError

MAX_HEADER_BYTES = 16 * 1024 * 1024
MAX_TENSORS = 100_000
_DTYPES_BY_BYTES = {8: "F64 I64", 4: "F32 I32", 2: "F16 BF16 I16", 1: "I8 U8 BOOL"}
DTYPE_BYTES = {name: size for size, names in _DTYPES_BY_BYTES.items() for name in names.split()}
NEVER_PICKLE = "tympan never loads pickles, because they run code; ask for safetensors weights"
# A pickle starts with PROTO; torch.save writes a zip of pickles; older ones a tar.
_PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")
_PICKLE_SUFFIXES = {".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin", ".joblib", ".npy", ".npz"}
LFS_POINTER = b"version https://git-lfs"
_DAMAGED = "the file is damaged: get or train the model again"


def looks_pickled(path: Path, start: bytes = b"") -> bool:
    """Say whether a file's name or first bytes are those of a pickle.

    >>> looks_pickled(Path("best.ckpt")), looks_pickled(Path("model.safetensors"))
    (True, False)
    """
    return path.suffix.lower() in _PICKLE_SUFFIXES or start.startswith(_PICKLE_STARTS)


def read_header(content: bytes, file: Path) -> dict[str, tuple[str, list[int]]]:
    """Return each tensor's dtype and shape, having checked the whole layout of the file.

    Args:
        content: the whole file.
        file: its path, for messages.

    Raises:
        ModelError: not safetensors, truncated, padded, overlapping, or of an unknown dtype.

    >>> from safetensors.numpy import save
    >>> import numpy as np
    >>> read_header(save({"w": np.zeros((2, 3), np.float32)}), Path("a.safetensors"))
    {'w': ('F32', [2, 3])}
    """
    header, start = _parse(content, file)
    tensors: dict[str, tuple[str, list[int]]] = {}
    ranges: list[tuple[int, int]] = []
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        dtype, shape, begin, end = _entry(name, entry, file)
        tensors[name] = (dtype, shape)
        ranges.append((begin, end))
    _check_ranges(sorted(ranges), len(content) - start, file)
    return tensors


def _parse(content: bytes, file: Path) -> tuple[dict[str, Any], int]:
    """Return the parsed header and the offset at which the tensors begin."""
    if looks_pickled(Path(), content):
        raise ModelError("holds pickled weights", file=file, fix=NEVER_PICKLE)
    if content.startswith(LFS_POINTER):
        fix = "fetch the real file: git lfs pull"
        raise ModelError("is a Git LFS pointer, not the weights", file=file, fix=fix)
    if len(content) < 8:
        raise ModelError(f"holds {len(content)} bytes, no weights", file=file, fix=_DAMAGED)
    length = int.from_bytes(content[:8], "little")
    if length > MAX_HEADER_BYTES:
        what = "is not a safetensors file: its header would be too large"
        raise ModelError(what, file=file, fix=_DAMAGED)
    if 8 + length > len(content):
        raise ModelError("is truncated: its header is incomplete", file=file, fix=_DAMAGED)
    try:
        header = json.loads(content[8 : 8 + length].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        what = f"is not a safetensors file: its header is not JSON: {str(error)[:80]}"
        raise ModelError(what, file=file, fix=_DAMAGED) from error
    if not isinstance(header, dict) or len(header) > MAX_TENSORS:
        what = "is not a safetensors file: its header is not a table of tensors"
        raise ModelError(what, file=file, fix=_DAMAGED)
    return header, 8 + length


def _entry(name: str, entry: Any, file: Path) -> tuple[str, list[int], int, int]:
    """Return dtype, shape and byte range of one header entry."""

    def bad(what: str) -> ModelError:
        return ModelError(f"tensor {name[:80]!r} {what}", file=file, fix=_DAMAGED)

    if not isinstance(entry, dict):
        raise bad("has no description")
    dtype, shape, offsets = (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
    if not isinstance(dtype, str) or dtype not in DTYPE_BYTES:
        raise bad(f"has the unknown dtype {dtype!r:.40}")
    if not _is_counts(shape) or len(shape) > 16:
        raise bad(f"has no proper shape: {shape!r:.60}")
    if not _is_counts(offsets) or len(offsets) != 2 or offsets[1] < offsets[0]:
        raise bad(f"has no proper byte range: {offsets!r:.60}")
    if math.prod(shape) * DTYPE_BYTES[dtype] != offsets[1] - offsets[0]:
        raise bad(f"has {offsets[1] - offsets[0]} bytes, not those of {dtype} {shape!r:.60}")
    return dtype, shape, offsets[0], offsets[1]


def _is_counts(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(item) is int and item >= 0 for item in value)


def _check_ranges(ranges: list[tuple[int, int]], available: int, file: Path) -> None:
    """Check that the byte ranges follow one another and fill the file exactly."""
    position = 0
    for begin, end in ranges:
        if begin != position:
            raise ModelError("its tensors overlap or leave gaps", file=file, fix=_DAMAGED)
        position = end
    if position > available:
        what = f"is truncated: {position - available} bytes are missing"
        raise ModelError(what, file=file, fix=_DAMAGED)
    if position < available:
        what = f"holds {available - position} bytes too many after its tensors"
        raise ModelError(what, file=file, fix=_DAMAGED)


def check_listed(
    tensors: dict[str, tuple[str, list[int]]], listed: Mapping[str, Any], file: Path
) -> None:
    """Check that the file's tensors are just those that the card lists.

    Raises:
        ModelError: a tensor is missing, unknown, or of another dtype or shape.

    >>> check_listed({"w": ("F32", [2])}, {"w": ["F32", [3]]}, Path("a"))
    Traceback (most recent call last):
    tympan.errors.ModelError: a: tensor 'w' is F32 [2], the card says F32 [3] ...
    """
    fix = "weights and card are of different models: get or train the model again"
    for name in sorted(tensors.keys() ^ set(listed)):
        where = "missing from the weights" if name in listed else "not in the card"
        raise ModelError(f"tensor {name[:80]!r} is {where}", file=file, fix=fix)
    for name, (dtype, shape) in tensors.items():
        if listed[name] != [dtype, shape]:
            says = listed[name]
            if isinstance(says, list):
                says = " ".join(str(part) for part in says)
            what = f"tensor {name[:80]!r} is {dtype} {shape}, the card says {says!s:.80}"
            raise ModelError(what, file=file, fix=fix)
