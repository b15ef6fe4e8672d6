"""Hot words: words and names that are likely, for recognisers that cannot be told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from tympan.tasks.results.transcript import Word
from tympan.tasks.transcribe.seams import plain

# Two words sound alike where so small a share of their sounds differs.
ALIKE = 0.2
# Of words with fewer sounds, all must be the same.
LEAST_SOUNDS = 5
# Vowels are heard one for the other more often than consonants.
VOWEL = 0.5
_VOWELS = frozenset("aeiouæɑɐɒɔəɚɛɜɪʊʌᵊᵻAIOWY")
_STRESSES = frozenset("ˈˌ")
# A word that was heard with this confidence is left as it is, unless it sounds just the same.
SURE = 0.95
MOST_WORDS = 3


def split_hot_words(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """Hot words as they are given: a text with commas between them, or a list.

    >>> split_hot_words("tympan, Ms. Nguyen")
    ('tympan', 'Ms. Nguyen')
    """
    if text is None:
        return ()
    parts = text.split(",") if isinstance(text, str) else text
    return tuple(dict.fromkeys(" ".join(one.split()) for one in parts if one.strip()))


def with_hot_words(words: Sequence[Word], hot_words: Sequence[str]) -> list[Word]:
    """Words, those that sound like a hot word written as that.

    What a hot word sounds like is the house's own reading of English (`tympan.text`); a name that
    is heard as several words is found too. Edit distance of phonemes, not of letters.

    Args:
        words: as they were heard.
        hot_words: how they should be written.

    >>> heard = [Word(0, 1, "The"), Word(1, 2, "tim"), Word(2, 3, "pan.")]
    >>> [w.text for w in with_hot_words(heard, ["tympan"])]
    ['The', 'tympan.']
    """
    if not hot_words:
        return list(words)
    found: list[Word] = []
    at = 0
    while at < len(words):
        hit = _hit(words, at, hot_words)
        if hit is None:
            found.append(words[at])
            at += 1
            continue
        size, text = hit
        last = words[at + size - 1]
        tail = last.text[len(last.text.rstrip(".,;:?!…")) :]
        found.append(replace(words[at], end_s=last.end_s, text=text + tail))
        at += size
    return found


def _hit(words: Sequence[Word], at: int, hot_words: Sequence[str]) -> tuple[int, str] | None:
    """How many words from one on sound like a hot word, and which; None: they do not."""
    best: tuple[float, int, str] | None = None
    for size in range(1, min(MOST_WORDS, len(words) - at) + 1):
        group = words[at : at + size]
        said = " ".join(w.text for w in group)
        sure = min((w.score for w in group if w.score is not None), default=0.0) >= SURE
        for hot in hot_words:
            if plain(said) == plain(hot):
                apart = 0.0
            else:
                apart = sound_distance(sounds_of_text(said), sounds_of_text(hot))
                exact = sure or len(sounds_of_text(hot)) < LEAST_SOUNDS
                if apart > (0.0 if exact else ALIKE):
                    continue
            # Of equal ones that of more words.
            if best is None or (apart, -size) < (best[0], -best[1]):
                best = (apart, size, hot)
    return None if best is None else (best[1], best[2])


@lru_cache(maxsize=4096)
def sounds_of_text(text: str) -> str:
    """Phonemes of an English text, without stress and pauses.

    >>> sounds_of_text("Tea!")
    'ti'
    """
    from tympan.text import read

    spoken = " ".join(one.phonemes for one in read(text, "en"))
    return "".join(c for c in spoken if c.isalpha() and c not in _STRESSES)


def sound_distance(a: str, b: str) -> float:
    """Share of the phonemes that differ (Levenshtein's distance over the longer length).

    Vowels are heard one for the other more often than consonants, and differ by half.

    >>> sound_distance("ti", "ti"), sound_distance("tik", "tok")
    (0.0, 0.16666666666666666)
    """
    if abs(len(a) - len(b)) > ALIKE * max(len(a), len(b), 1):
        return 1.0
    row = [float(j) for j in range(len(b) + 1)]
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], float(i)
        for j, y in enumerate(b, 1):
            other = 0.0 if x == y else VOWEL if {x, y} <= _VOWELS else 1.0
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + other)
    return row[-1] / max(len(a), len(b), 1)
