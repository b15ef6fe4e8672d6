"""From phonemes to words."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests_transcribe import PHONEMES, answers
from tympan.tasks.transcribe.ngrams import learned
from tympan.tasks.transcribe.search import SearchConfig, WordSearch, added
from tympan.tasks.transcribe.tree import HotWords, grown

SOUNDS = {
    "the": "ðə|ði", "cat": "kæt", "sat": "sæt", "two": "tu", "to": "tu|tə", "go": "ɡO",
    "bad": "bæd", "day": "dA", "cats": "kæts", "at": "æt",
}  # fmt: skip
MODEL = learned(
    [line.split() for line in (
        "the cat sat", "the cats", "two cats", "go to the cat", "bad day", "go to the bad day"
    )],
    SOUNDS,
)  # fmt: skip
ROOT = grown(MODEL, PHONEMES)


def heard(scores: np.ndarray, *, hot: tuple[str, ...] = (), **config: float) -> list[str]:
    words = HotWords(hot, MODEL, PHONEMES, "en") if hot else None
    search = WordSearch(ROOT, MODEL, SearchConfig(**config), words)  # type: ignore[arg-type]
    search.push(scores)
    return [text for text, _ in written(search)]


def written(search: WordSearch) -> list[tuple[str, str]]:
    best = search.best().words
    return [(search.text(word), "".join(PHONEMES[i - 1] for i in one)) for word, one in best]


def test_words_without_spaces_between_them() -> None:
    assert heard(answers("ðəkætsæt")) == ["the", "cat", "sat"]


def test_the_history_tells_words_that_sound_alike() -> None:
    assert heard(answers("tukæts")) == ["two", "cats"]
    assert heard(answers("ɡOtuðəkæt")) == ["go", "to", "the", "cat"]


def test_two_equal_phonemes_of_two_words_stay_two() -> None:
    assert heard(answers("bæddA")) == ["bad", "day"]


def test_blocks_give_the_same_as_the_whole() -> None:
    scores = answers("ɡOtuðəbæddA", sure=0.6)
    whole = WordSearch(ROOT, MODEL, SearchConfig())
    whole.push(scores)
    parts = WordSearch(ROOT, MODEL, SearchConfig())
    for at in range(0, len(scores), 7):
        parts.push(scores[at : at + 7])
    assert parts.several(20) == whole.several(20)
    assert len(whole.best().words) == 5


def test_a_word_that_is_not_over_is_left_out() -> None:
    assert heard(answers("ðək", sure=0.99)) == ["the"]


def test_nothing_was_said() -> None:
    silence = np.full((20, len(PHONEMES) + 1), -12.0, np.float32)
    silence[:, 0] = -1e-4
    assert heard(silence) == []
    assert heard(silence[:0]) == []


def test_the_pronunciation_that_was_heard_is_told() -> None:
    search = WordSearch(ROOT, MODEL, SearchConfig())
    search.push(answers("ðikæt"))
    assert written(search) == [("the", "ði"), ("cat", "kæt")]


def test_an_unsure_net_leaves_it_to_the_language_model() -> None:
    # Between s and ʧ it is undecided: "sat" is a word, "chat" is none.
    scores = answers("ðəkætʧæt", sure=0.9)
    scores[19, PHONEMES.index("s") + 1] = scores[19].max() - 0.1
    assert heard(scores) == ["the", "cat", "sat"]


def test_hot_words_are_found_and_do_not_push_others_out() -> None:
    assert "zorbax" not in MODEL.words
    scores = answers("ðəzɔɹbækssæt")
    assert "Zorbax" not in heard(scores)
    assert heard(scores, hot=("Zorbax",)) == ["the", "Zorbax", "sat"]
    assert heard(answers("ðəkætsæt"), hot=("Zorbax", "Kazakh")) == ["the", "cat", "sat"]


def test_a_bonus_makes_more_words() -> None:
    scores = answers("ðəkætsæt", sure=0.5)
    assert len(heard(scores, word_bonus=6.0)) >= len(heard(scores, word_bonus=-6.0))
    assert len(heard(scores, word_bonus=-30.0)) < 3


@pytest.mark.parametrize(("a", "b"), [(0.0, 0.0), (-3.0, -70.0), (-1e9, -2.0)])
def test_sums_of_logarithms(a: float, b: float) -> None:
    assert added(a, b) == pytest.approx(math.log(math.exp(a) + math.exp(b)))
    assert added(a, b) == added(b, a)
