"""German numbers in words."""

from __future__ import annotations

from tympan.text.listing import listing

_ONES = listing(
    "null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn "
    "sechzehn siebzehn achtzehn neunzehn"
)
_TENS = listing("- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig")
_SCALES = (
    ("Million", "Millionen"), ("Milliarde", "Milliarden"), ("Billion", "Billionen"),
    ("Billiarde", "Billiarden"),
)  # fmt: skip
LONGEST = 18
"""Digits that are read as a number; more are read one by one."""


def digits(text: str) -> list[str]:
    """Each digit by itself.

    >>> digits("103")
    ['eins', 'null', 'drei']
    """
    return ["eins" if char == "1" else _ONES[int(char)] for char in text if char.isdigit()]


def cardinal(text: str, one: str = "eins") -> list[str]:
    """A whole number; dots between groups are dropped.

    Args:
        text: its digits.
        one: what a final one is: "eins", "ein" or "eine" before a noun.

    >>> cardinal("21"), cardinal("1"), cardinal("1", "eine"), cardinal("101")
    (['einundzwanzig'], ['eins'], ['eine'], ['einhunderteins'])
    >>> " ".join(cardinal("1.234.567"))
    'eine Million zweihundertvierunddreißigtausendfünfhundertsiebenundsechzig'
    """
    text = text.replace(".", "")
    if len(text) > LONGEST or (text[0] == "0" and len(text) > 1):
        return digits(text)
    value = int(text)
    if value == 0:
        return ["null"]
    words = []
    for scale, (single, many) in reversed(list(enumerate(_SCALES, 2))):
        part = value // 1000**scale % 1000
        if part == 1:
            words += ["eine", single]
        elif part:
            words += [_below_thousand(part), many]
    thousands, rest = value // 1000 % 1000, value % 1000
    last = (_below_thousand(thousands) + "tausend") if thousands else ""
    if rest:
        last += _below_thousand(rest, one)
    return [*words, last] if last else words


def _below_thousand(value: int, one: str = "ein") -> str:
    text = _ONES[value // 100] + "hundert" if value >= 100 else ""
    value %= 100
    if value == 1:
        return text + one
    if 0 < value < 20:
        return text + _ONES[value]
    if value:
        unit = _ONES[value % 10] + "und" if value % 10 else ""
        return text + unit + _TENS[value // 10]
    return text


def year(text: str) -> list[str]:
    """A year of four digits.

    >>> year("1984"), year("2024"), year("1900"), year("1066")
    (['neunzehnhundertvierundachtzig'], ['zweitausendvierundzwanzig'], ['neunzehnhundert'], \
['eintausendsechsundsechzig'])
    """
    first, last = int(text[:2]), int(text[2:])
    if len(text) != 4 or not 11 <= first <= 19:
        words = cardinal(text)
        return [words[0].removeprefix("ein") if text.startswith("20") else words[0], *words[1:]]
    return [_ONES[first] + "hundert" + (_below_thousand(last, "eins") if last else "")]


def ordinal(text: str, ending: str = "e") -> list[str]:
    """A whole number as an ordinal, with its ending: -e, -en, -er, -es.

    >>> ordinal("1"), ordinal("3", "en"), ordinal("21"), ordinal("7", "er")
    (['erste'], ['dritten'], ['einundzwanzigste'], ['siebter'])
    """
    text = text.replace(".", "").lstrip("0") or "0"
    special = {"1": "erst", "3": "dritt", "7": "siebt", "8": "acht"}
    words = cardinal(text)
    tail = int(text[-2:])
    if tail in (1, 3, 7, 8):
        stem = cardinal(text[:-1] + "0")[-1] if len(text) > 1 else ""
        stem = "" if len(text) == 1 else stem
        words[-1] = stem + special[str(tail)] + ending
    else:
        words[-1] += ("t" if 0 < tail < 20 else "st") + ending
    return words


def decimal(text: str) -> list[str]:
    """A number with a decimal comma.

    >>> decimal("3,14")
    ['drei', 'Komma', 'eins', 'vier']
    """
    whole, _, part = text.partition(",")
    words = cardinal(whole or "0")
    return [*words, "Komma", *digits(part)] if part else words


def fraction(top: str, bottom: str) -> list[str]:
    """A fraction.

    >>> fraction("1", "2"), fraction("3", "4"), fraction("5", "20")
    (['ein', 'halb'], ['drei', 'viertel'], ['fünf', 'zwanzigstel'])
    """
    if bottom == "2":
        return [*cardinal(top, "ein"), "halb" if top == "1" else "halbe"]
    return [*cardinal(top, "ein"), ordinal(bottom, "el")[-1]]
