"""The user's own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from tympan.errors import ArgumentError, DataError
from tympan.text import Lexicon, read


def test_all_forms_of_a_line(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("# mine\n\ntympan\ttˈɪmpən\nJif ʤˈɪf\nGIF = jif file\n", "utf-8")
    lexicon = Lexicon.load(file)
    assert lexicon.find("TYMPAN") == "tˈɪmpən"
    assert lexicon.find("Jif") == "ʤˈɪf"
    assert lexicon.find("jif") is None
    assert lexicon.find("GIF").endswith("fˈIl")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("word", "line 2: has no word or no phonemes"),
        ("word\tqqq", "line 2: 'q' in the phonemes of 'word' is no phoneme of 'en'"),
        ("word = 123", "line 2: '123' is no spelling"),
        ("two words\tˈA", "line 2: 'two words' is more than one word"),
        ("H2O\tˈA", "line 2: 'H2O' is not made of letters"),
        ("word =", "line 2: has no word or no phonemes"),
    ],
)
def test_bad_line_is_named_with_its_number(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "words.txt"
    file.write_text(f"good\tɡˈʊd\n{line}\n", "utf-8")
    with pytest.raises(DataError) as error:
        Lexicon.load(file)
    assert message in str(error.value)
    assert "words.txt" in str(error.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        Lexicon.load(tmp_path / "no.txt")
    binary = tmp_path / "binary.txt"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not UTF-8"):
        Lexicon.load(binary)


def test_words_with_accents_are_met() -> None:
    (one,) = read("A café, a résumé’s.", lexicon=Lexicon({"café": "kˈɑfi", "résumé’s": "ɹˈɛz"}))
    assert one.phonemes == "ɐ kˈɑfi, ɐ ɹˈɛz."


def test_wrong_phonemes_in_python() -> None:
    with pytest.raises(ArgumentError, match="no phoneme"):
        Lexicon({"word": "xyz!"})
