"""The parts of a text with marks for how it is to be spoken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class SsmlPiece:
    """A part of a text that is spoken in one way; or, without text, a pause or a mark.

    Attributes:
        text: what is spoken; a space at its end stands for the white space there.
        rate: how fast; 1 is the voice's own rate, 2 twice as fast.
        pitch_semitones: how much higher than the voice's own pitch.
        volume_db: how much louder; -120 is silence of the same length.
        pause_s: silence after the text; None: as the voice has it.
        voice: name of the voice; empty: the one that is used anyway.
        language: code of the language (BCP 47); empty: that of the voice.
        phonemes: how it is pronounced, in the International Phonetic Alphabet; None: by its text.
        say_as: what it is: `characters`, `digits`, `cardinal`, `ordinal`, `fraction`, `date`,
            `time`, `duration`, `telephone`, `currency`, `unit`, `address`; empty: not stated.
        say_as_format: of a date or a time, such as `mdy`.
        mark: a name whose time the caller wants to know.
        ends: `sentence` or `paragraph` where one ends behind the piece.
    """

    text: str = ""
    rate: float = 1.0
    pitch_semitones: float = 0.0
    volume_db: float = 0.0
    pause_s: float | None = None
    voice: str = ""
    language: str = ""
    phonemes: str | None = None
    say_as: str = ""
    say_as_format: str = ""
    mark: str = ""
    ends: str = ""


@dataclass(frozen=True)
class Ssml:
    """A text with marks, as pieces in order.

    Attributes:
        pieces: see `SsmlPiece`.
        warnings: what was not done as it was written, each a clause.
    """

    pieces: tuple[SsmlPiece, ...]
    warnings: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[SsmlPiece]:
        return iter(self.pieces)

    def __len__(self) -> int:
        return len(self.pieces)

    @property
    def text(self) -> str:
        """All that is spoken, without marks; paragraphs stand apart."""
        behind = {"": "", "sentence": " ", "paragraph": "\n\n"}
        parts = (one.text.strip() + behind[one.ends] if one.ends else one.text for one in self)
        return "".join(parts).strip()
