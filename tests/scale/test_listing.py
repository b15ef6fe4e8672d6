"""Which files there are, and that a million of them need no memory."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from tympan.errors import DataError
from tympan.scale.listing import Listing, files_of


def names(*sources: object) -> list[str]:
    return list(files_of(map(str, sources)))


def test_a_folder_stands_for_the_sounds_in_it(archive: Path) -> None:
    found = names(archive)
    assert len(found) == 10
    assert found[:2] == [str(archive / "1.wav"), str(archive / "2.wav")]
    assert str(archive / "deep" / "0.wav") in found
    assert not any("notes" in one for one in found)


def test_a_link_that_leads_back_ends(archive: Path) -> None:
    os.symlink(archive, archive / "deep" / "again")
    assert len(names(archive)) == 10


def test_patterns_and_lists(archive: Path) -> None:
    assert len(names(archive / "deep" / "*.wav")) == 3
    (archive / "list.txt").write_text("1.wav\r\n\n2.wav\n", newline="")
    assert names(archive / "list.txt") == [str(archive / "1.wav"), str(archive / "2.wav")]
    (archive / "t.csv").write_text("label,file_name\r\na,1.wav\r\nb,deep/0.wav\r\n", newline="")
    assert names(archive / "t.csv")[1] == str(archive / "deep/0.wav")
    (archive / "t.jsonl").write_text('{"file_name": "memory://bucket/x.wav"}\n')
    assert names(archive / "t.jsonl") == ["memory://bucket/x.wav"]


def test_what_stands_for_nothing_is_told(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="stands for no recording"):
        names(tmp_path / "none")
    with pytest.raises(DataError, match="recrodings: stands for no recording"):
        names(tmp_path / "recrodings")  # a mistyped folder
    (archive / "t.csv").write_text("file\n1.wav\n")
    with pytest.raises(DataError, match="no column file_name"):
        names(archive / "t.csv")


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("a.jsonl", b'{"file_name": "1.wav"}\n{bad\n', "a.jsonl: line 2 names no file"),
        ("a.jsonl", b"[1]\n", "line 1 names no file"),
        ("a.jsonl", b'{"file": "1.wav"}\n', "line 1 names no file"),
        ("a.jsonl", b'{"file_name": null}\n', "line 1 names no file"),
        ("a.txt", b"1.wav\n\xff\n", "a.txt: is no list in UTF-8"),
        ("a.csv", b"file_name\n\xe9.wav\n", "is no list in UTF-8"),
        ("a.csv", b"file_name\n" + b"x" * 200_000, "is no table: field larger"),
    ],
)
def test_a_list_that_is_none_is_told(tmp_path: Path, name: str, content: bytes, line: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=line):
        names(tmp_path / name)


def test_a_store_that_does_not_answer_is_told() -> None:
    pytest.importorskip("aiohttp")
    with pytest.raises(DataError, match=r"^http://127.0.0.1:9/a.wav: cannot be listed: "):
        names("http://127.0.0.1:9/a.wav")


def test_a_missing_file_is_a_row_of_its_own(tmp_path: Path) -> None:
    assert names(tmp_path / "gone.wav") == [str(tmp_path / "gone.wav")]


def test_blocks_are_found_again(tmp_path: Path) -> None:
    listing = Listing(tmp_path)
    files = [f"a{i}\udce9\n.wav" for i in range(25)]
    assert not listing.exists
    assert listing.write(iter(files), every=10) == 10
    assert listing.exists
    assert (listing.count, listing.blocks) == (25, 3)
    assert [name for i in range(3) for name in listing.block(i)] == files
    assert len(listing.block(2)) == 5


def test_a_million_names_are_written_in_constant_memory(tmp_path: Path) -> None:
    listing = Listing(tmp_path)

    def peak(count: int) -> int:
        tracemalloc.start()
        listing.write((f"folder/{i:07d}.wav" for i in range(count)), every=None, workers=2)
        assert len(listing.block(listing.blocks - 1)) > 0
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    small, large = peak(2_000), peak(60_000)
    assert large < small + 100_000
    assert listing.count == 60_000


def test_addresses_are_read_through_fsspec(archive: Path) -> None:
    fsspec = pytest.importorskip("fsspec")
    memory = fsspec.filesystem("memory")
    for name in ("x/1.wav", "x/y/2.wav", "x/notes.txt"):
        with memory.open(f"/bucket/{name}", "wb") as file:
            file.write((archive / "1.wav").read_bytes())
    try:
        assert names("memory://bucket/x") == [
            "memory://bucket/x/1.wav",
            "memory://bucket/x/y/2.wav",
        ]
        assert names("memory://bucket/x/*.wav") == ["memory://bucket/x/1.wav"]
    finally:
        memory.rm("/bucket", recursive=True)
