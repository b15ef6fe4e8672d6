"""Long sentences in parts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tympan.text import SpokenWord
from tympan.text.divide import divide


def words(lengths: list[int], marks: dict[int, str] | None = None) -> list[SpokenWord]:
    """Words of so many phonemes, with marks after some of them."""
    marks = marks or {}
    return [SpokenWord("word", "a" * n, i, i + 1, marks.get(i, "")) for i, n in enumerate(lengths)]


def sizes(parts: list[list[SpokenWord]]) -> list[int]:
    """Characters of each part, spaces and marks included."""
    return [len(" ".join(word.phonemes + word.mark for word in part)) for part in parts]


def test_a_good_place_beyond_the_limit_is_not_taken() -> None:
    parts = list(divide(words([9] * 40, {24: ";", 39: "."})))
    assert max(sizes(parts)) <= 240


def test_a_good_place_within_it_is() -> None:
    parts = list(divide(words([9] * 40, {21: ";", 39: "."})))
    assert [len(part) for part in parts] == [22, 18]
    assert [part[-1].mark for part in parts] == [",", "."]


def test_a_short_sentence_is_left_alone() -> None:
    assert [len(part) for part in divide(words([9] * 18, {5: ";", 17: "."}))] == [18]


@given(st.lists(st.tuples(st.integers(1, 100), st.sampled_from(["", "", "", ",", ";", "?"]))))
def test_no_word_is_lost_and_no_part_is_too_long(given_words: list[tuple[int, str]]) -> None:
    one = words([n for n, _ in given_words], {i: mark for i, (_, mark) in enumerate(given_words)})
    parts = list(divide(one))
    assert [word.start for part in parts for word in part] == list(range(len(one)))
    assert max(sizes(parts)) <= 240
    assert all(part[-1].mark in (",", "?") for part in parts[:-1])
