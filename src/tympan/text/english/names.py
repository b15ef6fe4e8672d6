"""English words, abbreviations, acronyms, addresses and signs."""

from __future__ import annotations

import re

from tympan.text.english import numbers
from tympan.text.english.dates import weekday
from tympan.text.english.speech import is_word
from tympan.text.english.words import (
    ABBREVIATIONS,
    ADDRESS_SIGNS,
    BARE,
    BEFORE_NUMBER,
    ENDS_OF_ADDRESS,
    SIGNS,
    SPELLED,
)
from tympan.text.english.words import (
    DOTTED as DOTTED_FORMS,
)
from tympan.text.listing import listing
from tympan.text.tokens import LONGEST_WORD, Given, Scan, Token

_TAIL = r"[^\s<>\"]{0,1000}[^\s<>\".,;:!?)'\]*_]"
EMAIL = r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63})+"
URL = (
    rf"(?:https?|ftp)://{_TAIL}|\bwww\.{_TAIL}"
    rf"|\b[A-Za-z0-9-]{{1,63}}(?:\.[A-Za-z0-9-]{{1,63}}){{0,5}}\.(?:{ENDS_OF_ADDRESS})\b(?:/{_TAIL}|/)?(?![\w@])"
)
FILE = (
    r"\b[A-Za-z0-9_-]{1,60}\.(?:txt|pdf|py|js|html|csv|json|xml|docx?|xlsx?|wav|mp3|mp4|flac|ogg"
    r"|jpe?g|png|gif|zip|exe|md|toml|yaml|yml|rs|cpp|java|sh)\b"
)
DOTTED = (
    r"(?<![\w.])(?:[eE]\.\s?g|[iI]\.e|[aApP]\.\s?[mM]|[Pp]h\.D|a\.k\.a|[bB]\.[cC]\.[eE]|[bB]\.[cC]|[cC]\.[eE]|[aA]\.[dD]"
    r"|n\.b|N\.B|[pP]\.[sS]|o\.k|O\.K)\b\.?"
)
INITIALS = r"\b(?:[A-Za-z]\.){2,}(?:[A-Za-z]\b)?"
_ABBREVIATED = "|".join(sorted(ABBREVIATIONS, key=len, reverse=True))
ABBREVIATION = (
    rf"(?i:\b(?P<word>{_ABBREVIATED}))\.(?=\W|$)"
    r"|\b(?P<day>Mon|Tues?|Wed|Thurs?|Thu|Fri|Sat|Sun)\.(?=\W|$)"
)
NUMBER_SIGN = r"#(?=\d)|\bNo\.?(?=\s?\d)|[Nn]°(?=\s?\d)"
MIXED = r"\b(?:[A-Za-z]+[-_]?\d|\d+[-_]?[A-Za-z])[A-Za-z0-9]*(?:[-_.][A-Za-z0-9]*\d[A-Za-z0-9]*)*\b"
WORD = r"'?[A-Za-z]+(?:'[A-Za-z]+)*(?:-[A-Za-z]+(?:'[A-Za-z]+)*)*'?"

_RUN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]|\d+")
_PIECES = re.compile(r"[A-Za-z0-9]+|[^A-Za-z0-9]")
_CAMEL = re.compile(r"[a-z]+(?:[A-Z][a-z]+)+|(?:[A-Z][a-z]+){2,}|[A-Z]{2,}[a-z]{3,}")
_SPLIT = re.compile(r"[A-Z]+(?=[A-Z][a-z]{2})|[A-Z]?[a-z]+|[A-Z]+")
_PREFIXES = ("Mc", "Mac", "De", "Le", "La", "Fitz", "Van", "Di", "Du")
_ELISIONS = frozenset(
    listing("'em 'tis 'twas 'cause 'til 'bout 'round 'neath 'gainst 'n 'twere 'twill")
)


# Abbreviations only before a number.
_WORDS = frozenset(listing("no p fig sec ed max min apt ste"))
_SELDOM_LAST = frozenset(listing("est ca gen hon col sen rep ch"))


def plain(text: str, start: int, scan: Scan) -> list[str | Token]:
    """A word of lower-case letters."""
    if text in BARE:
        return [*ABBREVIATIONS[text].split()]
    if len(text) > LONGEST_WORD:
        cuts = range(0, len(text), LONGEST_WORD)
        return [
            Token(text[c : c + LONGEST_WORD], start + c, start + min(len(text), c + LONGEST_WORD))
            for c in cuts
        ]
    return [text]


def word(found: re.Match[str], scan: Scan) -> Given:
    """A word with its apostrophes; hyphenated words are one word of several parts."""
    start, text = found.start(), found[0]
    if text == "'n'":
        return [text]
    if text.startswith("'") and (text.lower().split("-")[0] not in _ELISIONS):
        start, text = start + 1, text[1:]
    if text.endswith("'") and not text.lower().endswith(("s'", "in'")):
        text = text[:-1]
    out: list[Token] = []
    at = start
    for part in text.split("-"):
        for token in _part(part, at, scan):
            token.joined = bool(out) and len(out) < 4
            out.append(token)
        at += len(part) + 1
    return out


def _part(text: str, start: int, scan: Scan) -> list[Token]:
    end = start + len(text)
    lower = text.lower()
    if lower in BARE and text.isalpha() and not text.isupper():
        return [Token(one, start, end) for one in ABBREVIATIONS[lower].split()]
    if len(text) > LONGEST_WORD:
        return [one for one in plain(text, start, scan) if isinstance(one, Token)]
    if text == "US" and scan.last_word() == "the":
        return [Token(text, start, end, "spell")]
    if scan.upper:
        # Only what is a word: the rest stays an acronym.
        return [Token(lower if len(text) > 4 or is_word(lower) else text, start, end)]
    if text in SPELLED:
        return [Token(text, start, end, "spell")]
    if text[:-1] in SPELLED and text[-1] == "s":
        return [Token(text, start, end, "spell")]
    if text[-2:] == "'s" and text[:-2] in SPELLED:
        return [Token(text[:-2] + "s", start, end, "spell")]
    if _CAMEL.fullmatch(text) and not text.startswith(_PREFIXES):
        places = _SPLIT.finditer(text)
        return [Token(m[0], start + m.start(), start + m.end()) for m in places]
    return [Token(text, start, end)]


def mixed(found: re.Match[str], scan: Scan) -> Given:
    """Letters and figures in one: MP3, H2O, B2B, F-16, COVID-19, 3D, 4K, x86, v2.0."""
    out: list[Token] = []
    for run in _RUN.finditer(found[0]):
        start, end = found.start() + run.start(), found.start() + run.end()
        if run[0].isdigit() and re.search(r"\d\.$", found[0][: run.start()]):
            out.append(Token("point", start - 1, start))
        out += _run(run[0], start, end)
    return out


def _run(text: str, start: int, end: int) -> list[Token]:
    """A run of letters or figures inside a name or an address."""
    if text.isdigit():
        read = numbers.cardinal(text) if len(text) < 3 else numbers.in_name(text)
        return [Token(one, start, end) for one in read]
    if len(text) > LONGEST_WORD:
        mid = start + LONGEST_WORD
        return [
            Token(text[:LONGEST_WORD], start, mid),
            *_run(text[LONGEST_WORD:], mid, end),
        ]
    if len(text) == 1 or (text.isupper() and len(text) < 4):
        return [Token(text.upper(), start, end, "spell")]
    return [Token(text, start, end)]


def address(found: re.Match[str], scan: Scan) -> Given:
    """A web or mail address or a file name: its signs are read, the scheme is not."""
    text, base = found[0], found.start()
    skip = text.index("://") + 3 if "://" in text[:8] else 0
    if not re.search("[A-Za-z0-9]", text[skip:]):
        skip = 0
    out: list[Token] = []
    for piece in _PIECES.finditer(text, skip):
        start, end = base + piece.start(), base + piece.end()
        if piece[0][0].isalnum():
            if piece[0] == "www":
                out.append(Token("WWW", start, end, "spell"))
                continue
            for run in _RUN.finditer(piece[0]):
                out += _run(run[0], start + run.start(), start + run.end())
            if len(piece[0]) == 2 and end == found.end() and piece[0].isalpha():
                out[-1] = Token(piece[0].upper(), start, end, "spell")  # a country
        elif piece[0] in ADDRESS_SIGNS and (end - base < len(text) or piece[0] not in "/."):
            out += [Token(one, start, end) for one in ADDRESS_SIGNS[piece[0]].split()]
    if out:
        out[0].start = base
        out[-1].end = found.end()
    return out


def hashtag(found: re.Match[str], scan: Scan) -> Given:
    """#OneTwo."""
    return _tagged("hashtag", found)


def mention(found: re.Match[str], scan: Scan) -> Given:
    """@name."""
    return _tagged("at", found)


def _tagged(first: str, found: re.Match[str]) -> list[Token]:
    base = found.start()
    out = [Token(first, base, base + 1)]
    for run in _RUN.finditer(found[0]):
        out += _run(run[0], base + run.start(), base + run.end())
    return out


def dotted(found: re.Match[str], scan: Scan) -> Given:
    """e.g., a.m., Ph.D."""
    text = found[0].replace(" ", "").rstrip(".")
    spoken = DOTTED_FORMS[text.lower()]
    if spoken[1:2] == " ":
        out = [Token(spoken.replace(" ", ""), *found.span(), "spell")]
    else:
        out = [Token(one, *found.span()) for one in spoken.split()]
    return out + _stop(found, scan)


def initials(found: re.Match[str], scan: Scan) -> Given:
    """U.S.A., J.R.R."""
    letters = found[0].replace(".", "")[:LONGEST_WORD]
    return [Token(letters.upper(), *found.span(), "spell"), *_stop(found, scan)]


def _stop(found: re.Match[str], scan: Scan) -> list[Token]:
    """The full stop of an abbreviation ends the sentence as well if nothing follows."""
    rest = scan.text[found.end() :].strip(" \"')]}*_")
    return [] if rest or not found[0].endswith(".") else [Token(".", *found.span(), "mark")]


def abbreviation(found: re.Match[str], scan: Scan) -> Given:
    """Dr., etc., No. 5, St."""
    text = found["word"] or found["day"]
    lower = text.lower()
    rest = scan.text[found.end() :]
    following = rest.lstrip()[:1]
    stop = _stop(found, scan)
    if found["day"]:
        full = weekday(text)
        return [(full or text).capitalize(), *stop] if not stop or text != "Sun" else [text, *stop]
    if lower == "st":
        saint = following.isupper() and not _after_name(scan)
        return ["saint" if saint else "street", *stop]
    if lower == "ste" and following.isupper():
        return ["saint", *stop]
    if lower == "dr" and not following.isupper() and _after_name(scan):
        return ["drive", *stop]
    if _no_abbreviation(text, following, bool(stop)):
        mark = Token(".", found.end() - 1, found.end(), "mark")
        return [Token(text, found.start(), found.end() - 1), *(stop and [mark])]
    return [*ABBREVIATIONS[lower].split(), *stop]


def _no_abbreviation(text: str, following: str, ends: bool) -> bool:
    """Whether what looks like an abbreviation is a word and a full stop: *I said no.*

    Args:
        text: the word.
        following: the next character that is no space.
        ends: whether the text ends here.
    """
    lower = text.lower()
    if lower in _WORDS and not following.isdigit():
        return True
    if lower in BEFORE_NUMBER:
        return not following.isdigit() and not following.isupper()
    return ends and text[0].islower() and lower in _SELDOM_LAST


def _after_name(scan: Scan) -> bool:
    """Whether the word before is a name, as in *Main St.*"""
    return bool(scan.out) and scan.out[-1].kind != "mark" and scan.out[-1].text[:1].isupper()


def number_sign(found: re.Match[str], scan: Scan) -> Given:
    """#5, No. 5."""
    return ["number"]


def compared(found: re.Match[str], scan: Scan) -> Given:
    """< and > between things, * and ^ between numbers, ~ before one."""
    names = {
        "<": ["less", "than"],
        ">": ["greater", "than"],
        "*": ["times"],
        "~": ["about"],
        "#": ["sharp"],
    }
    return names.get(found[0].strip(), ["to", "the", "power", "of"])


def sign(found: re.Match[str], scan: Scan) -> Given:
    """A sign that has a name."""
    if found[0] == "°" and not scan.text[: found.start()].rstrip()[-1:].isdigit():
        return []
    return SIGNS[found[0]].split()
