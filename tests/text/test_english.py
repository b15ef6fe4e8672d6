"""What English text is said as, case by case."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests_text import said

LINES = (Path(__file__).parent / "english.tsv").read_text("utf-8").split("\n")
CASES = [line.split("\t") for line in LINES[1:] if "\t" in line]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_text_is_said_as(text: str, expected: str) -> None:
    assert said(text) == expected


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 150
