"""German words to the letters that an acoustic net takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tympan.text.german.words import LETTER_NAMES
from tympan.text.tokens import Token

if TYPE_CHECKING:
    from tympan.text.lexicon import Lexicon

_LETTERS = frozenset(LETTER_NAMES)


class Speaker:
    """Says the tokens of a sentence.

    Args:
        lexicon: the user's own words, which come first.
    """

    def __init__(self, lexicon: Lexicon | None) -> None:
        self.lexicon = lexicon

    def say(self, tokens: Sequence[Token]) -> list[str]:
        """The letters of each token; a mark gives "".

        >>> Speaker(None).say([Token("Straße", 0, 6), Token("U", 7, 8, "spell"), Token("V", 9, 10)])
        ['straße', 'u', 'vau']
        """
        return [self._one(token) for token in tokens]

    def _one(self, token: Token) -> str:
        if token.kind == "mark":
            return ""
        if self.lexicon and (own := self.lexicon.find(token.text)):
            return own
        letters = [char for char in token.text.lower() if char in _LETTERS]
        if token.kind == "spell" or len(letters) == 1:
            return "".join(LETTER_NAMES[char] for char in letters)
        return "".join(letters)
