"""Long sentences in parts that an acoustic net can hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tympan.text.listing import listing
from tympan.text.sentence import ENDS, SpokenWord

WANTED = 200
"""Phonemes of a part, as far as a good place to divide is found."""
LONGEST = 240
"""Phonemes of a part at most."""
_SHORTEST = 40
_JOINING = frozenset(
    listing(
        "and or but because which who that when while where if as than although though so until "
        "since "
        "after before unless whereas und oder aber denn weil dass daß wenn als ob damit obwohl "
        "während "
        "nachdem bevor sondern"
    )
)
_LEADING = frozenset(listing("to of in on at for with from by into über in auf mit von zu aus bei"))


def divide(words: list[SpokenWord]) -> Iterator[list[SpokenWord]]:
    """Divide a sentence at clauses, before conjunctions, or between words.

    Args:
        words: the words of a sentence, none longer than a part may be.

    Yields:
        The words of each part; all but the last end in a comma, unless there is a question or
        an exclamation.
    """
    lengths = [len(word.phonemes) + len(word.mark) + 1 for word in words]
    total = sum(lengths) - 1
    first = 0
    while total > WANTED:
        count = _first_part(words, lengths, first, total)
        if first + count >= len(words):
            break
        part = words[first : first + count]
        if part[-1].mark not in tuple(ENDS):
            part[-1] = replace(part[-1], mark=",")
        yield part
        total -= sum(lengths[first : first + count])
        first += count
    yield words[first:]


def _first_part(words: list[SpokenWord], lengths: list[int], first: int, total: int) -> int:
    """How many words the next part takes."""
    parts = -(-total // WANTED)
    target = total / parts
    best, best_cost, length = 1, float("inf"), 0
    for i in range(first, len(words)):
        length += lengths[i]
        # A comma may be added.
        if length + (not words[i].mark) - 1 > LONGEST:
            break
        left = total - length
        cost = abs(length - target) + _cost(words, i)
        if length < _SHORTEST or 0 < left < _SHORTEST:
            cost += 200
        if left <= 0:
            cost = float("inf") if total > LONGEST else WANTED
        if cost < best_cost:
            best, best_cost = i - first + 1, cost
    return best


def _cost(words: list[SpokenWord], i: int) -> float:
    """How bad a place after a word is to pause."""
    if words[i].mark in tuple(ENDS + ";:—"):
        return 0
    if words[i].mark == ",":
        return 15
    following = words[i + 1].text.lower() if i + 1 < len(words) else ""
    if following in _JOINING:
        return 60
    if following in _LEADING:
        return 90
    return 120
