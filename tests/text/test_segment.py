"""Sentences of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.text.english.words import SENTENCE
from tympan.text.german.words import SENTENCE as GERMAN
from tympan.text.segment import LONGEST, Abbreviations, pieces


def cut(text: str, known: Abbreviations = SENTENCE) -> list[str]:
    """The sentences."""
    return [text[one.start : one.end] for one in pieces(text, known)]


@pytest.mark.parametrize(
    "sentences",
    [
        ["One.", "Two!", "Three?", "Four…"],
        ["He met Dr. Fox.", "They left."],
        ['He said "Stop." and left.', "Why?"],
        ['"Stop!"', "He left."],
        ["“Stop!” he said.", "Yes."],
        ["It is 3.5 km.", "Go."],
        ["See e.g. No. 5 or Fig. 3.", "Good."],
        ["J. K. Rowling wrote.", "I read."],
        ["Plan of the U.S. army.", "It came."],
        ["Wait ... what?", "No."],
        ["1. First thing.", "Second."],
        ["It ended.Next one began."[:9], "Next one began."],
        ["Apples, etc.", "They rot."],
        ["he came. she left. why? good."[:8], "she left.", "why?", "good."],
        ["Use approx. five or etc. and so on vs. none."],
        ["Wait... then go… now."],
    ],
)
def test_english(sentences: list[str]) -> None:
    joiner = "" if sentences[0] == "It ended." else " "
    assert cut(joiner.join(sentences)) == sentences


@pytest.mark.parametrize(
    "sentences",
    [
        ["Am 3. Mai kam er.", "Er blieb."],
        ["Ich bin 12.", "Das ist gut."],
        ["Z. B. die Nr. 5 und S. 7.", "Das war gut."],
        ["In der Hauptstr. 5 usw. war es.", "Ja."],
        ["Im 19. Jahrhundert.", "Nein."],
    ],
)
def test_german(sentences: list[str]) -> None:
    assert cut(" ".join(sentences), GERMAN) == sentences


@given(st.text(alphabet="ab .!?\n\"')Dr123…—", max_size=400))
def test_pieces_cover_the_text_in_order(text: str) -> None:
    last = 0
    for one in pieces(text, SENTENCE):
        assert last <= one.start < one.end <= len(text)
        assert text[last : one.start].strip() == ""
        assert text[one.start : one.end].strip() == text[one.start : one.end]
        last = one.end
    assert text[last:].strip() == ""


def test_a_text_without_an_end_is_cut_at_a_clause() -> None:
    text = "some words here, " * 300
    found = list(pieces(text, SENTENCE))
    assert all(one.cut for one in found[:-1])
    assert not found[-1].cut
    assert all(one.end - one.start <= LONGEST for one in found)
    assert all(text[one.end - 1] == "," for one in found)
