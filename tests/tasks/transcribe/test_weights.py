"""Weights of other packages: checked once, joined once, and nothing half-written."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from tympan.errors import MissingDependencyError, ModelError
from tympan.tasks.transcribe import weights

INSTALL = "pip install 'tympan[parrot]'"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TYMPAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "engines"


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_what_was_checked_is_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.bin").write_bytes(b"weights")
    reads: list[str] = []
    real = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda f, n: reads.append(n) or real(f, n))
    for _ in range(3):
        weights.check(tmp_path, {"a.bin": digest(b"weights")}, INSTALL)
    assert len(reads) == 1
    os.utime(tmp_path / "a.bin", ns=(1, 1))
    weights.check(tmp_path, {"a.bin": digest(b"weights")}, INSTALL)
    assert len(reads) == 2


def test_other_weights_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"weights")
    weights.check(tmp_path, {"a.bin": digest(b"weights")}, INSTALL)
    (tmp_path / "a.bin").write_bytes(b"others!")
    os.utime(tmp_path / "a.bin", ns=(5, 5))
    with pytest.raises(ModelError, match=r"a\.bin: .*SHA-256.*tympan\[parrot\]' --force-reinstall"):
        weights.check(tmp_path, {"a.bin": digest(b"weights")}, INSTALL)
    with pytest.raises(ModelError, match=r"b\.bin: its weights are not here"):
        weights.check(tmp_path, {"b.bin": digest(b"")}, INSTALL)


def test_parts_are_joined_once(tmp_path: Path, cache: Path) -> None:
    parts = [tmp_path / "1", tmp_path / "2"]
    parts[0].write_bytes(b"first ")
    parts[1].write_bytes(b"second")
    other = tmp_path / "config.json"
    other.write_text("{}")
    wanted = digest(b"first second")
    for _ in range(2):
        folder = weights.assembled("parrot", parts, [other], wanted, INSTALL)
        assert folder == cache / "parrot"
        assert (folder / "model.bin").read_bytes() == b"first second"
        assert sorted(p.name for p in folder.iterdir()) == ["config.json", "model.bin"]
        parts[0].unlink(missing_ok=True)  # they are not needed a second time
    (folder / "model.bin").write_bytes(b"damaged")
    with pytest.raises(ModelError, match="a part of the weights is missing"):
        weights.assembled("parrot", parts, [other], wanted, INSTALL)
    assert sorted(p.name for p in folder.iterdir()) == ["config.json", "model.bin"]


def test_parts_that_make_something_else_are_refused(tmp_path: Path) -> None:
    (tmp_path / "1").write_bytes(b"something else")
    with pytest.raises(ModelError, match="SHA-256"):
        weights.assembled("parrot", [tmp_path / "1"], [], digest(b"first"), INSTALL)


def test_a_package_that_is_not_there_names_the_command() -> None:
    with pytest.raises(MissingDependencyError, match=r"tympan\[parrot\]"):
        weights.package_folder("no_such_package_here", INSTALL)
    assert (weights.package_folder("tympan", INSTALL) / "errors.py").is_file()


def test_a_cache_that_cannot_be_written_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("TYMPAN_CACHE", str(tmp_path / "file"))
    (tmp_path / "a.bin").write_bytes(b"weights")
    weights.check(tmp_path, {"a.bin": digest(b"weights")}, INSTALL)
