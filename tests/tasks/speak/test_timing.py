"""Marks of what is spoken."""

from __future__ import annotations

import numpy as np
import pytest

from tests_speak import check_part
from tympan.tasks.speak.model import SpeakModel
from tympan.tasks.speak.timing import marks_of
from tympan.tasks.speak.voice import SpokenPart, Timed
from tympan.text import SpokenSentence, SpokenWord

WORDS = (SpokenWord("my", "mI", 0, 2), SpokenWord("jam", "ʤæm", 3, 6, "."))
SENTENCE = SpokenSentence(WORDS, "My  jam.", 0, 7, 0.3)
SYMBOLS = (
    Timed("m", 0.1, 0.2, 0), Timed("I", 0.2, 0.4, 0), Timed(" ", 0.4, 0.45, -1),
    Timed("ʤ", 0.45, 0.5, 1), Timed("æ", 0.5, 0.7, 1), Timed("m", 0.7, 0.8, 1),
    Timed(".", 0.8, 0.9, -1),
)  # fmt: skip
PART = SpokenPart(np.zeros(10_000, np.float32), SENTENCE, SYMBOLS)


def test_words_last_from_their_first_phoneme_to_their_last() -> None:
    found = marks_of(PART, 10_000, 2.0)
    spans = [(one.start_s, one.end_s, one.text, one.start, one.end) for one in found.words]
    assert spans == [
        (pytest.approx(2.1), pytest.approx(2.4), "my", 0, 2),
        (pytest.approx(2.45), pytest.approx(2.8), "jam", 3, 6),
    ]
    (whole,) = found.sentences
    assert (whole.start_s, whole.end_s) == (pytest.approx(2.1), pytest.approx(2.8))
    assert (whole.text, whole.start, whole.end) == ("My jam.", 0, 7)
    assert found.duration_s == 3.0


def test_phonemes_are_in_ipa() -> None:
    assert [one.text for one in marks_of(PART, 10_000).phonemes] == ["m", "aɪ", "dʒ", "æ", "m"]


def test_a_pause_has_no_marks_and_its_length() -> None:
    rest = SpokenPart(np.zeros(5000, np.float32), SpokenSentence((), "", 0, 0, 0.0), ())
    found = marks_of(rest, 10_000, 1.0)
    assert (found.words, found.sentences, found.phonemes) == ((), (), ())
    assert found.duration_s == 1.5


@pytest.mark.parametrize(
    "text", ["Well-known facts: 3.14, £20!", "A (small) test … of marks", "U.S. e.g. 10:30 — no"]
)
def test_every_word_has_its_mark(voice: SpeakModel, text: str) -> None:
    for part in voice.stream(text):
        check_part(part, voice.rate_hz, text)
