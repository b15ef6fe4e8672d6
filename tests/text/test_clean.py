"""Characters of any text to those that are known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.text.clean import GERMAN_LETTERS, clean


@pytest.mark.parametrize(
    ("text", "plain", "unspoken"),
    [
        ("ﬁ ﬂ Ⅳ ①", "fi fl IV 1", []),
        ("“a” ‘b’ «c»", '"a" \'b\' "c"', []),
        ("é e\u0301 ñ ø Ł", "e e n o L", []),
        ("a\u00adb\u200bc\ufeff", "abc", []),
        ("１２ ٣٤ ５", "12 34 5", []),
        ("a\tb\u2003c\n", "a b c ", []),
        ("x\x00y", "x y", ["U+0000"]),
        ("漢字 и 漢字", "    ", ["漢字", "и"]),
        ("5 € ½ m²", "5 € ½ m²", []),
        ("e\u0301\u0302\u0303\u0304\u0305", "e", []),
        ("。！", ".!", []),
    ],
)
def test_characters(text: str, plain: str, unspoken: list[str]) -> None:
    found = clean(text)
    assert found.text.split() == plain.split()
    assert found.unspoken == unspoken


def test_german_letters_are_kept() -> None:
    assert clean("äöüß é a\u0308", 0, GERMAN_LETTERS).text == "äöüß e ä"
    assert clean("äöüß").text == "aouss"


@given(st.text(), st.integers(0, 1000))
def test_places_grow_and_lie_in_the_text(text: str, start: int) -> None:
    found = clean(text, start)
    assert len(found.text) == len(found.starts) == len(found.ends)
    assert list(found.starts) == sorted(found.starts)
    assert list(found.ends) == sorted(found.ends)
    for a, b in zip(found.starts, found.ends, strict=True):
        assert start <= a < b <= start + len(text)
    for char, a in zip(found.text, found.starts, strict=True):
        if char.isascii() and char.isalpha() and text[a - start].isascii():
            assert text[a - start] == char
