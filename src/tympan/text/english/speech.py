"""English words to phonemes, with what their neighbours change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from tympan.text.english import suffixes
from tympan.text.english.readings import reading
from tympan.text.store import shipped
from tympan.text.tokens import Token

if TYPE_CHECKING:
    from tympan.text.lexicon import Lexicon

_VOWELS = frozenset(suffixes.VOWELS)
_PRIMARY, _SECONDARY = "ˈ", "ˌ"
# Readings that the shipped lexicon lacks.
_MORE = {
    "lead": "lˈid|METAL=lˈɛd",
    "bass": "bˈAs|FISH=bˈæs",
    "o": "ˈO",
}


def restress(phonemes: str, least: float | None) -> str:
    """Give a word at least some stress: 0.5 secondary (a capital letter), 2 primary (capitals).

    >>> restress("hi", 0.5), restress("vˈɛɹi", 2), restress("ðæt", 2), restress("hi", None)
    ('hˌi', 'vˈɛɹi', 'ðˈæt', 'hi')
    """
    if least is None or not _VOWELS.intersection(phonemes):
        return phonemes
    if _PRIMARY not in phonemes and _SECONDARY not in phonemes:
        mark = _PRIMARY if least > 1 else _SECONDARY
        at = next(i for i, char in enumerate(phonemes) if char in _VOWELS)
        return phonemes[:at] + mark + phonemes[at:]
    if least >= 1 and _PRIMARY not in phonemes:
        return phonemes.replace(_SECONDARY, _PRIMARY, 1)
    return phonemes


@lru_cache(maxsize=20000)
def entry(word: str) -> str | None:
    """A word of the shipped lexicon in whichever case it has it, readings and all."""
    store = shipped("en")
    lower = word.lower()
    found = _MORE.get(lower) or store.find(word) or store.find(lower)
    if not found and (word.islower() or word.isupper()):
        found = store.find(word.capitalize())
    if not found and word.islower() and len(word) < 4:
        return None
    return found or None


def known(word: str) -> str | None:
    """The first reading of a word of the shipped lexicon."""
    found = entry(word)
    return found.partition("|")[0] if found else None


@lru_cache(maxsize=20000)
def base(word: str, spell_unknown: bool = False) -> str:
    """The phonemes of any word, out of its context: lexicon, rules, letters, net.

    Args:
        word: letters and apostrophes.
        spell_unknown: spell instead of asking the net.
    """
    found = known(word) or suffixes.derive(word.lower(), known)
    if found:
        return found
    letters = word.replace("'", "")
    if not letters:
        return ""
    if spell_unknown or len(letters) == 1 or not _sayable(letters):
        return spelled(letters)
    from tympan.text.guess import guess

    return guess(letters.lower()) or spelled(letters)


def is_word(word: str) -> bool:
    """Whether the lexicon or an ending gives a word in lower case.

    >>> is_word("stopped"), is_word("gpu")
    (True, False)
    """
    return suffixes.inflected(word, known) is not None


def _sayable(letters: str) -> bool:
    """Whether a word can be said rather than spelled.

    >>> _sayable("bbc"), _sayable("Rhythmz"), _sayable("ISBN"), _sayable("IKEA"), _sayable("Nairo")
    (False, True, False, True, True)
    """
    vowels = sum(letters.lower().count(vowel) for vowel in "aeiouy")
    if not vowels:
        return False
    if not letters.isupper() or len(letters) > 5:
        return True
    return len(letters) > 3 and not re.search("[^AEIOUY]{3}|[AEIOUY]{3}", letters)


@lru_cache(maxsize=4000)
def spelled(letters: str) -> str:
    """Letter by letter, the last with primary stress.

    >>> spelled("BBC"), spelled("PCs")
    ('bˌibˌisˈi', 'pˌisˈiz')
    """
    ending = letters[-1:] == "s" and len(letters) > 1 and letters[:-1].isupper()
    names = [known(char.upper()) or "" for char in (letters[:-1] if ending else letters)]
    names = [name.replace(_SECONDARY, _PRIMARY) for name in names]
    if not any(names):
        return ""
    out = "".join(name.replace(_PRIMARY, _SECONDARY) for name in names[:-1]) + names[-1]
    return suffixes.plural(out) if ending else out


class Speaker:
    """Says the tokens of a sentence.

    Args:
        lexicon: the user's own words, which come first.
        spell_unknown: spell what neither the lexicon nor rules know, instead of guessing.
    """

    def __init__(self, lexicon: Lexicon | None, spell_unknown: bool = False) -> None:
        self.lexicon = lexicon
        self.spell_unknown = spell_unknown

    def say(self, tokens: Sequence[Token]) -> list[str]:
        """The phonemes of each token; a mark gives "".

        What a word sounds like depends on the next: words are said from last to first.
        """
        plain = ["" if one.kind == "mark" else one.text.lower() for one in tokens]
        out = [""] * len(tokens)
        vowel: bool | None = None
        for i in reversed(range(len(tokens))):
            token = tokens[i]
            if token.kind == "mark":
                vowel = None
                continue
            out[i] = self._one(token, plain, i, vowel)
            first = next((char for char in out[i] if char not in "ˈˌ"), "")
            vowel = first in _VOWELS if first else vowel
        return out

    def _one(self, token: Token, plain: list[str], i: int, vowel: bool | None) -> str:
        word = token.text
        if self.lexicon and (own := self.lexicon.find(word)):
            return own
        if token.kind == "spell":
            return spelled(word)
        weak = _weak(plain[i], word, vowel, plain[i + 1] if i + 1 < len(plain) else "")
        if weak:
            return weak
        found = entry(word)
        several = found is not None and "|" in found
        phonemes = (
            _read(found or "", plain, i, vowel) if several else base(word, self.spell_unknown)
        )
        if token.joined or word.islower():
            return phonemes
        return restress(phonemes, 2 if len(word) > 1 and word.isupper() else 0.5)


def _weak(lower: str, word: str, vowel: bool | None, following: str) -> str | None:
    """Function words, whose sound depends on what follows.

    Args:
        lower: the word in lower case.
        word: the word as written.
        vowel: whether the next word begins with a vowel; `None` before a mark or the end.
        following: the next word.
    """
    if lower == "the":
        return "ði" if vowel else "ðə"
    if lower == "a":
        return "ɐ" if vowel is not None else "ˈA"
    if lower == "to":
        return "tu" if vowel is None else "tʊ" if vowel else "tə"
    if lower == "an":
        return "ɐn"
    if lower == "in":
        return "ˈɪn" if vowel is None else "ɪn"
    if word == "I":
        return "ˌI"
    if word == "am" and vowel is not None:
        return "ɐm"
    return None


def _read(found: str, plain: list[str], i: int, vowel: bool | None) -> str:
    """The reading of a word that has several."""
    default, *others = found.split("|")
    readings = {"": default}
    for other in others:
        tag, _, phonemes = other.partition("=")
        readings[tag] = phonemes
    if "None" in readings:
        return readings["None"] if vowel is None else default
    before, after = plain[max(0, i - 8) : i], plain[i + 1 : i + 7]
    return reading(plain[i], readings, before, after)
