"""Which of a search's candidates it is."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests_transcribe import PHONEMES, answers
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.evaluation import distance
from tympan.tasks.transcribe.model import TranscribeModel
from tympan.tasks.transcribe.net import SpeechRecogniserNet
from tympan.tasks.transcribe.ngrams import learned
from tympan.tasks.transcribe.rescoring import SHARPNESS, agreed, distances, spelled
from tympan.tasks.transcribe.search import SearchConfig, WordSearch
from tympan.tasks.transcribe.tree import grown

SOUNDS = {"the": "ðə", "red": "ɹɛd", "read": "ɹɛd", "cat": "kæt", "bat": "bæt", "sat": "sæt"}
MODEL = learned([["the", "red", "cat", "sat"], ["the", "read", "bat"], ["the", "cat"]], SOUNDS)
ROOT = grown(MODEL, PHONEMES)
LETTERS = tuple(" abcdefghijklmnopqrstuvwxyz")


def letters(text: str) -> np.ndarray:
    """Log probabilities `(m, k)` of a head that spells a text, each letter between blanks."""
    rows = np.full((3 * len(text), len(LETTERS) + 1), 0.004)
    rows[:, 0] = 0.9
    for place, letter in enumerate(text):
        rows[3 * place + 1, 0], rows[3 * place + 1, LETTERS.index(letter) + 1] = 0.004, 0.9
    return np.log(rows / rows.sum(1, keepdims=True)).astype(np.float32)


def small_model(**config: float) -> TranscribeModel:
    settings = TranscribeConfig(
        phonemes=PHONEMES,
        characters=LETTERS,
        size=16,
        blocks=1,
        **config,  # type: ignore[arg-type]
    )
    return TranscribeModel(SpeechRecogniserNet(settings), settings, "small", "cpu", MODEL)


def test_candidates_are_different_answers_in_their_order() -> None:
    search = WordSearch(ROOT, MODEL, SearchConfig())
    scores = answers("ðəɹɛdkætsæt", sure=0.7)
    search.push(scores)
    found = search.several(50)
    assert found[0] == search.best()
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    texts = [tuple(search.text(word) for word, _ in one.words) for one in found]
    assert texts[0] == ("the", "red", "cat", "sat")
    assert len(set(texts)) == len(texts) > 10
    # Its token went on as one with that of the best answer: their last two words are the same.
    assert ("the", "read", "cat", "sat") in texts


def test_the_language_part_of_a_candidate_is_that_of_its_words() -> None:
    search = WordSearch(ROOT, MODEL, SearchConfig(language_weight=0.7, word_bonus=0.3))
    search.push(answers("ðəɹɛdkætsæt", sure=0.7))
    for one in search.several(20):
        line = [0, 0, *(word for word, _ in one.words)]
        parts = [MODEL.score(*line[i : i + 3]) for i in range(len(line) - 2)]
        assert one.language == pytest.approx(0.7 * sum(parts) + 0.3 * len(parts))


def test_spelling_is_the_sum_of_all_alignments() -> None:
    rng = np.random.default_rng(3)
    scores = np.log(rng.dirichlet(np.ones(3), 4)).astype(np.float32)
    known: dict[str, float] = {}
    for path in itertools.product(range(3), repeat=4):
        text = "".join("_ab"[symbol] for symbol, _ in itertools.groupby(path)).replace("_", "")
        chance = math.exp(sum(scores[i, one] for i, one in enumerate(path)))
        known[text] = known.get(text, 0.0) + chance
    found = spelled(scores, list(known), ("a", "b"))
    assert np.exp(found) == pytest.approx(list(known.values()), rel=1e-4)


def test_many_texts_are_spelled_in_parts() -> None:
    rng = np.random.default_rng(5)
    scores = np.log(rng.dirichlet(np.ones(27), 12)).astype(np.float32)
    texts = ["".join(rng.choice(LETTERS[1:], 4)) for _ in range(50)]
    alone = [float(spelled(scores, [one], LETTERS[1:])[0]) for one in texts]
    assert spelled(scores, texts, LETTERS[1:]) == pytest.approx(alone, rel=1e-5)


def test_what_cannot_be_spelled_is_unlikely_and_no_error() -> None:
    scores = np.log(np.full((3, 27), 1 / 27, np.float32))
    long, short = spelled(scores, ["much too long", "it"], LETTERS[1:])
    assert -math.inf < long < short


@given(st.lists(st.lists(st.integers(0, 3), max_size=6), min_size=1, max_size=5))
def test_distances_are_those_of_levenshtein(answers: list[list[int]]) -> None:
    wanted = [[distance(one, other) for other in answers] for one in answers]
    assert distances(answers).tolist() == wanted


def test_of_answers_the_one_that_most_agree_with_is_taken() -> None:
    likely = np.log(np.array([0.34, 0.33, 0.33])) / SHARPNESS
    assert agreed(likely, [[9, 8, 7], [1, 2, 3], [1, 2, 4]]) in (1, 2)
    sure = np.log(np.array([0.9, 0.05, 0.05])) / SHARPNESS
    assert agreed(sure, [[9, 8, 7], [1, 2, 3], [1, 2, 4]]) == 0


def test_the_spelling_decides_between_words_that_sound_alike() -> None:
    model = small_model(character_weight=1.0)
    wave = np.zeros(16_000, np.float32)
    for text in ("the red cat", "the read cat"):
        model.scores = lambda _, text=text: (answers("ðəɹɛdkæt"), letters(text))  # type: ignore[method-assign, misc, assignment]
        assert " ".join(word.text for word in model.words(wave)) == text
    alone = small_model(character_weight=0.0)
    alone.scores = lambda _: (answers("ðəɹɛdkæt"), letters("the read cat"))  # type: ignore[method-assign, assignment]
    assert " ".join(word.text for word in alone.words(wave)) == "the red cat"
