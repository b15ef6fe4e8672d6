"""What German text is said as, case by case."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests_text import checked, phonemes, said

LINES = (Path(__file__).parent / "german.tsv").read_text("utf-8").split("\n")
CASES = [line.split("\t") for line in LINES[1:] if "\t" in line]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_text_is_said_as(text: str, expected: str) -> None:
    assert said(text, "de") == expected


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40


def test_phonemes_are_lower_case_letters() -> None:
    text = "Über die Straße zur EU: 3 Äpfel, geht's?"
    assert phonemes(text, "de") == "über die straße zur e u: drei äpfel, gehts?"


@given(st.text())
def test_no_text_fails_and_no_word_is_lost(text: str) -> None:
    checked(text, "de")


@given(st.lists(st.sampled_from([*[text for text, _ in CASES], "ä", "ß", "1.", "Nr.", "\n"])))
def test_no_mixture_fails(parts: list[str]) -> None:
    checked(" ".join(parts), "de")


def test_a_long_sentence_is_cut_behind_the_dash_of_a_span() -> None:
    checked("1984 98 99 100 101 3. Mai – 7. Juni 16 Tage 21 Tage 98 99 100 101", "de")
