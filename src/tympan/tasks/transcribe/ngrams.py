"""How likely words are behind two others, counted in texts.

Kneser and Ney's lower orders (*Improved backing-off for m-gram language modeling*, ICASSP 1995),
written as a model that backs off, see `tympan.tasks.transcribe.language_model`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from tympan.tasks.transcribe.language_model import START, UNKNOWN, LanguageModel

DISCOUNT = 0.75
Grams = Mapping[tuple[int, ...], float]


def learned(
    sentences: Iterable[Sequence[str]],
    sounds: Mapping[str, str],
    *,
    least_pairs: int = 1,
    least_triples: int = 1,
) -> LanguageModel:
    """Count words in sentences.

    Args:
        sentences: each its words.
        sounds: the vocabulary: word → its pronunciations, with `|` between them.
        least_pairs: pairs of words that are met less often are not kept.
        least_triples: likewise of three words.

    >>> model = learned([["no", "no", "yes"]], {"no": "nO", "yes": "jɛs"})
    >>> no = model.words.index("no")
    >>> everything = sum(np.exp(model.score(START, no, w)) for w in range(1, len(model.words)))
    >>> bool(abs(everything - 1) < 1e-9)
    True
    """
    words = ("", "?", *sorted(sounds))
    number = {word: i for i, word in enumerate(words)}
    pairs: Counter[tuple[int, ...]] = Counter()
    triples: Counter[tuple[int, ...]] = Counter()
    for sentence in sentences:
        line = [START, START, *(number.get(one, UNKNOWN) for one in sentence)]
        pairs.update(pairwise(line[1:]))
        triples.update(zip(line, line[1:], line[2:], strict=False))
    # Of the lower orders counts in how many ways a word comes (Kneser and Ney).
    ways_of_pair = Counter(triple[1:] for triple in triples)
    ways = Counter(pair[1] for pair in pairs)
    counts = np.array([0.0] + [ways.get(i, 0) + 0.05 for i in range(1, len(words))])
    with np.errstate(divide="ignore"):
        single = np.log(counts / counts.sum())
    single[START] = -99.0
    lower: dict[tuple[int, ...], float] = {
        (i,): float(np.exp(single[i])) for i in range(len(words))
    }
    kept2 = {gram: c for gram, c in ways_of_pair.items() if pairs[gram] >= least_pairs}
    two, weights2 = _order(ways_of_pair, kept2, lower, lambda gram: (gram[-1],))
    kept3 = {g: c for g, c in triples.items() if c >= least_triples and g[1:] in two}
    three, weights3 = _order(
        triples, kept3, two, lambda gram: gram[1:],
        lambda gram: lower[gram[-1:]] * weights2.get(gram[:1], 1.0),
    )  # fmt: skip
    size = len(words)
    chances = {a * size + b: float(np.log(p)) for (a, b), p in two.items()}
    for (a, b, c), p in three.items():
        chances[(a * size + b + size) * size + c] = float(np.log(p))
    weights = {h: float(np.log(w)) for (h,), w in weights2.items()}
    weights |= {size + a * size + b: float(np.log(w)) for (a, b), w in weights3.items()}
    said = tuple(tuple(filter(None, sounds.get(one, "").split("|"))) for one in words)
    return LanguageModel(words, said, single.tolist(), chances, weights)


def _order(
    counts: Mapping[tuple[int, ...], int],
    kept: Mapping[tuple[int, ...], int],
    lower: Grams,
    shorter: Any,
    backed_off: Any = None,
) -> tuple[dict[tuple[int, ...], float], dict[tuple[int, ...], float]]:
    """Probabilities of the n-grams that are kept, and the weights of their histories.

    Args:
        counts: of all n-grams.
        kept: those that get a probability of their own.
        lower: probabilities of the next lower order.
        shorter: an n-gram → the one without its first word.
        backed_off: the probability of a lower order that is not among `lower`.
    """
    total: Counter[tuple[int, ...]] = Counter()
    kinds: Counter[tuple[int, ...]] = Counter()
    for gram, count in counts.items():
        total[gram[:-1]] += count
        kinds[gram[:-1]] += 1

    def below(gram: tuple[int, ...]) -> float:
        found = lower.get(shorter(gram))
        return found if found is not None else float(backed_off(gram[1:]))

    found: dict[tuple[int, ...], float] = {}
    own: Counter[tuple[int, ...]] = Counter()
    taken: Counter[tuple[int, ...]] = Counter()
    for gram, count in kept.items():
        history = gram[:-1]
        share = DISCOUNT * kinds[history] / total[history]
        found[gram] = (count - DISCOUNT) / total[history] + share * below(gram)
        own[history] += found[gram]  # type: ignore[assignment]
        taken[history] += below(gram)  # type: ignore[assignment]
    weights = {
        history: max(1e-6, 1 - own[history]) / max(1e-6, 1 - taken[history]) for history in own
    }
    return found, weights
