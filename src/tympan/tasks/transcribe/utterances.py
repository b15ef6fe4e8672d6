"""From words to utterances: what is said without a pause, by one speaker."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from tympan.tasks.results.parts import Segment
from tympan.tasks.results.transcript import Utterance, Word

# A longer pause between two words ends an utterance, and so does the end of a sentence.
PAUSE_S = 0.8
# An utterance that has no such end is divided at its longest pause.
LONGEST_S, MOST_CHARACTERS = 20.0, 300
# A word that no turn covers belongs to the nearest one, if it is so near.
NEAR_S = 1.0
_ENDS = (".", "?", "!", "…")


def text_of(words: Sequence[Word]) -> str:
    """Words as a text."""
    return " ".join(w.text for w in words)


def utterances(words: Sequence[Word]) -> list[Utterance]:
    """Words as utterances.

    >>> said = [Word(0, 1, "Good"), Word(1, 2, "morning."), Word(2, 3, "Hello.")]
    >>> [one.text for one in utterances(said)]
    ['Good morning.', 'Hello.']
    """
    groups: list[list[Word]] = []
    for word in words:
        last = groups[-1][-1] if groups else None
        if last is None or last.text.endswith(_ENDS) or word.start_s - last.end_s > PAUSE_S:
            groups.append([])
        groups[-1].append(word)
    return [_utterance(part) for group in groups for part in _parts(group)]


def _parts(words: list[Word]) -> list[list[Word]]:
    """A group that is too long, divided at its longest pauses."""
    long = words[-1].end_s - words[0].start_s > LONGEST_S or len(text_of(words)) > MOST_CHARACTERS
    if not long or len(words) < 4:
        return [words]
    edge = len(words) // 4
    pauses = [b.start_s - a.end_s for a, b in itertools.pairwise(words)][edge:-edge]
    middle = len(pauses) / 2
    best = max(range(len(pauses)), key=lambda i: (round(pauses[i], 2), -abs(i - middle)))
    cut = edge + best + 1
    return [*_parts(words[:cut]), *_parts(words[cut:])]


def _utterance(words: Sequence[Word], speaker: str = "") -> Utterance:
    scores = [w.score for w in words if w.score is not None]
    score = float(np.mean(scores)) if scores else None
    start_s, end_s = words[0].start_s, max(w.end_s for w in words)
    return Utterance(start_s, end_s, text_of(words), speaker, tuple(words), score)


def by_speaker(words: Sequence[Word], turns: Sequence[Segment]) -> list[Utterance]:
    """Words as utterances, each of one speaker.

    Args:
        words: in order of time.
        turns: whose turn it is when; a word belongs to the turn that has most of it.

    >>> turns = [Segment(0, 2, "Ann", 0.8), Segment(2, 4, "Bob", 0.8)]
    >>> said = [Word(0, 1, "Are"), Word(1, 2, "you?"), Word(2.1, 3, "Yes")]
    >>> [(one.speaker, one.text) for one in by_speaker(said, turns)]
    [('Ann', 'Are you?'), ('Bob', 'Yes')]
    """
    names = _smoothed([_speaker_of(w, turns) for w in words], words)
    found: list[Utterance] = []
    pairs = zip(words, names, strict=True)
    for name, group in itertools.groupby(pairs, key=lambda pair: pair[1]):
        own = [word for word, _ in group]
        found += [_utterance(one.words, name) for one in utterances(own)]
    return found


def _speaker_of(word: Word, turns: Sequence[Segment]) -> str:
    """Whose turn has most of a word; empty: nobody's is near."""
    best, name = -NEAR_S, ""
    for turn in turns:
        shared_s = min(word.end_s, turn.end_s) - max(word.start_s, turn.start_s)
        if shared_s > best:
            best, name = shared_s, turn.label
    return name


def _smoothed(names: list[str], words: Sequence[Word]) -> list[str]:
    """Without single words of another speaker in the midst of a sentence."""
    found = list(names)
    for i in range(1, len(names) - 1):
        ends = words[i - 1].text.endswith(_ENDS) or words[i].text.endswith(_ENDS)
        if not ends and found[i - 1] == names[i + 1] != names[i]:
            found[i] = found[i - 1]
    return found
