"""Sentences of a text, one after another, without a list of all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tympan.text.listing import listing

LONGEST = 1200
"""Characters of a piece at most: a text without a full stop is cut."""
_END = re.compile(
    r"(?P<paragraph>[ \t\r]*\n[ \t\r]*(?:\n\s*)+|[ \t\r]*[\u2029\f]\s*)"
    r"|(?P<line>[ \t\r]*[\n\u2028][ \t\r]*)"
    r"|(?P<stop>(?:\.(?: \.)+|[.!?…]+)[\"')\]}»”’*_]*(?:[“‘](?=\s|$))*)(?=\s|$|[“\"‘(]*[A-ZÄÖÜ])"
    r"|(?P<wide>[。！？]+[”’」』）]*)"
)
_LAST_WORD = re.compile(r"[^\s(\[\"“'‘]*$")
_NEXT = re.compile(r"[\s\"'“‘(\[{*_>«„]*([^\W_]+)?")
_LIST_ITEM = re.compile(r"(?:[-*+•‣▪●◦]|#{1,6}|\d{1,3}[.)]|[a-zA-Z][.)]|>|\|)[ \t]")
_CLAUSE = re.compile(r"[,;:—–)\]]\s")
_SPAN = re.compile(r"(?<=[\d.])[-–/]")
_DASHED = re.compile(r" [-–—] ?[\da-zäöüß]")  # "9 a.m. – 5 p.m.", "am 3. – er"
_ROMAN = re.compile(r"[IVXLC]{2,}")
_INITIAL = re.compile(r"(?:[A-Za-zÄÖÜ]\.)*[A-Za-zÄÖÜ]")


@dataclass(frozen=True)
class TextPiece:
    """A sentence of the original text, or a part of one that is very long.

    Attributes:
        start: its first character.
        end: the character after its last one.
        paragraph_end: whether a paragraph ends here.
        cut: whether the sentence goes on in the next piece.
    """

    start: int
    end: int
    paragraph_end: bool = False
    cut: bool = False


@dataclass(frozen=True)
class Abbreviations:
    """What stands before a full stop that does not end a sentence.

    Attributes:
        never: words after which a sentence never ends: `Dr`.
        seldom: words after which one ends only before a capital letter: `etc`.
        followers: words that go on after some of the latter: *at 5 p.m. Friday*, *the U.S. Army*.
        numbered: words after which a number goes on: `No. 5`; with a capital only so.
        endings: endings of words after which one ends only before a capital letter: `Hauptstr`.
        ordinals: whether a number with a full stop is an ordinal, as in German.
        starters: words that begin a sentence after such a number.
    """

    never: frozenset[str]
    seldom: frozenset[str]
    followers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    numbered: frozenset[str] = frozenset()
    endings: tuple[str, ...] = ()
    ordinals: bool = False
    starters: frozenset[str] = frozenset()


def pieces(text: str, known: Abbreviations) -> Iterator[TextPiece]:
    """Cut a text into sentences.

    >>> none = Abbreviations(frozenset({"dr"}), frozenset())
    >>> text = "I met Dr. Who. He left!  It was 3.5 km"
    >>> [text[p.start:p.end] for p in pieces(text, none)]
    ['I met Dr. Who.', 'He left!', 'It was 3.5 km']
    """
    at = _skip_space(text, 0)
    while at < len(text):
        end, paragraph, cut = _next_end(text, at, known)
        after = _skip_space(text, end)
        stripped = at + len(text[at:end].rstrip())
        if stripped > at:
            yield TextPiece(at, stripped, paragraph or after >= len(text), cut)
        at = after


def _skip_space(text: str, at: int) -> int:
    size = len(text)
    while at < size and text[at].isspace():
        at += 1
    return at


def _next_end(text: str, at: int, known: Abbreviations) -> tuple[int, bool, bool]:
    """Where the sentence that begins at a place ends; whether the paragraph does; if it was cut."""
    limit = min(len(text), at + LONGEST)
    for found in _END.finditer(text, at, limit):
        if found.end() == limit < len(text):
            break
        kind, start = found.lastgroup, found.start()
        if kind == "paragraph":
            return found.end(), True, False
        if kind == "line" and _line_ends(text, at, start, found.end()):
            return found.end(), False, False
        if kind == "wide" or (kind == "stop" and _stop_ends(text, at, found, known)):
            end = found.end()
            return end, bool(re.compile(r"[ \t\r]*\n[ \t\r]*\n").match(text, end)), False
    if limit == len(text):
        return limit, True, False
    return _cut(text, at, limit), False, True


def _cut(text: str, at: int, limit: int) -> int:
    """The best place to cut a text that does not end: clause, word, anywhere."""
    best = None
    for best in _CLAUSE.finditer(text, at + LONGEST // 2, limit):  # noqa: B007
        pass
    if best:
        return best.end()
    for place in range(limit, at + LONGEST // 2, -1):
        if text[place - 1].isspace():
            return place
    return limit


def _stop_ends(text: str, at: int, found: re.Match[str], known: Abbreviations) -> bool:
    marks, start = found["stop"], found.start()
    following = _NEXT.match(text, found.end())
    word = (following[1] or "") if following else ""
    last = _LAST_WORD.search(text, max(at, start - 30), start)
    before = last[0] if last else ""
    if known.ordinals:
        before = _SPAN.split(before)[-1]  # "3.–5. Mai", "Mo.–Fr. 8 Uhr"
    if word[:1].islower() and "\n" not in text[found.end() : found.end() + 2]:
        return _ends_in_lower_case(marks, before, known)
    if not text[found.end() : found.end() + 1].isspace() and found.end() < len(text):
        # "end.Next": two words of letters, and not an address or a name like J.R.R.
        if not (len(before) > 2 and before.isalpha() and before[1:].islower()):
            return False
        return len(word) > 1 and word[1:].islower()
    if not marks.startswith(".") or len(marks.rstrip("\"')]}»”’“‘*_")) > 1:
        return True
    key = before.lower().rstrip(".")
    if not word and not before:
        return True
    counted = known.ordinals and before[-1:].isdigit()
    if (key in known.seldom or counted) and _DASHED.match(text, found.end()):
        return False
    if key in known.never and len(marks) == 1:
        return False
    if (key in known.numbered or before in known.numbered) and word[:1].isdigit():
        return False
    if before.isdigit() and len(before) <= 3:
        line = text.rfind("\n", at, start) + 1 or at
        if text[line:start].strip() == before:  # "1. First"
            return False
        if known.ordinals and len(before) <= 2 and word:
            return word.lower() in known.starters
    limit = found.end() + 40
    if key in known.seldom or (known.endings and key.endswith(known.endings)):
        if known.ordinals:  # nouns have capitals
            return word.lower() in known.starters or not text[found.end() : limit].strip()
        follows = word in known.followers.get(key, ())
        return not word or (word[0].isupper() and len(word) > 1 and not follows)
    if _INITIAL.fullmatch(before) and before not in ("I", "a"):
        # "J. K. Rowling" goes on; "plan B." may end, but a name is likelier. So does "H.R. 3".
        if "." in before and word[:1].isdigit():
            return False
        return not word or not word[0].isupper() or _starts(word)
    return True


def _ends_in_lower_case(marks: str, before: str, known: Abbreviations) -> bool:
    """Whether a sentence ends although the next word has no capital, as in careless writing.

    It does not after an ellipsis, a quotation (*"Stop!" he said*) or what may be an abbreviation.
    """
    if marks not in (".", "?", "!", "??", "!!", "?!", "!?"):
        return False
    lower = before.lower()
    short = len(before) < 3 or (len(before) < 4 and not before.islower())
    named = lower in known.never or lower in known.seldom or lower in known.numbered
    if known.ordinals and _ROMAN.fullmatch(before):
        return False
    plain = before.isalpha() and any(char in "aeiouyäöü" for char in lower)
    return marks != "." or not (short or named or not plain or lower.endswith(known.endings))


def _starts(word: str) -> bool:
    """Whether a word begins a sentence rather than a name."""
    return word.lower() in _STARTERS


_STARTERS = frozenset(
    listing(
        "the a an it he she we they i you this that these those there then but and so in on at for "
        "if when while after before as his her our their my your what who why how where no yes"
    )
)


def _line_ends(text: str, at: int, start: int, end: int) -> bool:
    """Whether the end of a line ends a sentence: not where a paragraph is merely wrapped."""
    rest = text[end : end + 8]
    if not rest:
        return True
    first = text.rfind("\n", at, start) + 1 or at
    line = text[first:start]
    if _LIST_ITEM.match(rest) or (_LIST_ITEM.match(line) and line.startswith("#")):
        return True
    if line[-1:] in ",;:-—–":
        return False
    last = line.rpartition(" ")[2].lower()
    wrapped = len(line) > 45 or last in _JOINING
    return not wrapped and not rest[0].islower()


_JOINING = frozenset(
    listing("the a an of to and or in on at by for with from as is was my his her")
)
