"""Indexes: made bit by bit, read where they are touched, refused when they are hostile."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.lib import format as npy

from tympan.errors import DataError, MissingDependencyError
from tympan.tasks.embed import Index
from tympan.tasks.embed import index as module
from tympan.tasks.embed.index import Collect
from tympan.tasks.embed.npz import read_arrays, write_arrays
from tympan.tasks.results import Embedding


def answer(name: str, count: int, value: float = 1.0, model: str = "m") -> Embedding:
    vectors = np.full((count, 4), value, np.float32)
    times_s = np.stack([np.arange(count), np.arange(1, count + 1)], 1).astype(float)
    return Embedding(name, (value,) * 4, float(count), model, vectors=vectors, times_s=times_s)


def interrupted(path: Path, answers: dict[str, Embedding]) -> None:
    """Collect answers, and stop as Ctrl-C does."""
    index = Collect(path, {"every_s": 1}).__enter__()
    for name, one in answers.items():
        index.add(name, one)
    index.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)


def test_an_interrupted_collection_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PART_VECTORS", 5)
    path = tmp_path / "index.npz"
    interrupted(path, {f"{i}.wav": answer(f"{i}.wav", 3, i) for i in range(5)})
    assert not path.exists()
    assert len(list((tmp_path / "index.npz.parts").glob("*.npz"))) == 3
    with Collect(path, {"every_s": 1}) as index:
        assert [index.has(f"{i}.wav") for i in range(6)] == [True] * 5 + [False]
        index.add("a longer name.wav", answer("x", 2, 9))
    found = Index.load(path)
    assert (
        found.files.tolist()
        == [f"{i}.wav" for i in range(5) for _ in "abc"] + ["a longer name.wav"] * 2
    )
    assert found.embeddings[:, 0].tolist() == [i for i in range(5) for _ in "abc"] + [9, 9]
    assert found.model == "m"
    assert not (tmp_path / "index.npz.parts").exists()


def test_a_killed_collection_keeps_its_whole_parts(tmp_path: Path) -> None:
    path = tmp_path / "index.npz"
    index = Collect(path, {}).__enter__()
    index.add("a.wav", answer("a.wav", 5000))
    index.add("b.wav", answer("b.wav", 3))  # the process dies before its part is written
    with Collect(path, {}) as again:
        assert again.has("a.wav")
        assert not again.has("b.wav")
        again.add("b.wav", answer("b.wav", 3))
    assert len(Index.load(path)) == 5003


def test_parts_of_other_weights_are_not_gone_on_from(tmp_path: Path) -> None:
    path = tmp_path / "index.npz"
    old, new = (
        replace(answer("a.wav", 2), fingerprint=one) for one in ("0123456789abcdef", "f" * 16)
    )
    interrupted(path, {"a.wav": old})
    with (
        pytest.raises(DataError, match=r"index\.npz\.parts: was begun with other weights"),
        Collect(path, {"every_s": 1}) as index,
    ):
        index.add("b.wav", new)
    with Collect(path, {"every_s": 1}) as index:
        index.add("b.wav", old)
    found = Index.load(path)
    assert (len(found), found.fingerprint) == (4, "0123456789abcdef")


def test_a_saved_answer_says_which_model_made_it(tmp_path: Path) -> None:
    one = replace(answer("a.wav", 2), fingerprint="0123456789abcdef")
    found = Index.load(one.save(tmp_path / "one.npz"))
    assert (found.model, found.fingerprint) == ("m", "0123456789abcdef")


def test_other_options_begin_anew(tmp_path: Path) -> None:
    path = tmp_path / "index.npz"
    interrupted(path, {"a.wav": answer("a.wav", 2)})
    with Collect(path, {"every_s": 2}) as index:
        assert not index.has("a.wav")
        index.add("a.wav", answer("a.wav", 1))
    assert len(Index.load(path)) == 1


def test_joining_holds_one_part_in_memory(tmp_path: Path) -> None:
    import tracemalloc

    path = tmp_path / "index.npz"
    with Collect(path, {}) as index:
        for i in range(8):
            one = answer(f"{i}.wav", 5000)
            wide = np.ones((5000, 500), np.float32)
            index.add(f"{i}.wav", Embedding("x", (), 1.0, "m", vectors=wide, times_s=one.times_s))
        tracemalloc.start()
        held = tracemalloc.get_traced_memory()[0]
    peak = tracemalloc.get_traced_memory()[1] - held
    tracemalloc.stop()
    found = Index.load(path)
    assert found.embeddings.shape == (40_000, 500)
    assert peak < 0.4 * found.embeddings.nbytes
    assert isinstance(found.embeddings, np.memmap)


def test_numpy_reads_it(made: Callable[..., Index], tmp_path: Path) -> None:
    index = made(np.eye(3, 5), ["ä.wav", "b/c.wav", "b/c.wav"], model="sounds")
    with np.load(index.save(tmp_path / "index.npz")) as found:
        assert sorted(found.files) == [
            "embeddings",
            "end_s",
            "files",
            "fingerprint",
            "model",
            "start_s",
        ]
        assert found["files"].tolist() == ["ä.wav", "b/c.wav", "b/c.wav"]
        assert str(found["model"]) == "sounds"
        assert found["embeddings"].dtype == np.float16
    again = Index.load(tmp_path / "index.npz")
    assert np.array_equal(again.embeddings, index.embeddings)
    assert np.array_equal(again.start_s, index.start_s)


def test_what_numpy_wrote_compressed_is_read(tmp_path: Path) -> None:
    path = answer("a.wav", 3).save(tmp_path / "a.npz")
    found = Index.load(path)
    assert (len(found), found.features, found.files.tolist()) == (3, 4, ["a.wav"] * 3)


def test_parquet_comes_back(made: Callable[..., Index], tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow.parquet")
    index = made(np.eye(3, 5), ["ä.wav", "b.wav", "b.wav"], model="sounds")
    index = replace(index, fingerprint="0123456789abcdef")
    found = Index.load(index.save(tmp_path / "index.parquet"))
    assert found.fingerprint == "0123456789abcdef"
    assert np.array_equal(found.embeddings, index.embeddings)
    assert found.files.tolist() == index.files.tolist()
    assert (found.start_s.tolist(), found.model) == (index.start_s.tolist(), "sounds")
    table = arrow.read_table(tmp_path / "index.parquet")
    assert table.column_names == ["embeddings", "files", "start_s", "end_s"]
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(DataError, match="is no index"):
        Index.load(tmp_path / "bad.parquet")


def test_without_pyarrow_parquet_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with (
        pytest.raises(MissingDependencyError, match=r"pip install pyarrow, or name an \.npz"),
        Collect(tmp_path / "index.parquet", {}),
    ):
        raise AssertionError("the work began")


GOOD = {
    "embeddings": np.eye(3, 4, dtype=np.float32),
    "files": np.array(["a", "b", "c"]),
    "start_s": np.zeros(3),
    "end_s": np.ones(3),
}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"embeddings": np.array([[{}], [1], [2]], object)}, "Python objects"),
        ({"files": np.array(["a", None, "c"], object)}, "Python objects"),
        ({"embeddings": np.zeros((3, 4, 2), np.float32)}, "no table of numbers"),
        ({"embeddings": np.array([["1"], ["2"], ["3"]])}, "no table of numbers"),
        ({"files": np.arange(3)}, "no names"),
        ({"start_s": np.array(["x", "y", "z"])}, "start_s are no times"),
        ({"end_s": np.zeros((3, 1))}, "end_s are no times"),
        ({"end_s": np.zeros(2)}, "do not fit together"),
        ({"end_s": None}, "no array 'end_s'"),
    ],
)
@pytest.mark.parametrize("compressed", [False, True])
def test_arrays_of_another_kind_are_refused(
    tmp_path: Path, changed: dict[str, np.ndarray], told: str, compressed: bool
) -> None:
    arrays = {name: one for name, one in (GOOD | changed).items() if one is not None}
    (np.savez_compressed if compressed else np.savez)(tmp_path / "x.npz", **arrays)
    with pytest.raises(DataError, match=told) as caught:
        Index.load(tmp_path / "x.npz")
    assert "\n" not in str(caught.value)


def hostile(path: Path, shape: tuple[int, ...], data: bytes = b"", compressed: bool = True) -> Path:
    """An index whose embeddings say that they are of a shape."""
    head = io.BytesIO()
    npy.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": shape})
    np.savez(path, **{name: one for name, one in GOOD.items() if name != "embeddings"})
    kind = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "a", kind) as file:
        file.writestr("embeddings.npy", head.getvalue() + data)
    return path


@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("shape", [(10**12, 896), (2**62, 4), (3, 5), (3, 3)])
def test_a_header_that_lies_about_its_size_is_not_believed(
    tmp_path: Path, shape: tuple[int, ...], compressed: bool
) -> None:
    path = hostile(tmp_path / "x.npz", shape, bytes(48), compressed)
    with pytest.raises(DataError, match="not as large as it says"):
        Index.load(path)


def test_a_huge_header_is_refused(tmp_path: Path) -> None:
    head = npy.magic(2, 0) + (2**31).to_bytes(4, "little") + b"{" * 50_000
    path = tmp_path / "x.npz"
    np.savez(path, **{name: one for name, one in GOOD.items() if name != "embeddings"})
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("embeddings.npy", head)
    with pytest.raises(DataError, match="is no index"):
        Index.load(path)


@pytest.mark.parametrize("content", [b"", b"PK\3\4", b"no zip", b"\x93NUMPY" + bytes(100)])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DataError, match="is no index"):
        Index.load(tmp_path / "x.npz")


@pytest.mark.parametrize("seed", range(40))
def test_damage_anywhere_is_an_error_or_still_an_index(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "x.npz"
    (np.savez if seed % 2 else np.savez_compressed)(path, **GOOD)
    raw = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for at in rng.integers(0, len(raw), 6):
        raw[at] = rng.integers(256)
    path.write_bytes(raw[: rng.integers(len(raw) // 2, len(raw) + 1)])
    try:
        found = Index.load(path)
    except DataError:
        return
    assert len(found) == len(found.files.tolist())


def test_parts_of_arrays_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    write_arrays(path, {"a": [np.arange(2), np.arange(2, 5)], "b": [np.array("x")]})
    found = read_arrays(path, ["a"], ["b", "c"])
    assert found["a"].tolist() == [0, 1, 2, 3, 4]
    assert found["b"].item() == "x"
    assert "c" not in found
