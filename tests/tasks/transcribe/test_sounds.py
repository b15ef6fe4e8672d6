"""Texts as what a recogniser tells apart."""

from __future__ import annotations

import pytest

from tympan.tasks.transcribe.sounds import (
    characters_of,
    collapsed,
    folded,
    numbers,
    phonemes_of,
    plain,
    spoken,
)


def test_all_phonemes_of_a_text_are_known() -> None:
    known = set(phonemes_of("en"))
    said = spoken("Little Peter's water bottle, 42 roses and Dr. Who's jam: the 3rd of May!")
    assert len(said) == 15
    assert set("".join(one.phonemes for one in said)) <= known
    assert said[5].text == "two"
    assert said[-3].text == "third"


def test_stress_and_neighbours_make_no_difference() -> None:
    assert folded("wˈɔTəɹ ɹˈOzᵻz.") == "wɔtəɹɹOzɪz"
    assert not {"ˈ", "ˌ", "T", "ᵊ", "ᵻ", "ɐ", " ", "."} & set(phonemes_of("en"))


@pytest.mark.parametrize(
    ("word", "text"), [("Don’t", "don't"), ("'tis", "tis"), ("A.", "a"), ("42", ""), ("é", "é")]
)
def test_words_as_they_are_counted(word: str, text: str) -> None:
    assert plain(word) == text


def test_german_is_letters() -> None:
    assert "ö" in phonemes_of("de")
    assert "ö" in characters_of("de")
    assert [one.text for one in spoken("Öl für 3 Euro", "de")] == ["öl", "für", "drei", "euro"]


def test_numbers_and_back() -> None:
    known = phonemes_of("en")
    found = numbers("kæt?", known)
    assert [known[i - 1] for i in found] == ["k", "æ", "t"]
    assert collapsed([0, *found.repeat(2), 0, found[-1]]) == [*found, found[-1]]
