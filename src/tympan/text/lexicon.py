"""Words of the user's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from tympan.errors import ArgumentError, DataError
from tympan.text.alphabet import PHONEMES
from tympan.text.clean import GERMAN_LETTERS, clean
from tympan.text.sentence import MARKS


class Lexicon:
    """Pronunciations that come before all others.

    Args:
        words: word → phonemes, or word → `"= other spelling"`. A word is letters and
            apostrophes; in lower case it holds for all cases, else only as it is written.
        language: whose phonemes these are.

    Raises:
        ArgumentError: a character that is no phoneme.

    >>> own = Lexicon({"tympan": "tˈɪmpən", "GIF": "= jif"})
    >>> own.find("Tympan"), own.find("gif"), own.words
    ('tˈɪmpən', None, {'tympan': 'tˈɪmpən', 'GIF': '= jif'})
    """

    def __init__(self, words: Mapping[str, str], language: str = "en") -> None:
        self.words = dict(words)
        self.language = language
        letters = GERMAN_LETTERS if language == "de" else frozenset()
        # Texts are cleaned before words are looked up: "café" is met as "cafe".
        self._entries = {clean(word, 0, letters).text: said for word, said in words.items()}
        for word, sounds in self.words.items():
            problem = _problem(word, sounds, language)
            if problem:
                raise ArgumentError(problem)
        self._say: Callable[[str], str] | None = None

    @classmethod
    def load(cls, path: str | os.PathLike[str], language: str = "en") -> Lexicon:
        """Read a file of one word a line: `word TAB phonemes`, or `word = other spelling`.

        Empty lines and lines that begin with `#` are passed over.

        Raises:
            DataError: a line that cannot be understood, with its number; or no such file.
        """
        file = Path(path)
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
            raise DataError(f"cannot be read: {reason}", file=file) from error
        words: dict[str, str] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.lstrip().startswith("#"):
                continue
            word, sounds = _parsed(line)
            problem = _problem(word, sounds, language)
            if problem:
                fix = "write `word TAB phonemes`, or `word = other spelling`"
                raise DataError(f"line {number}: {problem}", file=file, fix=fix)
            words[word] = sounds
        return cls(words, language)

    def find(self, word: str) -> str | None:
        """The phonemes of a word; `None` if it is not there."""
        sounds = self._entries.get(word) or self._entries.get(word.lower())
        if sounds is None or not sounds.startswith("="):
            return sounds
        return self._respelled(sounds[1:].strip())

    def _respelled(self, spelling: str) -> str:
        if self.language == "de":
            return spelling.lower()
        from tympan.text.english.speech import base

        return "".join(base(word) for word in spelling.split())


def _parsed(line: str) -> tuple[str, str]:
    """The two halves of a line."""
    if "\t" in line:
        word, _, sounds = line.strip().partition("\t")
    elif "=" in line:
        word, _, sounds = line.partition("=")
        sounds = f"= {sounds.strip()}"
    else:
        word, _, sounds = line.strip().partition(" ")
    return word.strip(), sounds.strip()


def _problem(word: str, sounds: str, language: str) -> str | None:
    """What is wrong with an entry."""
    if not word or not sounds or sounds == "=":
        return "has no word or no phonemes"
    if any(char.isspace() for char in word):
        return f"{word!r} is more than one word"
    if not word.replace("'", "").replace("’", "").isalpha():
        return f"{word!r} is not made of letters"
    if sounds.startswith("="):
        spelling = sounds[1:].strip()
        good = spelling.replace(" ", "").replace("'", "").replace("-", "").isalpha()
        return None if good else f"{spelling!r} is no spelling: give letters alone"
    known = set(PHONEMES[language]) - set(MARKS) - {" "}
    foreign = sorted(set(sounds) - known)
    if foreign:
        return f"{foreign[0]!r} in the phonemes of {word!r} is no phoneme of {language!r}"
    return None
