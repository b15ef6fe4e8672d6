"""What a recogniser tells apart: phonemes without stress, and characters; texts as both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tympan.text import PHONEMES
from tympan.text.sentence import MARKS

Numbers = npt.NDArray[np.int64]

# Phonemes that are told apart by stress or by their neighbours alone → the one they are taken for.
SAME = str.maketrans({"ɐ": "ə", "ᵊ": "ə", "ᵻ": "ɪ", "T": "t", "ˈ": None, "ˌ": None})
CHARACTERS = (" ", "'", *"abcdefghijklmnopqrstuvwxyz")


@dataclass(frozen=True)
class Spoken:
    """A word of a text.

    Attributes:
        text: in lower case, letters and apostrophes.
        phonemes: how it sounds, without stress, one character each.
    """

    text: str
    phonemes: str


def phonemes_of(language: str = "en") -> tuple[str, ...]:
    """The phonemes that a recogniser of a language tells apart.

    >>> len(phonemes_of("en")), phonemes_of("en")[:4]
    (40, ('A', 'I', 'O', 'W'))
    """
    known = PHONEMES[language].translate(SAME)
    return tuple(dict.fromkeys(one for one in known if one not in MARKS and one != " "))


def characters_of(language: str = "en") -> tuple[str, ...]:
    """The characters that a recogniser of a language writes.

    >>> "".join(characters_of("de"))
    " 'abcdefghijklmnopqrstuvwxyzßäöü"
    """
    letters = (one for one in PHONEMES[language] if language != "en" and one.isalpha())
    return (*CHARACTERS, *sorted(set(letters) - set(CHARACTERS)))


def folded(phonemes: str) -> str:
    """Phonemes of `tympan.text` as a recogniser tells them apart.

    >>> folded("bˈʌTᵊɹ")
    'bʌtəɹ'
    """
    return "".join(one for one in phonemes.translate(SAME) if one not in MARKS and one != " ")


def plain(word: str) -> str:
    """A word as it is counted and written: lower case, letters and apostrophes.

    >>> plain("Don’t"), plain("“Co-op!”")
    ("don't", 'coop')
    """
    kept = (one for one in word.lower().replace("’", "'") if one.isalpha() or one == "'")
    return "".join(kept).strip("'")


def spoken(text: str, language: str = "en") -> list[Spoken]:
    """The words of a text as they are said: numbers written out, each with its phonemes.

    >>> [one.text for one in spoken("Dr. Lee has 2 cats.")]
    ['doctor', 'lee', 'has', 'two', 'cats']
    """
    from tympan.text import read

    found = (
        Spoken(plain(word.text), folded(word.phonemes))
        for sentence in read(text, language)
        for word in sentence.words
    )
    return [one for one in found if one.text and one.phonemes]


def numbers(symbols: Sequence[str], known: Sequence[str]) -> Numbers:
    """The numbers of phonemes or characters, from 1; what is not known is left out.

    >>> numbers("abx", ("a", "b")).tolist()
    [1, 2]
    """
    number = {one: i + 1 for i, one in enumerate(known)}
    return np.array([number[one] for one in symbols if one in number], np.int64)


def collapsed(best: Sequence[int]) -> list[int]:
    """The best class of each answer → what is said, repeats and blanks taken out.

    >>> collapsed([0, 1, 1, 0, 1, 2])
    [1, 1, 2]
    """
    return [one for i, one in enumerate(best) if one and (i == 0 or one != best[i - 1])]
