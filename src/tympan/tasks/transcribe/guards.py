"""What recognisers write though nobody said it: loops, too much text, stock phrases."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tympan.tasks.results.transcript import Word
from tympan.tasks.transcribe.seams import plain

# Whisper's own bound: text that shrinks more has loops in it (Radford et al., 2022, section 4.5).
MOST_RATIO = 2.4
# A text that is shorter shrinks little whatever it says.
LEAST_BYTES = 60
# A phrase of up to so many words that comes so often without a break, with so many words in all.
LONGEST_PHRASE, MOST_TIMES, LEAST_WORDS = 10, 4, 8
# Nobody says more: records of fast speech are at 10 words a second.
WORDS_PER_S = 9.0
# What models learned from subtitles of films; dropped where hardly anything was said.
STOCK = frozenset(
    ("you", "thank you", "thanks for watching", "thank you for watching", "bye", "the end", "so")
)
LITTLE_S, UNSURE = 0.6, 0.6
# A word that has times, and no speech within them.
NO_SPEECH, AROUND_S = 0.06, 0.25
# In windows of real speech, also in noise as loud, some frame is surer of being speech than this.
SURE_SPEECH = 0.9
INVENTED = "text without speech was left out"


@dataclass(frozen=True)
class Guarded:
    """What is left of the words of a window.

    Attributes:
        words: those that were kept.
        reason: why others were not, for a warning; empty: all were.
        again: it may come out better in smaller windows.
    """

    words: list[Word]
    reason: str = ""
    again: bool = False


def guarded(
    words: Sequence[Word], speech: npt.NDArray[np.float32], frame_s: float, *, times: bool
) -> Guarded:
    """The words of a window that can have been said.

    Args:
        words: with times from the beginning of the window.
        speech: probability of speech in each frame `(n,)`.
        frame_s: length of a frame.
        times: whether the times of words were found, not estimated.
    """
    speech_s = float((speech >= 0.3).sum()) * frame_s
    scores = [w.score for w in words if w.score is not None]
    said = " ".join(plain(w.text) for w in words)
    unsure = bool(scores) and float(np.mean(scores)) < UNSURE
    if said in STOCK and (speech_s < LITTLE_S or unsure) and speech.max(initial=0.0) < SURE_SPEECH:
        return Guarded([], INVENTED)
    kept = without_loops(words)
    if len(kept) < len(words):
        return Guarded(kept, "words that came over and over were left out", again=True)
    if compression_ratio(said) > MOST_RATIO:
        return Guarded([], "a text that repeats itself was left out", again=True)
    if len(words) > 4 and len(words) > WORDS_PER_S * (speech_s + 0.5):
        return Guarded([], "more text than can be said in its time was left out", again=True)
    if not times:
        return Guarded(kept)
    heard = [w for w in kept if _spoken(w, speech, frame_s)]
    reason = INVENTED if len(heard) < len(kept) else ""
    return Guarded(heard, reason)


def _spoken(word: Word, speech: npt.NDArray[np.float32], frame_s: float) -> bool:
    """Whether there is any speech at, or just beside, a word."""
    first = max(0, int((word.start_s - AROUND_S) / frame_s))
    last = int((word.end_s + AROUND_S) / frame_s) + 1
    return float(speech[first:last].max(initial=0.0)) >= NO_SPEECH or first >= len(speech)


def compression_ratio(text: str) -> float:
    """How much a text shrinks; 1 where it is too short to tell.

    >>> compression_ratio("so it goes " * 30) > 5, compression_ratio("so it goes")
    (True, 1.0)
    """
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if len(raw) >= LEAST_BYTES else 1.0


def without_loops(words: Sequence[Word]) -> list[Word]:
    """The words, a phrase that comes over and over once alone.

    >>> said = "I see " + "no more of it " * 5 + "today"
    >>> " ".join(w.text for w in without_loops([Word(0, 0, t) for t in said.split()]))
    'I see no more of it today'
    """
    texts = [plain(w.text) for w in words]
    found: list[Word] = []
    at = 0
    while at < len(words):
        size, times = _loop(texts, at)
        found += words[at : at + size]
        at += size * times
    return found


def _loop(texts: Sequence[str], at: int) -> tuple[int, int]:
    """Length of a phrase that is repeated from a word on, and how often; (1, 1): none is."""
    for size in range(1, LONGEST_PHRASE + 1):
        phrase, times = texts[at : at + size], 1
        while len(phrase) == size and texts[at + size * times : at + size * (times + 1)] == phrase:
            times += 1
        if times >= MOST_TIMES and size * times >= LEAST_WORDS:
            return size, times
    return 1, 1
