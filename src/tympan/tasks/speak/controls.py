"""How the words of a sentence are spoken: SSML's rate, pitch and volume, word by word."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tympan.text import Lexicon, SpokenSentence, SsmlPiece


@dataclass(frozen=True)
class Control:
    """How a word is spoken, beside how the voice would.

    Attributes:
        rate: 2 is twice as fast.
        pitch: semitones higher.
        volume_db: louder.
    """

    rate: float = 1.0
    pitch: float = 0.0
    volume_db: float = 0.0


@dataclass(frozen=True)
class Controlled:
    """A sentence, or a pause, of a marked-up text.

    Attributes:
        sentence: what is spoken; None for a pause alone.
        controls: how each of its words is spoken.
        speaker: who speaks; empty: the one that speaks anyway.
        pause_s: silence instead of the sentence's own pause; None: its own.
        warnings: what was not done as it was written.
    """

    sentence: SpokenSentence | None
    controls: tuple[Control, ...] = ()
    speaker: str = ""
    pause_s: float | None = None
    warnings: tuple[str, ...] = ()


# IPA → the alphabet of `tympan.text`, the longest first.
IPA = (
    ("t͡ʃ", "ʧ"), ("d͡ʒ", "ʤ"), ("aɪ", "I"), ("aʊ", "W"), ("dʒ", "ʤ"), ("eɪ", "A"), ("oʊ", "O"),
    ("əʊ", "O"), ("tʃ", "ʧ"), ("ɔɪ", "Y"), ("ɚ", "əɹ"), ("ɝ", "ɜɹ"), ("əl", "ᵊl"), ("ɐ", "ə"),
    ("r", "ɹ"), ("ɾ", "T"), ("ʔ", "t"), ("ː", ""), ("g", "ɡ"), ("ɫ", "l"), ("ɒ", "ɑ"),
)  # fmt: skip
PLACEHOLDER = "word"
VOWELS = frozenset("AIOWYiuæɑɔəɛɜɪʊʌᵊᵻɐ")


def from_ipa(phonemes: str) -> str:
    """Phonemes of the International Phonetic Alphabet in that of `tympan.text`.

    There a stress mark stands before the vowel, in IPA before its syllable.

    >>> from_ipa("təˈmeɪtoʊ")
    'təmˈAtO'
    """
    for ours, its in IPA:
        phonemes = phonemes.replace(ours, its)
    found, stress = "", ""
    for char in phonemes:
        if char in "ˈˌ":
            stress = char
        elif char in VOWELS:
            found, stress = found + stress + char, ""
        elif char not in ". ͡":
            found += char
    return found


def spelled(text: str, say_as: str) -> str:
    """A text as `say-as` wants it read.

    >>> spelled("AB1", "characters"), spelled("1984", "digits"), spelled("3", "ordinal")
    ('A. B. 1.', '1 9 8 4', '3rd')
    """
    plain = text.strip()
    if say_as == "characters":
        return " ".join(f"{char.upper()}." for char in plain if not char.isspace())
    if say_as in ("digits", "telephone"):
        return " ".join(char for char in plain if char.isalnum())
    if say_as == "ordinal" and plain.isdigit():
        ending = {1: "st", 2: "nd", 3: "rd"}.get(int(plain[-1]) if plain[-2:-1] != "1" else 0, "th")
        return f"{plain}{ending}"
    return text


def controlled(text: str, language: str, lexicon: Lexicon | None) -> Iterator[Controlled]:
    """The sentences and pauses of a text in SSML.

    Args:
        text: the SSML.
        language: of the text.
        lexicon: pronunciations that come before our own.

    Raises:
        ArgumentError: it is no SSML.
    """
    from tympan.text import read_ssml

    found = read_ssml(text)
    warnings = tuple(found.warnings)
    run: list[SsmlPiece] = []
    for piece in found:
        if piece.text.strip():
            if run and run[-1].voice != piece.voice:
                yield from _sentences(run, language, lexicon, warnings)
                run, warnings = [], ()
            run.append(piece)
        if run and (piece.ends or piece.pause_s is not None):
            yield from _sentences(run, language, lexicon, warnings, piece.pause_s)
            run, warnings = [], ()
        elif piece.pause_s is not None:
            yield Controlled(None, pause_s=piece.pause_s, warnings=warnings)
            warnings = ()
    if run:
        yield from _sentences(run, language, lexicon, warnings)


def _sentences(
    run: Sequence[SsmlPiece],
    language: str,
    lexicon: Lexicon | None,
    warnings: tuple[str, ...],
    pause_s: float | None = None,
) -> Iterator[Controlled]:
    """The sentences of pieces that follow one another, each word with how it is spoken."""
    from tympan.text import read

    joined, ends, given = "", [], {}
    for number, piece in enumerate(run):
        text = spelled(piece.text, piece.say_as)
        if piece.phonemes is not None:
            sounds, reason = pronounced(piece.phonemes, language)
            if sounds:
                # A word of its own, whatever is written, so that its place can be found again.
                given[number] = sounds
                text = f"{PLACEHOLDER} " if text.endswith(" ") else PLACEHOLDER
            else:
                warnings += (f"phonemes of {text.strip()!r} are not followed: {reason}",)
        if joined and (number in given or number - 1 in given):
            # Nothing grows together with it.
            text = f" {text.lstrip('-')}" if text[0].isalnum() or text[0] == "-" else text
        joined += text
        ends.append(len(joined))
    last: Controlled | None = None
    for sentence in read(joined, language, lexicon=lexicon):
        if last is not None:
            yield last
        if given:
            sentence = _pronounced(sentence, run, ends, given)
        controls = tuple(_control(run, ends, word.start) for word in sentence.words)
        last = Controlled(sentence, controls, run[0].voice, warnings=warnings)
        warnings = ()
    if last is not None:
        yield replace(last, pause_s=pause_s)


def pronounced(ipa: str, language: str) -> tuple[str, str]:
    """Phonemes of `tympan.text` for those in IPA, or none and the reason.

    >>> pronounced("həˈloʊ", "en"), pronounced("ø", "en")
    (('həlˈO', ''), ('', "'ø' is no phoneme of 'en'"))
    """
    from tympan.text import PHONEMES
    from tympan.text.sentence import MARKS

    sounds = from_ipa(ipa) if language == "en" else ipa
    sounds = "".join(char for char in sounds if not char.isspace())
    foreign = [char for char in sounds if char not in PHONEMES[language] or char in MARKS]
    if foreign:
        return "", f"{foreign[0]!r} is no phoneme of {language!r}"
    return (sounds, "") if sounds.strip("ˈˌ") else ("", "there are none")


def _pronounced(
    sentence: SpokenSentence,
    run: Sequence[SsmlPiece],
    ends: Sequence[int],
    given: Mapping[int, str],
) -> SpokenSentence:
    """The sentence with the phonemes that were given for its pieces."""
    words, text, place = [], "", 0
    for word in sentence.words:
        number = _piece(ends, word.start)
        if number in given:
            word = replace(word, text=run[number].text.strip(), phonemes=given[number])
            # A subtitle shows what was written, not the placeholder.
            text += sentence.text[place : word.start - sentence.start] + word.text
            place = word.end - sentence.start
        words.append(word)
    return replace(sentence, words=tuple(words), text=text + sentence.text[place:])


def _piece(ends: Sequence[int], at: int) -> int:
    """The number of the piece that a character lies in."""
    return min(bisect_right(ends, at), len(ends) - 1)


def _control(run: Sequence[SsmlPiece], ends: Sequence[int], at: int) -> Control:
    """How the piece is spoken that a character lies in."""
    piece = run[_piece(ends, at)]
    return Control(piece.rate, piece.pitch_semitones, piece.volume_db)
