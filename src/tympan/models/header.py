"""Check a weights file before anything believes it.

safetensors checks the layout (https://github.com/huggingface/safetensors#format); here its reasons
are put into words, and the tensors are compared with those that the card lists.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.errors import ModelError

if TYPE_CHECKING:
    from torch import Tensor

NEVER_PICKLE = "tympan never loads pickles, because they run code; ask for safetensors weights"
# A pickle starts with PROTO; torch.save writes a zip of pickles; older ones a tar.
_PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK\x03\x04")
_PICKLE_SUFFIXES = {".pt", ".pth", ".ckpt", ".pkl", ".pickle", ".bin", ".joblib", ".npy", ".npz"}
LFS_POINTER = b"version https://git-lfs"
_DAMAGED = "the file is damaged: get or train the model again"
# What safetensors says → what it means.
_REASONS = {
    "header too large": "is not a safetensors file: its header would be too large",
    "invalid header length": "is truncated: its header is incomplete",
    "invalid JSON": "is not a safetensors file: its header is not a table of tensors",
    "invalid UTF-8": "is not a safetensors file: its header is not text",
    "invalid offset": "its tensors overlap or leave gaps",
    "invalid shape": "a tensor's bytes are not those of its dtype and shape",
}


def looks_pickled(path: Path, start: bytes = b"") -> bool:
    """Say whether a file's name or first bytes are those of a pickle.

    >>> looks_pickled(Path("best.ckpt")), looks_pickled(Path("model.safetensors"))
    (True, False)
    """
    return path.suffix.lower() in _PICKLE_SUFFIXES or start.startswith(_PICKLE_STARTS)


def check_start(content: bytes, file: Path) -> None:
    """Refuse by its first bytes what holds no safetensors weights.

    Raises:
        ModelError: a pickle, a Git LFS pointer, or next to nothing.
    """
    if looks_pickled(Path(), content):
        raise ModelError("holds pickled weights", file=file, fix=NEVER_PICKLE)
    if content.startswith(LFS_POINTER):
        fix = "fetch the real file: git lfs pull"
        raise ModelError("is a Git LFS pointer, not the weights", file=file, fix=fix)
    if len(content) < 8:
        raise ModelError(f"holds {len(content)} bytes, no weights", file=file, fix=_DAMAGED)


def read_tensors(content: bytes, file: Path) -> dict[str, Tensor]:
    """The tensors of a file, once its whole layout has been checked.

    Args:
        content: the whole file.
        file: its path, for messages.

    Raises:
        ModelError: not safetensors, truncated, padded, overlapping, or of an unknown dtype.

    >>> import torch
    >>> from safetensors.torch import save
    >>> read_tensors(save({"w": torch.zeros(2, 3)}), Path("a.safetensors"))["w"].shape
    torch.Size([2, 3])
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    check_start(content, file)
    try:
        tensors: dict[str, Tensor] = load(content)
    except (SafetensorError, ValueError, KeyError, RuntimeError) as error:
        raise ModelError(_reason(str(error), content), file=file, fix=_DAMAGED) from error
    return tensors


def _reason(message: str, content: bytes) -> str:
    """What is wrong with a file, from safetensors' word for it."""
    if "incomplete metadata" in message:
        return _wrong_end(content)
    for key, reason in _REASONS.items():
        if key in message:
            detail = message.partition(f"{key} in header: ")[2]
            return f"{reason} ({detail[:120]})" if detail else reason
    return f"cannot be read as safetensors: {message[:120]}"


def _wrong_end(content: bytes) -> str:
    """How many bytes a file lacks, or has too many."""
    start = 8 + int.from_bytes(content[:8], "little")
    entries = [v for k, v in json.loads(content[8:start]).items() if k != "__metadata__"]
    end = max((entry["data_offsets"][1] for entry in entries), default=0)
    missing = end - (len(content) - start)
    if missing > 0:
        return f"is truncated: {missing} bytes are missing"
    return f"holds {-missing} bytes too many after its tensors"


def listing(tensors: Mapping[str, Tensor]) -> dict[str, list[Any]]:
    """Dtype and shape of each tensor, as a card lists them.

    >>> import torch
    >>> listing({"w": torch.zeros(2)})
    {'w': ['F32', [2]]}
    """
    return {
        name: [_DTYPES.get(str(one.dtype).removeprefix("torch."), str(one.dtype)), list(one.shape)]
        for name, one in sorted(tensors.items())
    }


_DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "int64": "I64",
    "int32": "I32", "int16": "I16", "int8": "I8", "uint8": "U8", "bool": "BOOL",
}  # fmt: skip


def check_listed(tensors: Mapping[str, Tensor], listed: Mapping[str, Any], file: Path) -> None:
    """Check that the file's tensors are just those that the card lists.

    Raises:
        ModelError: a tensor is missing, unknown, or of another dtype or shape.

    >>> import torch
    >>> check_listed({"w": torch.zeros(2)}, {"w": ["F32", [3]]}, Path("a"))
    Traceback (most recent call last):
    tympan.errors.ModelError: a: tensor 'w' is F32 [2], the card says F32 [3] ...
    """
    fix = "weights and card are of different models: get or train the model again"
    found = listing(tensors)
    for name in sorted(found.keys() ^ set(listed)):
        where = "missing from the weights" if name in listed else "not in the card"
        raise ModelError(f"tensor {name[:80]!r} is {where}", file=file, fix=fix)
    for name, mine in found.items():
        if listed[name] != mine:
            says = listed[name]
            if isinstance(says, list):
                says = " ".join(str(part) for part in says)
            is_ = " ".join(map(str, mine))
            what = f"tensor {name[:80]!r} is {is_}, the card says {says!s:.80}"
            raise ModelError(what, file=file, fix=fix)
