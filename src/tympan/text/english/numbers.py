"""English numbers in words."""

from __future__ import annotations

from tympan.text.listing import listing

_ONES = listing(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
)
_TENS = listing("- - twenty thirty forty fifty sixty seventy eighty ninety")
_SCALES = listing("- thousand million billion trillion quadrillion")
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth",
}  # fmt: skip
LONGEST = 3 * len(_SCALES)
"""Digits that are read as a number; more are read one by one."""


def digits(text: str) -> list[str]:
    """Each digit by itself.

    >>> digits("307")
    ['three', 'zero', 'seven']
    """
    return [_ONES[int(char)] for char in text if char.isdigit()]


def cardinal(text: str) -> list[str]:
    """A whole number; commas between groups are dropped.

    >>> " ".join(cardinal("1,021,307")), cardinal("0"), cardinal("007")
    ('one million twenty one thousand three hundred seven', ['zero'], ['zero', 'zero', 'seven'])
    """
    text = text.replace(",", "")
    if len(text) > LONGEST or (text[0] == "0" and len(text) > 1):
        return digits(text)
    value, words = int(text), []
    if value == 0:
        return ["zero"]
    for scale in reversed(range(len(_SCALES))):
        part = value // 1000**scale % 1000
        if part:
            words += _below_thousand(part) + ([_SCALES[scale]] if scale else [])
    return words


def _below_thousand(value: int) -> list[str]:
    words = [_ONES[value // 100], "hundred"] if value >= 100 else []
    value %= 100
    if value >= 20:
        words.append(_TENS[value // 10])
        value %= 10
    if value:
        words.append(_ONES[value])
    return words


def ordinal(text: str) -> list[str]:
    """A whole number as an ordinal.

    >>> ordinal("21"), ordinal("100"), ordinal("12")
    (['twenty', 'first'], ['one', 'hundredth'], ['twelfth'])
    """
    words = cardinal(text.replace(",", "").lstrip("0") or "0")
    last = words[-1]
    if last in _ORDINALS:
        words[-1] = _ORDINALS[last]
    elif last.endswith("y"):
        words[-1] = last[:-1] + "ieth"
    else:
        words[-1] = last + "th"
    return words


def plural(words: list[str]) -> list[str]:
    """The last word in the plural: nineties, fifths, sixes."""
    last = words[-1]
    if last.endswith("y"):
        last = last[:-1] + "ies"
    else:
        last += "es" if last.endswith("x") else "s"
    return [*words[:-1], last]


def year(text: str) -> list[str]:
    """A year of four digits.

    >>> [" ".join(year(one)) for one in ("1984", "1900", "1905", "2000", "2007", "2024")]
    ['nineteen eighty four', 'nineteen hundred', 'nineteen oh five', 'two thousand', \
'two thousand seven', 'twenty twenty four']
    """
    first, last = int(text[:2]), int(text[2:])
    if len(text) != 4 or first < 10 or (first % 10 == 0 and last < 10):
        return cardinal(text)
    if last == 0:
        return [*_below_thousand(first), "hundred"]
    return [*_below_thousand(first), *(["oh"] if last < 10 else []), *_below_thousand(last)]


def in_name(text: str) -> list[str]:
    """A number in a name, as people read it.

    >>> in_name("747"), in_name("3090"), in_name("101"), in_name("500")
    (['seven', 'forty', 'seven'], ['thirty', 'ninety'], ['one', 'oh', 'one'], ['five', 'hundred'])
    """
    if len(text) == 3 and text[0] != "0":
        if text.endswith("00"):
            return cardinal(text)
        second = ["oh", *digits(text[2])] if text[1] == "0" else cardinal(text[1:])
        return [*digits(text[0]), *second]
    if len(text) == 4 and text[0] != "0" and text[2] != "0":
        return [*cardinal(text[:2]), *cardinal(text[2:])]
    if len(text) == 4 and text[0] != "0":
        return cardinal(text)
    return digits(text)


def decimal(text: str) -> list[str]:
    """A number with a decimal point.

    >>> " ".join(decimal("3.14")), " ".join(decimal(".5")), " ".join(decimal("1,000.50"))
    ('three point one four', 'point five', 'one thousand point five zero')
    """
    whole, _, part = text.partition(".")
    words = cardinal(whole) if whole else []
    return [*words, "point", *digits(part)] if part else words


def fraction(top: str, bottom: str) -> list[str]:
    """A fraction.

    >>> " ".join(fraction("3", "4")), " ".join(fraction("1", "2")), " ".join(fraction("7", "24"))
    ('three quarters', 'one half', 'seven twenty fourths')
    """
    names = {"2": ["half"], "4": ["quarter"]}
    words = names.get(bottom) or ordinal(bottom)
    if top != "1":
        words = ["halves"] if bottom == "2" else plural(words)
    return [*cardinal(top), *words]
