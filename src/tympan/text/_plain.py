"""Plain text: paragraphs out of lines, and which lines are headings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from tympan.text._encoding import lines_in, lines_of
from tympan.text._passages import LONGEST_PARAGRAPH, Passage, cut

_LONGEST_HEADING = 90
# A line longer than this was not broken at a margin.
_MARGIN = 110
_ROMAN = r"(?=[MDCLXVI])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})"
_WORDS = """
chapter book part section act scene canto letter volume stave kapitel teil buch abschnitt brief
chapitre livre partie capítulo capitulo libro parte capitolo hoofdstuk deel kapitola глава часть том
"""
_NUMBERS = """
one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen twenty thirty forty fifty the\\s+first the\\s+last first second third
fourth fifth sixth seventh eighth ninth tenth last eins zwei drei vier fünf sechs sieben acht neun
zehn elf zwölf premier première un deux trois quatre cinq
"""
_NUMBER = rf"(?:\d{{1,4}}|{_ROMAN}|(?:{'|'.join(_NUMBERS.split())})(?:-\w+)?)"
_NUMBERED = re.compile(
    rf"(?:the\s+)?(?:{'|'.join(_WORDS.split())})\s+{_NUMBER}\b(?P<rest>.*)", re.IGNORECASE
)
_ORDINAL = re.compile(r"\w+(?:tes|te|e|er)\s+(?:kapitel|teil|buch|abschnitt)\b.*", re.IGNORECASE)
_ALONE = re.compile(rf"[-–—*]*\s*{_ROMAN}\s*[.:]?\s*[-–—*]*")
_NAMED = re.compile(
    r"(?:prologue|epilogue|preface|foreword|introduction|afterword|appendix|conclusion|dedication|"
    r"contents|acknowledg(?:e)?ments|vorwort|einleitung|nachwort|prolog|epilog|anhang|inhalt|"
    r"widmung|préface|avant-propos|prologo|prólogo|epílogo)\s*[.:]?",
    re.IGNORECASE,
)
_STOPS = (".", "!", "?", "…", '"', "”", "’", "»", "*")
_RULE = re.compile(r"(?:[-*_=~#·•—–.]\s*){3,}")
_ITEM = re.compile(r"\s*(?:[-*+•–—]|\d{1,3}[.)]|[a-z][.)])\s+\S")


def text_passages(path: Path) -> Iterator[Passage]:
    """The passages of a text file."""
    return passages_of(lines_of(path))


def plain_passages(file: IO[bytes], name: str) -> Iterator[Passage]:
    """The passages of an open file, while it comes."""
    return passages_of(lines_in(file, None, name))


def passages_of(lines: Iterable[tuple[int, str]]) -> Iterator[Passage]:
    """Passages out of numbered lines."""
    block: list[tuple[int, str]] = []
    size = 0
    for number, line in lines:
        breaks = "\f" in line
        line = line.replace("\f", " ")
        if not line.strip() or _RULE.fullmatch(line.strip()) or breaks:
            yield from _of_block(block)
            block, size = [], 0
        if line.strip() and not _RULE.fullmatch(line.strip()):
            if block and _is_numbered(line) and _may_end(block):
                # A heading between paragraphs that no empty lines part.
                yield from _of_block(block)
                block, size = [], 0
            block.append((number, line))
            size += len(line)
            if size > LONGEST_PARAGRAPH:
                # The line may go on: what follows its last sentence waits for the rest.
                at = line.rfind(". ") + 1
                if at == 0 and len(line) > size // 2:
                    at = line.rfind(" ") + 1 or len(line)
                block[-1] = (number, line[:at])
                yield from _of_block([one for one in block if one[1].strip()])
                block, size = [(number, line[at:])], len(line) - at
    yield from _of_block(block)


def _of_block(block: list[tuple[int, str]]) -> Iterator[Passage]:
    """The passages of lines without an empty one among them."""
    if not block:
        return
    place = f"line {block[0][0]}"
    if len(block) <= 3 and is_heading(block[0][1], below=[line for _, line in block[1:]]):
        yield Passage(_joined([line for _, line in block]), place, heading=True)
        return
    if _is_numbered(block[0][1]) and len(block) > 1 and not _is_numbered(block[1][1]):
        yield Passage(_joined([block[0][1]]), place, heading=True)
        block = block[1:]
    for number, text in _paragraphs(block):
        for piece in cut(text, LONGEST_PARAGRAPH):
            yield Passage(piece, f"line {number}")


def is_heading(line: str, below: list[str] | None = None) -> bool:
    """Whether a chapter begins with a line that stands alone, or has its title below.

    >>> [is_heading(one) for one in ("Chapter 3", "XIV.", "THE END", "I", "He left.", "1984")]
    [True, True, True, True, False, False]
    """
    line = line.strip()
    if len(line) > _LONGEST_HEADING or any(len(one) > _LONGEST_HEADING for one in below or ()):
        return False
    if _is_numbered(line):
        return not (below and below[-1].rstrip().endswith((",", ";")))
    if below:
        return False
    if _ALONE.fullmatch(line) or _NAMED.fullmatch(line):
        return True
    letters = [one for one in line if one.isalpha()]
    capitals = len(letters) > 3 and line == line.upper() and line != line.lower()
    return capitals and len(line) <= 70 and not line.endswith((",", ";", "!", "?", "-"))


def _may_end(block: list[tuple[int, str]]) -> bool:
    """Whether a heading may follow these lines at once."""
    last = block[-1][1].rstrip()
    return last.endswith(_STOPS) or (
        len(block) == 1 and is_heading(last) and not _is_numbered(last)
    )


def _is_numbered(line: str) -> bool:
    """Whether a line says "Chapter 3" or the like, perhaps with a title behind it."""
    line = line.strip()
    if len(line) > _LONGEST_HEADING:
        return False
    numbered = _NUMBERED.fullmatch(line)
    if numbered:
        # "Chapter 3 tells how." is a sentence.
        rest = numbered["rest"].strip()
        return not (rest[:1].islower() and rest.endswith((".", "!", "?", ",")))
    return bool(_ORDINAL.fullmatch(line))


def _paragraphs(block: list[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Join lines that were broken at a margin; each with the number of its first line.

    A paragraph begins at a line that is further in than the others, or is an item of a list; lines
    that go beyond any margin are paragraphs of their own.
    """
    held: list[str] = []
    first, last_number, before = block[0][0], 0, ""
    margin = min(_indent(line) for _, line in block)
    for number, line in block:
        continues = number == last_number  # a piece of a very long line
        further_in = _indent(line) > margin + 1
        if held and not continues and (further_in or len(before) > _MARGIN or _ITEM.match(line)):
            yield first, _joined(held)
            held, first = [], number
        if continues:
            held[-1] += line
        else:
            held.append(line)
        last_number, before = number, line
    yield first, _joined(held)


def _indent(line: str) -> int:
    """How far in a line begins."""
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def _joined(lines: list[str]) -> str:
    """One line; a word that was cut at a soft hyphen is whole again, at another it keeps it."""
    text = ""
    for line in lines:
        line = " ".join(line.split())
        if text.endswith("\u00ad"):
            text = text[:-1] + line
        elif re.search(r"[^\W\d_]-$", text) and line[:1].islower():
            text += line
        else:
            text = f"{text} {line}" if text else line
    return text
