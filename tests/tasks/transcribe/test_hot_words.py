"""Names that a recogniser does not know are found by their sound."""

from __future__ import annotations

import pytest

from tympan.tasks.results import Word
from tympan.tasks.transcribe.hot_words import split_hot_words, with_hot_words


def heard(text: str, score: float | None = 0.6) -> list[Word]:
    return [Word(float(i), i + 1.0, w, score) for i, w in enumerate(text.split())]


def after(text: str, *hot: str, score: float | None = 0.6) -> str:
    return " ".join(w.text for w in with_hot_words(heard(text, score), hot))


@pytest.mark.parametrize(
    ("text", "hot", "wanted"),
    [
        ("open tim pan now", "tympan", "open tympan now"),
        ("ask kaytlin, please", "Caitlin", "ask Caitlin, please"),
        ("Tympan hears", "tympan", "tympan hears"),
        ("the tea is hot", "tympan", "the tea is hot"),
        ("she wrote a code", "coat", "she wrote a code"),
        ("a cat and a dog", "Katowice", "a cat and a dog"),
    ],
)
def test_what_sounds_like_it_is_written_so(text: str, hot: str, wanted: str) -> None:
    assert after(text, hot) == wanted


def test_what_was_heard_surely_stays() -> None:
    assert after("we saw tim pan there", "tympan", score=0.99) == "we saw tim pan there"
    assert after("they met again", "mat", score=0.4) == "they met again"  # too short to be near
    assert after("they meet again", "meat", score=0.99) == "they meat again"  # just the same sound
    assert after("they met again", "mat", score=0.99) == "they met again"


def test_times_are_those_of_all_its_parts() -> None:
    found = with_hot_words(heard("open tim pan now"), ["tympan"])
    assert [(w.text, w.start_s, w.end_s) for w in found][1] == ("tympan", 1.0, 3.0)


def test_without_hot_words_nothing_changes() -> None:
    assert with_hot_words(heard("tim pan"), []) == heard("tim pan")
    assert split_hot_words(None) == split_hot_words(" , ") == ()
    assert split_hot_words(["a  b", "c", "c"]) == ("a b", "c")
