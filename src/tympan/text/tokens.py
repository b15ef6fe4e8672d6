"""What normalisation gives: words and marks, with their places in the cleaned text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

LONGEST_WORD = 40
"""Letters of a word at most; a longer run is read as several words."""


@dataclass(slots=True)
class Token:
    """A word to pronounce or a mark.

    Attributes:
        text: the word, or one of `. , ; : ? ! — …`.
        start: first character in the cleaned text.
        end: the character after the last one.
        kind: "word", "spell" (letter by letter) or "mark".
        joined: whether it belongs to the word before it, as the parts of a hyphenated word.
    """

    text: str
    start: int
    end: int
    kind: str = "word"
    joined: bool = False


def tokens_at(found: re.Match[str], group: str, words: Iterable[str]) -> list[Token]:
    """Words that are read where a group of a match stands.

    >>> [one.end for one in tokens_at(re.match("(?P<a>5)km", "5km"), "a", ["five"])]
    [1]
    """
    return [Token(word, *found.span(group)) for word in words]


def at_dash(found: re.Match[str], word: str) -> Token:
    """A word that is read for the last dash of a match, without the spaces around it.

    A long sentence may be cut behind the dash, so that the space belongs to no part.

    >>> at_dash(re.match(".*", "3. Mai – "), "bis").start
    7
    """
    at = found.start() + max(map(found[0].rfind, "-–"))
    return Token(word, at, at + 1)


@dataclass(slots=True)
class Scan:
    """A cleaned sentence on its way to tokens.

    Attributes:
        text: the cleaned text.
        upper: whether it is written in capitals throughout, so that these mean nothing.
        out: the tokens so far.
        unspoken: what was left out.
        rules: the rules that are run.
    """

    text: str
    upper: bool = False
    out: list[Token] = field(default_factory=list)
    unspoken: list[str] = field(default_factory=list)
    rules: Rules | None = None

    def last_word(self) -> str:
        """The word before, in lower case; empty at the start or after a mark."""
        return self.out[-1].text.lower() if self.out and self.out[-1].kind != "mark" else ""


Given = Iterable["str | Token"]
Handler = Callable[[re.Match[str], Scan], Given]


class Rules:
    """Patterns tried in order at each place of a text.

    Args:
        rules: (pattern, handler); the handler gives words, which take the place of the whole
            match, or tokens with places of their own.
    """

    def __init__(self, rules: Sequence[tuple[str, Handler]]) -> None:
        self._rules = [(re.compile(pattern), handler) for pattern, handler in rules]
        # One pattern for all, whose groups are the rules.
        self._any = re.compile(
            "|".join(f"({re.sub(r'[(][?]P<[a-z_]+>', '(?:', pattern)})" for pattern, _ in rules)
        )

    def run(self, scan: Scan, start: int, end: int) -> Iterator[Token]:
        """The tokens of a part of the text; they are added to `scan.out` as they come."""
        scan.rules = self
        at = start
        while found := self._any.search(scan.text, at, end):
            pattern, handler = self._rules[(found.lastindex or 1) - 1]
            exact = pattern.match(scan.text, found.start(), end) or found
            for given in handler(exact, scan):
                token = Token(given, *exact.span()) if isinstance(given, str) else given
                scan.out.append(token)
                yield token
            at = max(exact.end(), at + 1)
