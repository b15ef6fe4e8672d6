"""All words as a tree of their phonemes: words that begin alike share their beginning."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from tympan.tasks.transcribe.language_model import UNKNOWN, WordScores
from tympan.tasks.transcribe.sounds import spoken

# A hot word is as likely as a word that is one of so many, and this much more, in nepers.
HOT = -math.log(2000.0)


class Node:
    """A beginning of words.

    Attributes:
        children: number of the next phoneme → the longer beginning.
        words: numbers of the words that end here.
        best: log probability of the likeliest word from here on, without a history.
        sounds: the phonemes that lead here.
    """

    __slots__ = ("best", "children", "sounds", "words")

    def __init__(self, sounds: tuple[int, ...] = ()) -> None:
        self.sounds = sounds
        self.children: dict[int, Node] = {}
        self.words: list[int] = []
        self.best = -math.inf

    def add(self, sounds: Sequence[int], word: int, chance: float) -> None:
        """Put a word in, below this node.

        >>> root = Node()
        >>> root.add([1, 2], 7, -3.0)
        >>> root.children[1].children[2].words, root.children[1].best
        ([7], -3.0)
        """
        node = self
        for one in sounds:
            child = node.children.get(one)
            if child is None:
                child = node.children[one] = Node((*node.sounds, one))
            node = child
            node.best = max(node.best, chance)
        if word not in node.words:
            node.words.append(word)


def grown(model: WordScores, phonemes: Sequence[str]) -> Node:
    """The tree of all words of a language model.

    Args:
        model: with the sounds of its words.
        phonemes: those that a net tells apart; a word with others is left out.
    """
    number = {one: i + 1 for i, one in enumerate(phonemes)}
    root = Node()
    for word, (readings, chance) in enumerate(zip(model.sounds, model.single, strict=True)):
        for sounds in readings:
            if all(one in number for one in sounds):
                root.add([number[one] for one in sounds], word, chance)
    return root


class HotWords:
    """Words that are likely, beside those of a language model.

    Args:
        words: as they are written; of several words together each counts alone.
        model: the language model that they stand beside.
        phonemes: those that a net tells apart.
        language: of the words.

    Attributes:
        root: their tree.
        texts: number → how it is written; numbers that the model has too stand for its words.
        known: number → number that the model knows it by.
    """

    def __init__(
        self, words: Iterable[str], model: WordScores, phonemes: Sequence[str], language: str
    ) -> None:
        self.root, self.texts, self.known = Node(), {}, {}
        number = {one: i + 1 for i, one in enumerate(phonemes)}
        of_model = words_of(model)
        parts = dict.fromkeys(part for one in words for part in one.split())
        for place, part in enumerate(parts):
            said = spoken(part, language)
            if not said:
                continue
            word = len(model.words) + place
            self.texts[word] = part
            self.known[word] = of_model.get(said[0].text, UNKNOWN) if len(said) == 1 else UNKNOWN
            alike = model.sounds[self.known[word]] if self.known[word] != UNKNOWN else ()
            for sounds in dict.fromkeys(("".join(one.phonemes for one in said), *alike)):
                self.root.add([number[one] for one in sounds if one in number], word, HOT)


@lru_cache(maxsize=4)
def _numbers(words: tuple[str, ...]) -> Mapping[str, int]:
    return {word: i for i, word in enumerate(words)}


def words_of(model: WordScores) -> Mapping[str, int]:
    """Word → its number in a language model."""
    return _numbers(model.words)
