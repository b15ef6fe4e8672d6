"""The layout of a weights file: what is not exactly right is refused with its reason."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from tympan.errors import ModelError
from tympan.models.header import check_listed, listing, looks_pickled, read_tensors

FILE = Path("there/model.safetensors")


def content(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def test_a_real_file_reads_as_written() -> None:
    tensors = {
        "net.weight": torch.ones(2, 3),
        "steps": torch.tensor(3),
        "empty": torch.zeros(0, 4, dtype=torch.float16),
    }
    found = read_tensors(save(tensors, metadata={"by": "me"}), FILE)
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())
    assert listing(found) == {
        "empty": ["F16", [0, 4]],
        "net.weight": ["F32", [2, 3]],
        "steps": ["I64", []],
    }


def entry(dtype: object = "F32", shape: object = (1,), offsets: object = (0, 4)) -> dict:
    return {"w": {"dtype": dtype, "shape": shape, "data_offsets": offsets}}


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "holds 0 bytes"),
        (b"\x00" * 7, "holds 7 bytes"),
        (b"\xff" * 64, "header would be too large"),
        ((2**40).to_bytes(8, "little"), "header would be too large"),
        ((100).to_bytes(8, "little") + b"{}", "truncated"),
        (content(b"\xff\xff"), "not text"),
        (content(b"[" * 100_000), "not a table of tensors"),
        (content([]), "not a table of tensors"),
        (content({"w": 3}), "not a table of tensors"),
        (content({"w": {}}), "missing field"),
        (content(entry(dtype="F99"), b"1234"), "unknown variant"),
        (content(entry(dtype=["F32"]), b"1234"), "not a table of tensors"),
        (content(entry(shape=[-1]), b"1234"), "not a table of tensors"),
        (content(entry(shape=[True]), b"1234"), "not a table of tensors"),
        (content(entry(offsets=[4, 0]), b"1234"), "overlap or leave gaps"),
        (content(entry(offsets=[0, 4, 8]), b"1234"), "not a table of tensors"),
        (content(entry(shape=[2]), b"1234"), "bytes are not those"),
        (content(entry(shape=[2**62, 2**62]), b"1234"), "cannot be read|bytes are not those"),
        (content(entry(offsets=[4, 8]), b"12345678"), "leave gaps"),
        (content({**entry(), "v": entry()["w"]}, b"1234"), "overlap"),
        (content(entry(), b"12"), "truncated: 2 bytes are missing"),
        (content(entry(), b"123456"), "2 bytes too many"),
        (b"\x80\x04\x95abcdefgh", "never loads pickles"),
        (b"PK\x03\x04archive/data.pkl", "never loads pickles"),
        (b"version https://git-lfs.github.com/spec/v1", "git lfs pull"),
    ],
)
def test_each_flaw_has_its_message(raw: bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        read_tensors(raw, FILE)
    assert str(caught.value).startswith("there/model.safetensors: ")


def test_the_tensors_must_be_those_of_the_card() -> None:
    tensors = {"w": torch.zeros(2), "b": torch.zeros(1)}
    check_listed(tensors, {"w": ["F32", [2]], "b": ["F32", [1]]}, FILE)
    for listed, message in (
        ({"w": ["F32", [2]]}, "'b' is not in the card"),
        ({"w": ["F32", [2]], "b": ["F32", [1]], "c": ["F32", [1]]}, "'c' is missing"),
        ({"w": ["F16", [2]], "b": ["F32", [1]]}, r"'w' is F32 \[2\], the card says F16"),
        ({"w": None, "b": ["F32", [1]]}, "the card says None"),
    ):
        with pytest.raises(ModelError, match=message):
            check_listed(tensors, listed, FILE)


def test_pickles_are_known_by_name_and_by_content() -> None:
    assert looks_pickled(Path("a.PT"))
    assert looks_pickled(Path("weights"), b"\x80\x02}q")
    assert not looks_pickled(Path("model.safetensors"), b"\x10\x00\x00\x00")
