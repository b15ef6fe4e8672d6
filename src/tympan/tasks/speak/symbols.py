"""The phonemes of a text as numbers for a net, and back to the words that they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STRESSES = "ˌˈ"
"""Secondary and primary stress: a mark before a phoneme, and for the net a property of it."""
PUNCTUATION = ".,;:?!—…"
SPACE = " "
EDGE = "^"
"""The pause before and after a sentence."""

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Symbols:
    """What a net gets of a sentence.

    Attributes:
        texts: each symbol, `m` of them.
        stress: 0, 1 (secondary) or 2 of each, `(m,)`.
        words: number of the word that each belongs to, −1 for pauses and punctuation, `(m,)`.
        sources: how many characters, with their stress marks and spaces, each stands for: with them
            durations of characters become those of symbols, `(m,)`.
    """

    texts: tuple[str, ...]
    stress: Numbers
    words: Numbers
    sources: Numbers

    def __len__(self) -> int:
        """How many."""
        return len(self.texts)

    def ids(self, vocabulary: Sequence[str]) -> Numbers:
        """Their numbers in a vocabulary, `(m,)`; of what it does not hold, that of the space."""
        number = {text: i for i, text in enumerate(vocabulary)}
        return np.array([number.get(text, number[SPACE]) for text in self.texts], np.int64)

    def summed(self, durations: npt.NDArray[np.int64]) -> Numbers:
        """Durations `(m,)` of symbols from those of their characters, edges included."""
        starts = np.concatenate([[0], np.cumsum(self.sources)[:-1]])
        return np.asarray(np.add.reduceat(durations, starts))


def symbols_of(phonemes: str) -> Symbols:
    """The symbols of a sentence, between two edges.

    A stress mark belongs to the phoneme behind it, and a space behind punctuation to that.

    >>> found = symbols_of("ðə kˈæt, naʊ.")
    >>> "".join(found.texts)
    '^ðə kæt,naʊ.^'
    >>> found.stress.tolist()
    [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0]
    >>> found.words.tolist()
    [-1, 0, 0, -1, 1, 1, 1, -1, 2, 2, 2, -1, -1]
    """
    texts, stress, words, sources = [EDGE], [0], [-1], [1]
    word, inside, mark, marks = -1, False, 0, 0
    for char in phonemes:
        if char in STRESSES:
            mark, marks = STRESSES.index(char) + 1, marks + 1
            continue
        boundary = char == SPACE or char in PUNCTUATION
        if char == SPACE and (texts[-1] in PUNCTUATION or texts[-1] in (SPACE, EDGE)):
            sources[-1] += 1 + marks
            marks, inside = 0, False
            continue
        if not boundary and not inside:
            word += 1
        inside = not boundary
        texts.append(char)
        stress.append(0 if boundary else mark)
        words.append(-1 if boundary else word)
        sources.append(1 + marks)
        mark, marks = 0, 0
    texts.append(EDGE)
    stress.append(0)
    words.append(-1)
    sources.append(1 + marks)
    return Symbols(tuple(texts), np.array(stress), np.array(words), np.array(sources))
