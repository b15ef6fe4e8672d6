"""What English text is said as, case by case."""

from __future__ import annotations

from pathlib import Path

import pytest

from tympan.text import read

CASES = [
    line.split("\t")
    for line in (Path(__file__).parent / "english.tsv").read_text("utf-8").split("\n")
    if "\t" in line and not line.startswith("# text")
]


def said(text: str, language: str = "en") -> str:
    """Words and marks; sentences apart."""
    sentences = read(text, language)
    return " | ".join(" ".join(w.text + w.mark for w in one.words) for one in sentences)


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_text_is_said_as(text: str, expected: str) -> None:
    assert said(text) == expected


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 150
