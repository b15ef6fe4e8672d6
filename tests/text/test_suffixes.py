"""Words made from known words."""

from __future__ import annotations

import pytest

from tympan.text.english.suffixes import derive, inflected

KNOWN = {
    "cat": "kˈæt", "dog": "dˈɔɡ", "horse": "hˈɔɹs", "city": "sˈɪTi", "walk": "wˈɔk", "wait": "wˈAt",
    "beg": "bˈɛɡ", "make": "mˈAk", "act": "ˈækt", "stop": "stˈɑp", "happy": "hˈæpi", "big": "bˈɪɡ",
    "able": "ˈAbᵊl", "possible": "pˈɑsəbᵊl", "music": "mjˈuzɪk", "musical": "mjˈuzɪkᵊl",
    "do": "dˈu",
    "ball": "bˈɔl", "foot": "fˈʊt", "lock": "lˈɑk", "kind": "kˈInd", "they": "ðA", "class": "klˈæs",
}  # fmt: skip


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("cats", "kˈæts"),
        ("dogs", "dˈɔɡz"),
        ("horses", "hˈɔɹsᵻz"),
        ("classes", "klˈæsᵻz"),
        ("cities", "sˈɪTiz"),
        ("cat's", "kˈæts"),
        ("dogs'", "dˈɔɡz"),
        ("horse's", "hˈɔɹsᵻz"),
        ("walked", "wˈɔkt"),
        ("begged", "bˈɛɡd"),
        ("waited", "wˈATᵻd"),
        ("acted", "ˈæktᵻd"),
        ("stopped", "stˈɑpt"),
        ("making", "mˈAkɪŋ"),
        ("waiting", "wˈATɪŋ"),
        ("waitin'", "wˈATɪn"),
        ("bigger", "bˈɪɡəɹ"),
        ("happier", "hˈæpiəɹ"),
        ("biggest", "bˈɪɡᵻst"),
        ("happiness", "hˈæpinəs"),
        ("possibly", "pˈɑsəbli"),
        ("musically", "mjˈuzɪkᵊli"),
        ("kindly", "kˈIndli"),
        ("unlock", "ˌʌnlˈɑk"),
        ("football", "fˈʊtbˌɔl"),
        ("they'll", "ðAəl"),
        ("zzz", None),
        ("theball", None),
    ],
)
def test_derived(word: str, expected: str | None) -> None:
    assert derive(word, KNOWN.get) == expected


def test_endings_alone() -> None:
    assert inflected("cats", KNOWN.get) == "kˈæts"
    assert inflected("football", KNOWN.get) is None
