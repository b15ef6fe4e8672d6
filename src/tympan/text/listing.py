"""Lists of words as one reads them."""

from __future__ import annotations


def listing(words: str) -> tuple[str, ...]:
    """The words of a text, apart.

    >>> listing("one two")
    ('one', 'two')
    """
    return tuple(words.split())
