"""What `read` gives: sentences of words with their phonemes and places in the text."""

from __future__ import annotations

from dataclasses import dataclass

MARKS = ".,;:?!—…"
"""The punctuation that an acoustic net sees."""
ENDS = ".?!…"
"""What a sentence may end in."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word as it is spoken.

    Attributes:
        text: the word as spoken: `"twenty"` for a part of "20".
        phonemes: how it sounds, one character a phoneme, without punctuation.
        start: first character of the original text that it came from.
        end: the character after the last one; several words may come from the same characters.
        mark: the punctuation after it, one of `. , ; : ? ! — …`, or "".
    """

    text: str
    phonemes: str
    start: int
    end: int
    mark: str = ""


@dataclass(frozen=True, slots=True)
class SpokenSentence:
    """A sentence as it is spoken, or a part of a long one.

    Attributes:
        words: its words; none if nothing in this text can be spoken.
        text: the original text.
        start: its first character in the original text.
        end: the character after its last one.
        pause_s: silence that belongs after it, in seconds.
        unspoken: what was left out, as it stands in the text (control characters as `U+0007`).
        paragraph_end: whether a paragraph ends here.
    """

    words: tuple[SpokenWord, ...]
    text: str
    start: int
    end: int
    pause_s: float
    unspoken: tuple[str, ...] = ()
    paragraph_end: bool = False

    @property
    def phonemes(self) -> str:
        """What an acoustic net takes: words joined by one space, with their punctuation.

        >>> hello = SpokenWord("hello", "həlˈO", 0, 5, ",")
        >>> you = SpokenWord("you", "ju", 7, 10, ".")
        >>> SpokenSentence((hello, you), "Hello, you", 0, 10, 0.3).phonemes
        'həlˈO, ju.'
        """
        return " ".join(word.phonemes + word.mark for word in self.words)
