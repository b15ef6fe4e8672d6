"""Phonemes as numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tympan.tasks.speak.symbols import EDGE, PUNCTUATION, SPACE, STRESSES, symbols_of

TEXTS = st.text(alphabet="abkæɪ" + STRESSES + PUNCTUATION + SPACE, max_size=60)


@given(TEXTS)
def test_durations_of_characters_become_those_of_symbols(text: str) -> None:
    found = symbols_of(text)
    durations = np.arange(1, len(text) + 3)
    assert found.sources.sum() == len(durations)
    assert (found.sources >= 1).all()
    assert found.summed(durations).sum() == durations.sum()
    plain = [c for c in text if c not in STRESSES + SPACE]
    assert [t for t in found.texts if t not in (EDGE, SPACE)] == plain


@given(TEXTS)
def test_each_word_is_numbered_in_order(text: str) -> None:
    found = symbols_of(text)
    words = [w for w in found.words if w >= 0]
    assert words == sorted(words)
    assert sorted(set(words)) == list(range(len(set(words))))
    for symbol, word in zip(found.texts, found.words, strict=True):
        assert (word < 0) == (symbol in (EDGE, SPACE) or symbol in PUNCTUATION)


def test_what_a_vocabulary_does_not_hold_is_a_pause() -> None:
    assert symbols_of("aø").ids(("^", " ", "a")).tolist() == [0, 2, 1, 0]


def test_stress_belongs_to_the_phoneme_behind_it() -> None:
    found = symbols_of("kˌæbˈɪ")
    assert dict(zip(found.texts, found.stress, strict=True)) | {} == {
        "^": 0, "k": 0, "æ": 1, "b": 0, "ɪ": 2,
    }  # fmt: skip
