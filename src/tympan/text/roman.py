"""Roman numerals."""

from __future__ import annotations

ROMAN = r"\b(?=[IVXLC]{1,9}\b(?!'))C{0,3}(?:X[CL]|L?X{0,3})(?:I[XV]|V?I{0,3})(?<=[IVXLC])\b"
"""A numeral below four hundred."""

YEAR = (
    r"\b(?=M[MDCLXVI]{3,14}\b)M{1,3}(?:C[MD]|D?C{0,3})(?:X[CL]|L?X{0,3})(?:I[XV]|V?I{0,3})\b(?!')"
)
"""A numeral of four letters or more from a thousand on, as a year is written."""


def value(text: str) -> int:
    """What a numeral stands for.

    >>> value("XIV"), value("IX"), value("CCC"), value("MCMXCIX")
    (14, 9, 300, 1999)
    """
    worth = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}
    values = [worth[char] for char in text]
    pairs = zip(values, [*values[1:], 0], strict=True)
    return sum(-one if one < after else one for one, after in pairs)
