"""Two language models in one."""

from __future__ import annotations

import math

from tympan.tasks.transcribe.language_model import UNKNOWN, LanguageModel

NEVER = 99.0


class Mixture:
    """Two language models in one: a usual one, and that of a domain.

    Jelinek, Mercer, *Interpolated estimation of Markov source parameters*, 1980.

    Args:
        usual: the first.
        domain: the second; its words come behind those of the first.
        share: of the second, 0 … 1.

    >>> import numpy as np
    >>> from tympan.tasks.transcribe.language_model import START
    >>> from tympan.tasks.transcribe.ngrams import learned
    >>> usual = learned([["go", "on"]], {"go": "ɡO", "on": "ɑn"})
    >>> mixed = Mixture(usual, learned([["go", "up"]], {"go": "ɡO", "up": "ʌp"}), 0.5)
    >>> go, on, up = (mixed.words.index(one) for one in ("go", "on", "up"))
    >>> everything = sum(np.exp(mixed.score(START, go, w)) for w in range(1, len(mixed.words)))
    >>> bool(abs(everything - 1) < 0.02), mixed.score(START, go, up) > mixed.score(up, up, on)
    (True, True)
    """

    def __init__(self, usual: LanguageModel, domain: LanguageModel, share: float = 0.5) -> None:
        self.usual, self.domain = usual, domain
        self.logs = math.log(1 - share), math.log(share)
        known = {word: i for i, word in enumerate(usual.words)}
        new = [i for i, word in enumerate(domain.words) if word not in known]
        self.words = usual.words + tuple(domain.words[i] for i in new)
        self.sounds = usual.sounds + tuple(domain.sounds[i] for i in new)
        theirs = {word: i for i, word in enumerate(domain.words)}
        self.of_domain = [theirs.get(word, UNKNOWN) for word in self.words]
        self.single = [
            self._mixed(
                usual.single[i] if i < len(usual.words) else -NEVER,
                domain.single[theirs[word]] if word in theirs else -NEVER,
            )
            for i, word in enumerate(self.words)
        ]

    def _mixed(self, one: float, other: float) -> float:
        one, other = one + self.logs[0], other + self.logs[1]
        high, low = max(one, other), min(one, other)
        return high + math.log1p(math.exp(max(low - high, -NEVER)))

    def score(self, before: int, last: int, word: int) -> float:
        """Log probability of a word behind two others, all by their numbers."""
        size = len(self.usual.words)
        known = [one if one < size else UNKNOWN for one in (before, last)]
        one = self.usual.score(known[0], known[1], word) if word < size else -NEVER
        mapped = self.of_domain[word]
        other = -NEVER
        if mapped != UNKNOWN or word == UNKNOWN:
            other = self.domain.score(self.of_domain[before], self.of_domain[last], mapped)
        return self._mixed(one, other)
