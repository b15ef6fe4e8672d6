"""From names in a table to files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tympan.data.files import Finder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("in/a.wav", "in/sub/b.flac", "in/sub/c.wav", "in/other/c.wav", "out/d.wav"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "in"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.wav", "a.wav"),
        ("./a.wav", "a.wav"),
        ("sub\\b.flac", "sub/b.flac"),
        ("b.flac", "sub/b.flac"),
        ("b", "sub/b.flac"),
        ("other/c", "other/c.wav"),
        ("c.mp3", None),
        ("b.wav", None),
        ("nowhere/b.flac", None),
        ("", None),
        (".", None),
        ("x" * 5000, None),
    ],
)
def test_names(root: Path, name: str, expected: str | None) -> None:
    found = Finder(root, root / "x.csv", anywhere=False).find(name)
    assert found == (None if expected is None else root / expected)


def test_names_are_relative_to_the_table_first(root: Path) -> None:
    (root / "sub" / "a.wav").write_bytes(b"y")
    assert Finder(root, root / "sub" / "x.csv", False).find("a.wav") == root / "sub" / "a.wav"


def test_names_that_could_be_several(root: Path) -> None:
    with pytest.raises(ValueError, match=r"could be other/c.wav or sub/c.wav"):
        Finder(root, root / "x.csv", False).find("c.wav")


@pytest.mark.parametrize("name", ["../out/d.wav", "/out/d.wav", "..\\out\\d.wav", r"C:\d.wav"])
def test_names_that_lead_out(root: Path, name: str) -> None:
    with pytest.raises(ValueError, match="leads out of the folder"):
        Finder(root, root / "x.csv", anywhere=False).find(name)


def test_a_chosen_table_may_lead_anywhere(root: Path) -> None:
    finder = Finder(root, root / "x.csv", anywhere=True)
    outside = root.parent / "out" / "d.wav"
    assert finder.find(str(outside)) == outside
    found = finder.find("../out/d.wav")
    assert found is not None
    assert found.samefile(outside)
    assert finder.find("/nowhere/a.wav") is None
    with pytest.raises(ValueError, match="NUL"):
        finder.find("a\0")
