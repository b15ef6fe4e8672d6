"""German words, abbreviations, acronyms, addresses and signs."""

from __future__ import annotations

import re

from tympan.text.german import numbers
from tympan.text.german.dates import ending
from tympan.text.german.words import (
    ABBREVIATIONS,
    ADDRESS_SIGNS,
    BEFORE_NUMBER,
    CHAPTERS,
    SAID,
    SIGNS,
)
from tympan.text.german.words import (
    BARE as BARE_FORMS,
)
from tympan.text.german.words import (
    DOTTED as DOTTED_FORMS,
)
from tympan.text.listing import listing
from tympan.text.roman import ROMAN as _ROMAN
from tympan.text.roman import value
from tympan.text.tokens import LONGEST_WORD, Given, Scan, Token

_L = "A-Za-zÄÖÜäöüß"
_TAIL = r"[^\s<>\"]{0,1000}[^\s<>\".,;:!?)'\]*_]"
EMAIL = r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
URL = (
    rf"(?:https?|ftp)://{_TAIL}|\bwww\.{_TAIL}"
    rf"|\b[A-Za-z0-9-]{{1,63}}(?:\.[A-Za-z0-9-]{{1,63}}){{0,5}}\.(?:com|org|net|de|at|ch|eu|info)\b(?:/{_TAIL}|/)?(?![\w@])"
)
_DOTTED = "|".join(
    r"\.\s?".join(map(re.escape, name.split(".")))
    for name in sorted(DOTTED_FORMS, key=len, reverse=True)
)
DOTTED = rf"(?<![\w.])(?i:{_DOTTED})\b\.?"
_ABBREVIATED = "|".join(sorted(ABBREVIATIONS, key=len, reverse=True))
ABBREVIATION = rf"(?i:\b(?P<word>{_ABBREVIATED}))\.(?=\W|$)"
BARE = rf"\b(?:{'|'.join(BARE_FORMS)})\b(?![.'-])"
STREET = rf"\b(?P<name>[{_L}-]+[sS]tr)\.(?=\W|$)"
MIXED = rf"\b(?:[{_L}]+[-_]?\d|\d+[-_]?[{_L}])[{_L}0-9]*(?:[-_.][{_L}0-9]*\d[{_L}0-9]*)*\b"
WORD = rf"[{_L}]+(?:['-][{_L}]+)*"
ROMAN = _ROMAN + r"\.?"
_RUN = re.compile(rf"[A-ZÄÖÜ]+(?![a-zäöüß])|[A-ZÄÖÜ]?[a-zäöüß]+|[{_L}]|\d+")


def plain(found: re.Match[str], scan: Scan) -> Given:
    """A word of lower-case letters."""
    return _cut(found[0], found.start())


def _cut(text: str, start: int) -> list[Token]:
    return [
        Token(text[at : at + LONGEST_WORD], start + at, start + min(len(text), at + LONGEST_WORD))
        for at in range(0, len(text), LONGEST_WORD)
    ]


def word(found: re.Match[str], scan: Scan) -> Given:
    """A word; hyphens and apostrophes have no sound, but an acronym in it is spelled."""
    text, start = found[0], found.start()
    parts = re.split("-", text)
    letters = len(parts) > 1  # those of *S-Bahn* are spelled
    if not any(_spelled(part, scan, letters) for part in parts):
        if len(text) > LONGEST_WORD:
            out: list[Token] = []
            for one in re.finditer(f"[{_L}]+", text):
                out += _cut(one[0], start + one.start())
            return out
        return [text.replace("'", "").replace("-", "")]
    out, at = [], start
    for part in parts:
        if _spelled(part, scan, letters):
            out.append(Token(part.replace("'", ""), at, at + len(part), "spell"))
        elif part:
            out += _cut(part.replace("'", ""), at)
        at += len(part) + 1
    return out


def _spelled(part: str, scan: Scan, one: bool = False) -> bool:
    """Whether capitals are read letter by letter, and so is one letter."""
    letters = part.replace("'", "")
    if one and len(letters) == 1:
        return True
    if scan.upper or len(letters) < 2 or letters in SAID:
        return False
    consonants_only = not set(letters.lower()) & set("aeiouyäöü") and len(letters) > 1
    return (letters.isupper() and len(letters) < 6) or (
        consonants_only and letters.lower() not in _SOUNDS
    )


_SOUNDS = frozenset(listing("hm hmm pst psst brr mm mmh pff tja ts st sch"))


def mixed(found: re.Match[str], scan: Scan) -> Given:
    """MP3, A4, 3D."""
    return _runs(found[0], found.start())


def _runs(text: str, start: int) -> list[Token]:
    out: list[Token] = []
    for run in _RUN.finditer(text):
        at, end = start + run.start(), start + run.end()
        if run[0].isdigit():
            read = numbers.cardinal(run[0]) if len(run[0]) < 4 else numbers.digits(run[0])
            out += [Token(one, at, end) for one in read]
        elif len(run[0]) == 1 or (run[0].isupper() and len(run[0]) < 5) or run[0] == "www":
            out.append(Token(run[0], at, end, "spell"))
        else:
            out += _cut(run[0], at)
    return out


def address(found: re.Match[str], scan: Scan) -> Given:
    """A web or mail address: its signs are read, the scheme is not."""
    text, base = found[0], found.start()
    skip = text.index("://") + 3 if "://" in text[:8] else 0
    if not re.search("[A-Za-z0-9]", text[skip:]):
        skip = 0
    out: list[Token] = []
    for piece in re.finditer(rf"[{_L}0-9]+|[^{_L}0-9]", text[skip:]):
        start, end = base + skip + piece.start(), base + skip + piece.end()
        if re.match(f"[{_L}0-9]", piece[0]):
            out += _runs(piece[0], start)
        elif piece[0] in ADDRESS_SIGNS and end < found.end():
            out.append(Token(ADDRESS_SIGNS[piece[0]], start, end))
    if out:
        out[0].start, out[-1].end = base, found.end()
    return out


def tagged(found: re.Match[str], scan: Scan) -> Given:
    """#Wort, @name."""
    name = "Hashtag" if found[0][0] == "#" else "ät"
    first = Token(name, found.start(), found.start() + 1)
    return [first, *_runs(found[0][1:], found.start() + 1)]


def dotted(found: re.Match[str], scan: Scan) -> Given:
    """z. B., d. h., n. Chr."""
    text = re.sub(r"\s", "", found[0]).rstrip(".").lower()
    spoken = DOTTED_FORMS[text]
    out: list[str | Token] = (
        [*spoken.split()] if spoken != "E V" else [Token("EV", *found.span(), "spell")]
    )
    return out + _stop(found, scan)


def _stop(found: re.Match[str], scan: Scan) -> list[Token]:
    """The full stop of an abbreviation ends the sentence as well if nothing follows."""
    rest = scan.text[found.end() :].strip(" \"')]}*_")
    return [] if rest or not found[0].endswith(".") else [Token(".", *found.span(), "mark")]


def street(found: re.Match[str], scan: Scan) -> Given:
    """Hauptstr., Berliner-Str."""
    return [found["name"].replace("-", "") + "aße", *_stop(found, scan)]


def abbreviation(found: re.Match[str], scan: Scan) -> Given:
    """Dr., usw., Nr. 5."""
    text, lower = found["word"], found["word"].lower()
    following = scan.text[found.end() :].lstrip()[:1]
    stop = _stop(found, scan)
    if text == "U":
        return [Token(text, found.start(), found.end() - 1, "spell"), *stop]
    number_first = scan.last_word() != "" and lower in ("min", "std", "sek", "tsd")
    if lower in BEFORE_NUMBER and not following.isdigit() and not number_first:
        mark = [Token(".", found.end() - 1, found.end(), "mark")] if stop else []
        return [Token(text, found.start(), found.end() - 1), *mark]
    return [*ABBREVIATIONS[lower].split(), *stop]


def bare(found: re.Match[str], scan: Scan) -> Given:
    """1,5 Mio, 19 % MwSt."""
    return ABBREVIATIONS[found[0].lower()].split()


def roman(found: re.Match[str], scan: Scan) -> Given:
    """Kapitel IV, Ludwig XIV."""
    text = found[0].rstrip(".")
    before = scan.out[-1].text if scan.out and scan.out[-1].kind == "word" else ""
    number = str(value(text))
    if before.lower() in CHAPTERS:
        stop = [Token(".", *found.span(), "mark")] if found[0].endswith(".") else []
        return [*numbers.cardinal(number), *stop]
    if len(text) > 1 or found[0].endswith("."):
        if before[:1].isupper() and scan.last_word():
            return ["der", *numbers.ordinal(number, "e"), *_stop(found, scan)]
        if before.lower() in ("der", "die", "das", "im", "dem", "den", "zum"):
            return [*numbers.ordinal(number, ending(scan)), *_stop(found, scan)]
    return [Token(text, *found.span(), "spell"), *_stop(found, scan)]


def compared(found: re.Match[str], scan: Scan) -> Given:
    """< and > between things, * between numbers, ~ before one."""
    names = {"<": ["kleiner", "als"], ">": ["größer", "als"], "*": ["mal"], "~": ["ungefähr"]}
    return names[found[0].strip()]


def sign(found: re.Match[str], scan: Scan) -> Given:
    """A sign that has a name."""
    return SIGNS[found[0]].split()
