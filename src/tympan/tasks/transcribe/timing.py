"""Times of words: shared out over speech, moved, and kept within a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from tympan.tasks.results.transcript import Utterance, Word


def timed(words: Sequence[Word], speech: npt.NDArray[np.float32], frame_s: float) -> list[Word]:
    """Words without times, spread over the speech of their window in proportion to their letters.

    Args:
        words: in order.
        speech: probability of speech in each frame `(n,)`.
        frame_s: length of a frame.

    >>> speech = np.float32([0, 1, 1, 0, 0, 1, 1, 0])
    >>> words = timed([Word(0, 0, "ab"), Word(0, 0, "cd")], speech, 1.0)
    >>> [(w.start_s, w.end_s) for w in words]
    [(1.0, 3.0), (5.0, 7.0)]
    """
    letters = np.array([max(1, sum(c.isalnum() for c in w.text)) for w in words], float)
    weight = np.where(speech >= 0.3, 1.0, 0.0) if (speech >= 0.3).any() else np.ones(len(speech))
    spoken = np.concatenate([[0.0], np.cumsum(weight)])
    ends = np.concatenate([[0.0], np.cumsum(letters)]) / letters.sum() * spoken[-1]
    found = []
    for i, word in enumerate(words):
        # A word begins behind a pause, and ends before it.
        first = float(np.searchsorted(spoken, ends[i], "right") - 1)
        first = min(first, len(speech) - 1)
        first += ends[i] - spoken[int(first)]
        last = max(1.0, float(np.searchsorted(spoken, ends[i + 1] - 1e-9, "left")))
        last -= spoken[int(last)] - ends[i + 1] if spoken[int(last)] > ends[i + 1] else 0.0
        start_s, end_s = float(first * frame_s), float(max(first, last) * frame_s)
        found.append(replace(word, start_s=start_s, end_s=end_s, estimated=True))
    return found


def within(word: Word, duration_s: float) -> Word:
    """Samples that the resampler added at the end belong to no recording."""
    if word.end_s <= duration_s:
        return word
    return replace(word, start_s=min(word.start_s, duration_s), end_s=duration_s)


def of_word(word: Word, speaker: str) -> Utterance:
    """A word as an utterance of its own."""
    return Utterance(word.start_s, word.end_s, word.text, speaker, (word,), word.score)


def later(words: Sequence[Word], by_s: float) -> list[Word]:
    """The words, so much later.

    >>> later([Word(0, 1, "so")], 2.0)[0].end_s
    3.0
    """
    return [replace(w, start_s=w.start_s + by_s, end_s=w.end_s + by_s) for w in words]
