"""What every reading of a text must hold."""

from __future__ import annotations

import re

from tympan.text import PHONEMES, SpokenSentence, read

ENDS = tuple(".?!…")


def said(text: str, language: str = "en") -> str:
    """Words and marks; sentences apart."""
    sentences = read(text, language)
    return " | ".join(" ".join(w.text + w.mark for w in one.words) for one in sentences)


def phonemes(text: str, language: str = "en") -> str:
    """The phonemes of all sentences."""
    return " ".join(one.phonemes for one in read(text, language))


def checked(text: str, language: str = "en") -> list[SpokenSentence]:
    """Read a text and check what holds for every text."""
    sentences = list(read(text, language))
    covered = bytearray(len(text))
    last = 0
    for one in sentences:
        assert last <= one.start <= one.end <= len(text)
        assert one.text == text[one.start : one.end]
        last = one.start
        check_sentence(one, language)
        place = one.start
        for word in one.words:
            assert place <= word.start < word.end <= len(text)
            place = word.start
            assert word.end <= one.end
            covered[word.start : word.end] = b"\1" * (word.end - word.start)
    unspoken = [name for one in sentences for name in one.unspoken]
    for run in re.finditer("[A-Za-z0-9]+", text):
        whole = all(covered[run.start() : run.end()])
        assert whole or any(run[0] in name for name in unspoken), f"{run[0]!r} is lost"
    return sentences


def check_sentence(one: SpokenSentence, language: str) -> None:
    """What holds for every sentence."""
    assert set(one.phonemes) <= set(PHONEMES[language])
    assert len(one.phonemes) <= 240
    assert "  " not in one.phonemes
    assert one.pause_s >= 0
    if one.words:
        assert one.phonemes.endswith((*ENDS, ","))
        assert all(word.phonemes and " " not in word.phonemes for word in one.words)
    else:
        assert one.phonemes == ""
        assert one.unspoken
