"""What every recogniser of speech is: engines of other packages, and tympan's own.

A recogniser takes one short wave and gives the words in it. Where speech is, how a long recording
is cut, how the pieces are joined, and what is left out is the same for all of them, and is done
around them, see `tympan.tasks.transcribe.session`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from tympan.errors import ArgumentError
from tympan.tasks.results.transcript import Word

Wave = npt.NDArray[np.float32]
RATE_HZ = 16000


class Recogniser(Protocol):
    """Gives the words of a short wave.

    Attributes:
        name: as answers call it.
        rate_hz: rate of the waves that it takes.
        longest_s: the longest wave that it takes.
        languages: codes (ISO 639) of the languages that it knows, the usual one first.
        gives_times: whether it says when each word begins and ends; else they are estimated, and
            its words say so (`Word.estimated`).
    """

    name: str
    rate_hz: int
    longest_s: float
    languages: tuple[str, ...]
    gives_times: bool

    def words(
        self, wave: Wave, *, hot_words: Sequence[str] = (), language: str | None = None
    ) -> list[Word]:
        """The words of a wave `(t,)` in their order, with times in seconds from its beginning.

        It may be called from several threads at once. A word's text is as it is written, with the
        punctuation that belongs to it; joined by spaces, the words are the text.

        Args:
            wave: at most `longest_s`, at `rate_hz`, within −1 … 1.
            hot_words: words and names that are likely; a recogniser that cannot use them ignores
                them.
            language: one of `languages`; None: the usual one, or the one that is heard.

        Raises:
            ArgumentError: another language.
        """
        ...


def check_language(name: str, language: str | None, known: Sequence[str]) -> None:
    """Refuse a language that a recogniser called `name` does not know.

    Raises:
        ArgumentError: it is not known.

    >>> check_language("mine", "de", ("en",))
    Traceback (most recent call last):
    tympan.errors.ArgumentError: mine does not know the language 'de' (it knows en)
    """
    if language is None or language in known:
        return
    few = ", ".join(known[:12]) + (" …" if len(known) > 12 else "")
    what = f"{name} does not know the language {language!r}"
    raise ArgumentError(what, fix=f"it knows {few}", option="language")


@runtime_checkable
class Aligns(Protocol):
    """A recogniser that can also say when given words are spoken, as a CTC model can."""

    def align(self, wave: Wave, words: Sequence[str]) -> list[Word]:
        """The same words with their times in a wave `(t,)`, and how sure each is."""
        ...


@runtime_checkable
class DetectsLanguage(Protocol):
    """A recogniser of several languages that can say which one is spoken."""

    def detect(self, wave: Wave) -> str:
        """The code of the language that is spoken in a wave `(t,)`."""
        ...


def spread(text: str, start_s: float, end_s: float, score: float | None = None) -> list[Word]:
    """The words of a text that was heard at once, with estimated times.

    Args:
        text: what was heard.
        start_s: where it begins.
        end_s: where it ends; each word gets a share of the time in proportion to its letters.
        score: how sure it is.

    >>> [(w.text, w.start_s, w.end_s) for w in spread("I see.", 0.0, 1.0)]
    [('I', 0.0, 0.25), ('see.', 0.25, 1.0)]
    """
    words = text.split()
    letters = [max(1, sum(c.isalnum() for c in word)) for word in words]
    ends = np.cumsum([0, *letters]) / max(1, sum(letters))
    times = (start_s + (end_s - start_s) * ends).tolist()
    return [Word(times[i], times[i + 1], word, score, True) for i, word in enumerate(words)]
