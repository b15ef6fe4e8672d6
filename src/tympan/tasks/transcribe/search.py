"""From phonemes to words: a beam search through a tree of words, with a language model.

Tokens pass through the tree as CTC's phonemes come (Young, Russell, Thornton, *Token passing*,
1989; the sums over alignments are those of Hannun et al., *First-pass large vocabulary continuous
speech recognition using bi-directional recurrent DNNs*, 2014). `pyctcdecode`, which does the like
for characters, is not kept up (no NumPy 2) and has no tree of phonemes; so it is done here.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tympan.tasks.transcribe.language_model import START, WordScores
from tympan.tasks.transcribe.net import BLANK
from tympan.tasks.transcribe.tree import HOT, HotWords, Node

Values = npt.NDArray[np.float32]
NEVER = -1e9
# The last two words, the place in the tree, the last phoneme.
_Place = tuple[int, int, int, int]


@dataclass(frozen=True)
class SearchConfig:
    """How words are searched.

    Attributes:
        language_weight: weight of the language model beside the net.
        word_bonus: added for each word, in nepers.
        beam: tokens that are kept.
        width: a token so many nepers below the best is dropped.
        least: phonemes less likely than this, in nepers, are not followed.
        silent: where the blank is as likely as this, in nepers, nothing but it is followed.
    """

    language_weight: float = 0.6
    word_bonus: float = 0.0
    beam: int = 250
    width: float = 22.0
    least: float = -7.0
    silent: float = -0.01


@dataclass(frozen=True, slots=True)
class _Chain:
    """A word, its phonemes, and the words before it.

    Attributes:
        number: of the word.
        sounds: its phonemes.
        before: what was before it.
        key: the same of all chains of the same words.
        language: what the language model and the bonus make of this word.
    """

    number: int
    sounds: tuple[int, ...]
    before: _Chain | None
    key: int
    language: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """Words that may have been said.

    Attributes:
        score: log probability of net, language model and bonus together.
        language: the part of the language model and the bonus.
        words: numbers of the words, each with the numbers of its phonemes.
    """

    score: float
    language: float
    words: tuple[tuple[int, tuple[int, ...]], ...]


@dataclass(slots=True)
class _Token:
    """A place in the tree, with the words before it.

    Attributes:
        blank: log probability of all alignments that end in a blank.
        sound: of those that end in the last phoneme.
        score: of the words: language model and bonus.
        node: the place.
        words: the last one, with those before it.
        before, last: numbers of the last two words, as the language model knows them.
    """

    blank: float
    sound: float
    score: float
    node: Node
    words: _Chain | None
    before: int
    last: int

    def total(self) -> float:
        return added(self.blank, self.sound) + self.score


def added(a: float, b: float) -> float:
    """The logarithm of the sum of two numbers whose logarithms are given.

    >>> round(added(math.log(2), math.log(3)), 6) == round(math.log(5), 6)
    True
    """
    if a < b:
        a, b = b, a
    return a if b < a - 20 else a + math.log1p(math.exp(b - a))


class WordSearch:
    """Searches the words of one recording.

    Args:
        root: the tree of words.
        model: the language model, with the numbers of the tree.
        config: how.
        hot: words that are likely.
    """

    def __init__(
        self,
        root: Node,
        model: WordScores,
        config: SearchConfig,
        hot: HotWords | None = None,
    ) -> None:
        self.root, self.model, self.config, self.hot = root, model, config, hot
        self.roots = [root] if hot is None else [root, hot.root]
        first = _Token(0.0, NEVER, 0.0, root, None, START, START)
        self.tokens: dict[_Place, _Token] = {(START, START, id(root), 0): first}
        self._keys: dict[tuple[int, int], int] = {}
        # Chains that gave way to another one of the same last words, and by how much.
        self._others: dict[int, dict[int, tuple[float, _Chain]]] = {}

    def push(self, scores: Values) -> None:
        """Take the log probabilities of the next answers, `(m, k)`."""
        for row in scores.tolist():
            if row[BLANK] > self.config.silent:
                self._only_blank(row[BLANK])
            else:
                self._advance(row)
                self._prune()

    def _only_blank(self, chance: float) -> None:
        for token in self.tokens.values():
            token.blank, token.sound = added(token.blank, token.sound) + chance, NEVER

    def _advance(self, row: Sequence[float]) -> None:
        """All tokens one answer further."""
        config, root = self.config, self.root
        likely = {i: p for i, p in enumerate(row) if p > config.least and i != BLANK}
        blank, weight = row[BLANK], config.language_weight
        new: dict[_Place, _Token] = {}
        for key, token in self.tokens.items():
            total = added(token.blank, token.sound)
            stays = key[3] in likely
            self._put(new, key, total + blank, NEVER, token)
            if stays:
                self._put(new, key, NEVER, token.sound + likely[key[3]], token)
            at_root = token.node is root
            for start in self.roots if at_root else (token.node,):
                for sound, chance in likely.items():
                    node = start.children.get(sound)
                    if node is None:
                        continue
                    come = (token.blank if sound == key[3] else total) + chance
                    if come < NEVER / 2:
                        continue
                    # Of a word that is not over, the likeliest that it may become counts.
                    base = token.score - (0.0 if at_root else weight * token.node.best)
                    if node.children:
                        moved = _Token(
                            NEVER, come, base + weight * node.best, node, token.words,
                            token.before, token.last,
                        )  # fmt: skip
                        inside = (token.before, token.last, id(node), sound)
                        self._put(new, inside, NEVER, come, moved)
                    for word in node.words:
                        self._end(new, token, word, node, sound, come, base)
        self.tokens = new

    def _end(
        self, new: dict[_Place, _Token], token: _Token, word: int, node: Node, sound: int,
        come: float, base: float,
    ) -> None:  # fmt: skip
        """A token at the end of a word is one at the root again."""
        model, config = self.model, self.config
        number, score = word, NEVER
        if self.hot is not None and word in self.hot.texts:
            number, score = self.hot.known[word], HOT
        score = max(score, model.score(token.before, token.last, number))
        score = base + config.language_weight * score + config.word_bonus
        words = self._chain(word, node, token.words, score - base)
        ended = _Token(NEVER, come, score, self.root, words, token.last, number)
        self._put(new, (token.last, number, id(self.root), sound), NEVER, come, ended)

    def _chain(self, word: int, node: Node, before: _Chain | None, language: float) -> _Chain:
        key = (0 if before is None else before.key, word)
        number = self._keys.setdefault(key, len(self._keys) + 1)
        return _Chain(word, node.sounds, before, number, language)

    def _put(
        self, new: dict[_Place, _Token], key: _Place,
        blank: float, sound: float, like: _Token,
    ) -> None:  # fmt: skip
        """Add probabilities to the token of a place, which takes the words of the likelier."""
        found = new.get(key)
        if found is None:
            new[key] = _Token(
                blank, sound, like.score, like.node, like.words, like.before, like.last
            )
            return
        # Both count with their words' scores; what is kept is relative to that of the likelier.
        more = like.score - found.score
        ours, theirs = found.words, like.words
        if ours is not None and theirs is not None and ours.key != theirs.key:
            apart = added(found.blank, found.sound) - added(blank, sound) - more
            self._remember(ours, theirs, apart)
        if max(blank, sound) + more > max(found.blank, found.sound):
            found.blank, found.sound = found.blank - more, found.sound - more
            found.score, found.words, more = like.score, like.words, 0.0
        found.blank, found.sound = (
            added(found.blank, blank + more),
            added(found.sound, sound + more),
        )

    def _remember(self, one: _Chain, other: _Chain, apart: float) -> None:
        """Of two tokens that go on as one, the less likely one's words, and by how much."""
        better, worse = (one, other) if apart > 0 else (other, one)
        known = self._others.setdefault(better.key, {})
        if worse.key not in known or known[worse.key][0] > abs(apart):
            known[worse.key] = abs(apart), worse

    def _prune(self) -> None:
        if len(self.tokens) <= 1:
            return
        ranked = [(token.total(), key) for key, token in self.tokens.items()]
        ranked.sort(key=lambda one: one[0], reverse=True)
        lowest = ranked[0][0] - self.config.width
        kept = [key for total, key in ranked[: self.config.beam] if total > lowest]
        self.tokens = {key: self.tokens[key] for key in kept}

    def best(self) -> Candidate:
        """The likeliest words by now; a word that is not over is left out."""
        return self.several(1)[0]

    def several(self, count: int) -> list[Candidate]:
        """The likeliest answers by now, the best first.

        Where tokens went on as one, the words of the other are as much less likely as it was then
        (Schwartz, Austin, *A comparison of several approximate algorithms for finding multiple
        (N-best) sentence hypotheses*, 1991).

        Args:
            count: at most so many; one at least is found.
        """
        over = [one for one in self.tokens.values() if one.node is self.root]
        turn = itertools.count()
        waiting: list[tuple[float, int, _Chain | None, tuple[_Chain, ...]]] = [
            (-one.total(), next(turn), one.words, ()) for one in over or self.tokens.values()
        ]
        heapq.heapify(waiting)
        found: dict[tuple[int, ...], Candidate] = {}
        seen = set()
        while waiting and len(found) < count:
            cost, _, chain, behind = heapq.heappop(waiting)
            text = tuple(one.number for one in behind)
            if chain is None:
                words = tuple((one.number, one.sounds) for one in behind)
                language = sum(one.language for one in behind)
                found.setdefault(text, Candidate(-cost, language, words))
            elif (chain.key, text) not in seen:
                seen.add((chain.key, text))
                heapq.heappush(waiting, (cost, next(turn), chain.before, (chain, *behind)))
                for apart, other in self._others.get(chain.key, {}).values():
                    heapq.heappush(waiting, (cost + apart, next(turn), other, behind))
        return list(found.values())

    def text(self, word: int) -> str:
        """How a word is written."""
        hot = {} if self.hot is None else self.hot.texts
        return hot.get(word) or self.model.words[word]
