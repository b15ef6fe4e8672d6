"""Text to spoken sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Protocol

from tympan._words import listed
from tympan.errors import ArgumentError
from tympan.text.clean import GERMAN_LETTERS, Cleaned, clean
from tympan.text.divide import divide
from tympan.text.lexicon import Lexicon
from tympan.text.segment import Abbreviations, TextPiece, pieces
from tympan.text.sentence import ENDS, SpokenSentence, SpokenWord
from tympan.text.tokens import Scan, Token

LANGUAGES = ("en", "de")
PAUSE_S = {".": 0.3, "?": 0.35, "!": 0.3, "…": 0.4}
PARAGRAPH_PAUSE_S = 0.6
CLAUSE_PAUSE_S = 0.1
LONGEST_WORD = 100
"""Phonemes of a word at most; what is longer is spoken as several."""
_MOST_UNSPOKEN = 100
"""Things left out that may be named in one sentence before it is closed."""


class _Language(Protocol):
    """What a language brings."""

    letters: frozenset[str]
    abbreviations: Abbreviations

    def normalise(self, text: str) -> Scan:
        """A cleaned sentence to words and marks."""
        ...

    def say(self, tokens: list[Token]) -> list[str]:
        """The phonemes of each token."""
        ...


class _English:
    letters: frozenset[str] = frozenset()

    def __init__(self, lexicon: Lexicon | None, spell_unknown: bool) -> None:
        from tympan.text.english.normalise import normalise
        from tympan.text.english.speech import Speaker
        from tympan.text.english.words import SENTENCE

        self.normalise = normalise
        self.say = Speaker(lexicon, spell_unknown).say
        self.abbreviations = SENTENCE


class _German:
    letters = GERMAN_LETTERS

    def __init__(self, lexicon: Lexicon | None) -> None:
        from tympan.text.german.normalise import normalise
        from tympan.text.german.speech import Speaker
        from tympan.text.german.words import SENTENCE

        self.normalise = normalise
        self.say = Speaker(lexicon).say
        self.abbreviations = SENTENCE


def read(
    text: str,
    language: str = "en",
    *,
    lexicon: Lexicon | None = None,
    spell_unknown: bool = False,
) -> Iterator[SpokenSentence]:
    """Turn any text into sentences of words and phonemes, one after another.

    Numbers, dates, money, units, addresses and abbreviations are written out; what cannot be
    spoken (emoji, other scripts, control characters) is left out and named in
    `SpokenSentence.unspoken`. Nothing in a text raises an error. Sentences come as they are read,
    in bounded memory; one of more than about 200 phonemes comes in parts, each of at most 240,
    that end in a comma.

    Args:
        text: any text; markup is text.
        language: "en" (American English) or "de" (German).
        lexicon: pronunciations that come before all others.
        spell_unknown: spell English words that neither the lexicon nor rules know letter by
            letter, instead of guessing how they sound.

    Yields:
        Sentences in the order of the text.

    Raises:
        ArgumentError: an unknown language, or a lexicon of another one.

    >>> sentence = next(read("It costs $20 🙂."))
    >>> sentence.phonemes, [word.text for word in sentence.words], sentence.unspoken
    ('ˌɪt kˈɔsts twˈɛnti dˈɑləɹz.', ['It', 'costs', 'twenty', 'dollars'], ('🙂',))
    """
    if language not in LANGUAGES:
        raise ArgumentError(f"no language {language!r}", fix=f"one of {listed(LANGUAGES)}")
    if lexicon is not None and lexicon.language != language:
        what = f"a lexicon of {lexicon.language!r} does not fit a text in {language!r}"
        raise ArgumentError(what, fix="load it with the language of the text")
    return _merged(_sentences(text, _language(language, lexicon, spell_unknown)))


def _language(name: str, lexicon: Lexicon | None, spell_unknown: bool) -> _Language:
    if name == "en":
        return _English(lexicon, spell_unknown)
    return _German(lexicon)


def _merged(sentences: Iterator[SpokenSentence]) -> Iterator[SpokenSentence]:
    """Join what has no words to the sentence before it or after it: its names are kept there."""
    waiting: SpokenSentence | None = None
    for one in sentences:
        if waiting is None:
            waiting = one
        elif not waiting.words and len(waiting.unspoken) <= _MOST_UNSPOKEN:
            names = dict.fromkeys((*waiting.unspoken, *one.unspoken))
            waiting = replace(one, unspoken=tuple(names))
        elif one.words or len(waiting.unspoken) + len(one.unspoken) > _MOST_UNSPOKEN:
            yield waiting
            waiting = one
        else:
            names = dict.fromkeys((*waiting.unspoken, *one.unspoken))
            waiting = replace(
                waiting,
                unspoken=tuple(names),
                paragraph_end=waiting.paragraph_end or one.paragraph_end,
                pause_s=max(waiting.pause_s, one.pause_s),
            )
    if waiting is not None:
        yield waiting


def _sentences(text: str, language: _Language) -> Iterator[SpokenSentence]:
    for piece in pieces(text, language.abbreviations):
        cleaned = clean(text[piece.start : piece.end], piece.start, language.letters)
        scan = language.normalise(cleaned.text)
        words = _words(scan.out, language.say(scan.out), cleaned, piece)
        unspoken = tuple(dict.fromkeys((*cleaned.unspoken, *scan.unspoken)))
        yield from _parts(words, unspoken, piece, text)


def _words(
    tokens: list[Token], sounds: list[str], cleaned: Cleaned, piece: TextPiece
) -> list[SpokenWord]:
    """Words with their marks and their places in the original text."""
    out: list[SpokenWord] = []
    last = piece.start
    for token, phonemes in zip(tokens, sounds, strict=True):
        if token.kind == "mark":
            if out:
                out[-1] = replace(out[-1], mark=_stronger(out[-1].mark, token.text))
            continue
        if out and out[-1].mark == ".":
            # A full stop inside a sentence: of an initial, or after the number of a list.
            out[-1] = replace(out[-1], mark="" if len(out[-1].text) == 1 else ",")
        if not phonemes:
            continue
        start = max(last, _place(cleaned.starts, token.start, piece.end))
        end = max(start, _place(cleaned.ends, token.end - 1, piece.end))
        last = start
        if token.joined and out and not out[-1].mark and len(phonemes) < LONGEST_WORD:
            first = out.pop()
            phonemes = _hyphenated(first.phonemes, phonemes)
            hyphen = "-" if cleaned.text[token.start - 1] == "-" else ""
            out.append(SpokenWord(f"{first.text}{hyphen}{token.text}", phonemes, first.start, end))
            continue
        for at in range(0, len(phonemes), LONGEST_WORD):
            out.append(SpokenWord(token.text, phonemes[at : at + LONGEST_WORD], start, end))
    if out and out[-1].mark not in tuple(ENDS):
        out[-1] = replace(out[-1], mark="," if piece.cut else ".")
    return out


def _place(places: list[int] | range, at: int, end: int) -> int:
    return places[at] if 0 <= at < len(places) else end


def _stronger(one: str, other: str) -> str:
    """Of two marks after a word the one that says more: *?!* is a question, *),* a pause."""
    order = " ,:;—.…!?"
    return max(one or " ", other, key=order.index)


def _hyphenated(first: str, second: str) -> str:
    """Two parts of a hyphenated word: the main stress is on the last."""
    if "ˈ" in first and "ˈ" in second:
        first = first.replace("ˌ", "").replace("ˈ", "ˌ")
    return first + second


def _parts(
    words: list[SpokenWord], unspoken: tuple[str, ...], piece: TextPiece, text: str
) -> Iterator[SpokenSentence]:
    """A sentence, or the parts of a long one."""
    if not words:
        if unspoken:
            whole = text[piece.start : piece.end]
            pause = PARAGRAPH_PAUSE_S if piece.paragraph_end else 0.0
            yield SpokenSentence(
                (), whole, piece.start, piece.end, pause, unspoken, piece.paragraph_end
            )
        return
    parts = list(divide(words))
    for number, part in enumerate(parts):
        final = number == len(parts) - 1
        start = part[0].start if number else piece.start
        # Two parts may come from the same characters: a number of many words.
        end = piece.end if final else max(part[-1].end, parts[number + 1][0].start)
        whole = text[start:end].rstrip()
        paragraph = final and piece.paragraph_end
        pause = PARAGRAPH_PAUSE_S if paragraph else PAUSE_S.get(part[-1].mark, CLAUSE_PAUSE_S)
        named = unspoken if final else ()
        yield SpokenSentence(tuple(part), whole, start, start + len(whole), pause, named, paragraph)
