"""Roman numerals in English."""

from __future__ import annotations

import re

from tympan.text.english import numbers
from tympan.text.english.words import CHAPTERS, RULERS
from tympan.text.roman import ROMAN, value
from tympan.text.tokens import Given, Scan, Token

POSSESSIVE = ROMAN.replace("(?!')", "'s").replace("{1,9}", "{2,9}") + r"'s\b"

ORDINAL = (
    r"\b(?=(?:[IVXLC]{2,9}|[VX])(?:st|nd|rd|th)\b)(?P<number>"
    r"C{0,3}(?:X[CL]|L?X{0,3})(?:I[XV]|V?I{0,3}))(?:st|nd|rd|th)\b"
)


def ordinal(found: re.Match[str], scan: Scan) -> Given:
    """XIXth."""
    return numbers.ordinal(str(value(found["number"])))


def possessive(found: re.Match[str], scan: Scan) -> Given:
    """Louis XIV's."""
    text, before = found[0][:-2], scan.last_word()
    if before in RULERS:
        *first, last = numbers.ordinal(str(value(text)))
        return ["the", *first, f"{last}'s"]
    return [Token(f"{text}s", *found.span(), "spell")]


def year(found: re.Match[str], scan: Scan) -> Given:
    """MCMXCIX."""
    number = str(value(found[0]))
    return numbers.year(number) if number < "2100" else numbers.cardinal(number)


def roman(found: re.Match[str], scan: Scan) -> Given:
    """Roman numerals after a chapter, a ruler or a name; otherwise a word or an acronym."""
    text = found[0]
    before = scan.out[-1].text if scan.out and scan.out[-1].kind == "word" else ""
    number = str(value(text))
    if (before.lower() in CHAPTERS and not scan.upper) or (
        before.lower() in CHAPTERS and text != "I"
    ):
        return numbers.cardinal(number)
    named = before[:1].isupper() or (scan.upper and bool(before))
    if named and before.lower() in RULERS and (len(text) > 1 or text in "VX" or _ends(found, scan)):
        return ["the", *numbers.ordinal(number)]
    if named and len(text) > 1 and (set(text) <= set("IVX") or len(text) > 3):
        return numbers.cardinal(number)
    if text == "I":
        return ["I"]
    if re.match(r"(?:st|nd|rd|th)?[ -]centur", scan.text[found.end() :]):
        return numbers.ordinal(number)
    return [Token(text, *found.span(), "spell")]


def _ends(found: re.Match[str], scan: Scan) -> bool:
    """Whether "I" after a ruler's name is a number: nothing like a verb follows."""
    following = scan.text[found.end() :].lstrip()[:1]
    return not following.isalpha()
