"""Phonemes of words that no lexicon has (letters by rule until the net is there)."""

from __future__ import annotations

_LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        [
            "æ",
            "b",
            "k",
            "d",
            "ɛ",
            "f",
            "ɡ",
            "h",
            "ɪ",
            "ʤ",
            "k",
            "l",
            "m",
            "n",
            "ɑ",
            "p",
            "k",
            "ɹ",
            "s",
            "t",
            "ʌ",
            "v",
            "w",
            "ks",
            "i",
            "z",
        ],
        strict=True,
    )
)


def guess(letters: str) -> str:
    """The phonemes of a word of lower-case letters."""
    return "".join(_LETTERS.get(char, "") for char in letters)
