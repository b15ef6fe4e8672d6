"""What the readers of books find in them, in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LONGEST_HEADING = 500
"""Characters of a heading at most: a longer one is text, of which nothing may be lost."""

LONGEST_PARAGRAPH = 50_000
"""A paragraph has so many characters at most; a longer one becomes several."""

_STOPS = '.!?…"”'


@dataclass(frozen=True)
class Passage:
    """What the reader of a format finds, in order.

    Attributes:
        text: a paragraph, or a heading.
        place: where it begins.
        heading: whether a chapter begins with it.
        left_out: what stands here and is not spoken.
    """

    text: str
    place: str
    heading: bool = False
    left_out: str = ""


def cut(text: str, longest: int) -> Iterator[str]:
    """A paragraph in pieces of at most so many characters: at an end of a sentence, else a space.

    >>> list(cut("One two. Three four", 12))
    ['One two.', 'Three four']
    """
    text = text.strip()
    start = 0
    while len(text) - start > longest:
        low, high = start + longest // 2, start + longest
        ends = (text.rfind(f"{mark} ", low, high) + 1 for mark in _STOPS)
        at = max(ends) or max(text.rfind(" ", low, high), 0) or high
        yield text[start:at].rstrip()
        start = at
        while text[start].isspace():
            start += 1
    if text:
        yield text[start:]
