"""One walk for every folder: hidden files, links, order, folders that cannot be read."""

from __future__ import annotations

import os
import string
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tympan._walk import walk

linked = pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")


def made(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def found(root: Path, *rest: object) -> list[str]:
    return [path.relative_to(root).as_posix() for path in walk(root, *rest)]  # type: ignore[arg-type]


def test_hidden_files_and_those_of_macos_are_passed_over(tmp_path: Path) -> None:
    made(tmp_path, "a.wav", ".b.wav", "._a.wav", ".git/c.wav", "__MACOSX/a.wav", "d/.e/f.wav")
    assert found(tmp_path) == ["a.wav"]
    # The folder itself may be hidden.
    assert found(tmp_path / ".git") == ["c.wav"]


def test_suffixes_are_compared_without_case(tmp_path: Path) -> None:
    made(tmp_path, "a.WAV", "b.wav.txt", "c.flac", "d", "wav/e.txt", "x.wav/f.wav")
    assert found(tmp_path, {".wav"}) == ["a.WAV", "x.wav/f.wav"]


@linked
def test_links_are_followed_and_each_folder_entered_once(tmp_path: Path) -> None:
    root = tmp_path / "root"
    made(root, "b/1.wav")
    made(tmp_path, "elsewhere/2.wav")
    (root / "a").symlink_to(tmp_path / "elsewhere")
    (root / "b" / "back").symlink_to(root)
    (root / "b" / "file.wav").symlink_to(tmp_path / "elsewhere" / "2.wav")
    (root / "b" / "nowhere.wav").symlink_to(root / "gone.wav")
    (root / "b" / "self.wav").symlink_to(root / "b" / "self.wav")
    (root / "c").symlink_to(tmp_path / "elsewhere")
    assert found(root) == ["a/2.wav", "b/1.wav", "b/file.wav"]


@pytest.mark.skipif(os.name == "nt", reason="there are no FIFOs on Windows")
def test_pipes_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    assert found(tmp_path) == []


def test_a_folder_that_is_gone_is_an_error_or_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(walk(tmp_path / "none"))
    told: list[OSError] = []
    assert list(walk(tmp_path / "none", on_error=told.append)) == []
    assert len(told) == 1


def test_a_folder_that_goes_away_meanwhile_costs_only_itself(tmp_path: Path) -> None:
    made(tmp_path, "a/1.wav", "b/2.wav", "c/3.wav")
    names = []
    for path in walk(tmp_path, on_error=lambda error: None):
        names.append(path.name)
        if path.name == "1.wav":
            (tmp_path / "b" / "2.wav").unlink()
            (tmp_path / "b").rmdir()
    assert names == ["1.wav", "3.wav"]


NAMES = st.text(string.ascii_letters + string.digits + " -_", min_size=1, max_size=3)


@settings(max_examples=30)
@given(st.sets(st.lists(NAMES, min_size=1, max_size=3).map("/".join), max_size=8))
def test_the_order_is_that_of_the_paths(names: set[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name in names:
            made(root, f"{name}.d/x.wav", f"{name}.wav")
        paths = list(walk(root))
        assert paths == sorted(paths) == sorted(p for p in root.rglob("*") if p.is_file())
