from __future__ import annotations

import json
import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from tympan.errors import ArgumentError, DataError
from tympan.tasks.identify import book as book_module
from tympan.tasks.identify.book import Book, changing, kept_book, read_book
from tympan.tasks.identify.voice import Voice


def voice(seed: int, speech_s: float = 3.0, problem: str = "") -> Voice:
    x = np.random.default_rng(seed).standard_normal(16).astype(np.float32)
    return Voice(f"{seed}.wav", x / np.linalg.norm(x), speech_s, speech_s, problem)


def book_of(*names: str) -> Book:
    book = Book()
    for i, name in enumerate(names):
        book = book.enrolled(name, [voice(10 * i), voice(10 * i + 1)], "voices", "d1")
    return book


def test_what_is_saved_is_what_is_read(tmp_path: Path):
    book = book_of("Ann", "Böb Ünicode", "李")
    again = read_book(book.save(tmp_path / "v.tympan"))
    assert again.names == book.names
    assert (again.model, again.digest) == ("voices", "d1")
    assert np.array_equal(again.means(), book.means())
    assert again.voices["Ann"][0].added == book.voices["Ann"][0].added


def test_a_book_is_read_again_only_when_its_file_has_changed(tmp_path: Path, monkeypatch):
    path = book_of("Ann").save(tmp_path / "v.tympan")
    read = list[str]()
    real = read_book
    monkeypatch.setattr(book_module, "read_book", lambda path: read.append(str(path)) or real(path))
    for _ in range(3):
        assert kept_book(path).names == ("Ann",)
    assert len(read) == 1
    book_of("Ann", "Bob").save(path)
    assert kept_book(path).names == ("Ann", "Bob")
    path.unlink()
    with pytest.raises(DataError, match="there is no such voice book"):
        kept_book(path)


def test_a_book_holds_no_audio_and_nothing_that_runs(tmp_path: Path):
    path = book_of("Ann").save(tmp_path / "v.tympan")
    content = path.read_bytes()
    size = int.from_bytes(content[:8], "little")
    head = json.loads(content[8 : 8 + size])
    assert head.keys() == {"__metadata__", "vectors"}
    assert head["vectors"]["shape"] == [2, 16]
    assert len(content) == 8 + size + 2 * 16 * 4


def test_a_recording_is_not_added_twice():
    book = book_of("Ann").enrolled("Ann", [voice(0), voice(5)], "voices", "d1")
    assert len(book.voices["Ann"]) == 3


def test_more_speech_weighs_more():
    book = Book().enrolled("Ann", [voice(0, 1.0), voice(1, 99.0)], "m", "d")
    assert float(book.means()[0] @ voice(1).vector) > 0.99


def test_forget_rename_merge_only():
    book = book_of("Ann", "Bob")
    assert book.forgotten("Ann").names == ("Bob",)
    assert book.renamed("Ann", "Cy").names == ("Bob", "Cy")
    one = book.renamed("Ann", "Bob")
    assert one.names == ("Bob",)
    assert len(one.voices["Bob"]) == 4
    assert book.only(["Bob"]).names == ("Bob",)
    other = Book().enrolled("Ann", [voice(0), voice(7)], "voices", "d1")
    merged = book.merged(other)
    assert len(merged.voices["Ann"]) == 3  # voice(0) is in both


@pytest.mark.parametrize("name", ["", "  ", "a" * 101, "unknown", "Unknown", "a\x00b"])
def test_names_that_cannot_be(name: str):
    with pytest.raises(ArgumentError, match=r"voice|nobody"):
        Book().enrolled(name, [voice(0)], "m", "d")


def test_unknown_voices_are_named_with_those_that_are_there():
    with pytest.raises(ArgumentError, match=r"no voice 'Zoe'.*Ann, Bob"):
        book_of("Ann", "Bob").forgotten("Zoe")


def test_a_book_of_another_model_is_refused_in_one_line():
    with pytest.raises(ArgumentError, match="made with the model voices") as caught:
        book_of("Ann").enrolled("Bob", [voice(3)], "other", "d2")
    assert "\n" not in str(caught.value)
    with pytest.raises(ArgumentError, match="another version"):
        book_of("Ann").check_model("voices", "d9")
    Book().check_model("any", "d2")  # an empty book is of no model


def test_what_cannot_be_scored_is_not_enrolled():
    with pytest.raises(ArgumentError, match=r"0\.wav: is silent: not enrolled"):
        Book().enrolled("Ann", [voice(0, problem="is silent")], "m", "d")


def test_damaged_files_are_refused_in_one_line(tmp_path: Path):
    path = book_of("Ann", "Bob").save(tmp_path / "v.tympan")
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    cases = [b"", b"x", content[:40], content[:-3], content + b"x", b"\xff" * 200]
    for _ in range(60):
        at = int(rng.integers(len(content)))
        cases.append(content[:at] + bytes([int(rng.integers(256))]) + content[at + 1 :])
    found = []
    for case in cases:
        path.write_bytes(case)
        try:
            read_book(path)
        except DataError as error:
            found.append(str(error))
    assert len(found) >= 6
    assert not any("\n" in one for one in found)


def test_no_book_says_how_one_is_made(tmp_path: Path):
    with pytest.raises(DataError, match="enroll"):
        read_book(tmp_path / "none.tympan")


def _add(path: Path, number: int) -> None:
    with changing(path, create=True) as held:
        held.enrolled(f"v{number}", [voice(number)], "m", "d").save(path)


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="begins them by a fork"
)
def test_processes_that_enroll_at_once_lose_nothing(tmp_path: Path):
    path = tmp_path / "v.tympan"
    context = multiprocessing.get_context("fork")
    running = [context.Process(target=_add, args=(path, i)) for i in range(6)]
    for one in running:
        one.start()
    for one in running:
        one.join()
    assert read_book(path).names == tuple(f"v{i}" for i in range(6))
