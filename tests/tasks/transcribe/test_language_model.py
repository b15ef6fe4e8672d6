"""Probabilities of words behind others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tympan.errors import ModelError
from tympan.tasks.transcribe.language_model import START, UNKNOWN, LanguageModel, shipped
from tympan.tasks.transcribe.ngrams import learned

TEXTS = [line.split() for line in ("the cat sat", "the cat ran", "a dog ran", "the dog sat")]
SOUNDS = {"the": "ðə|ði", "cat": "kæt", "sat": "sæt", "ran": "ɹæn", "a": "ə", "dog": "dɔɡ"}


def test_probabilities_sum_to_one_behind_any_history() -> None:
    model = learned(TEXTS, SOUNDS, least_triples=2)
    everything = range(1, len(model.words))
    for before in range(len(model.words)):
        for last in range(len(model.words)):
            total = sum(np.exp(model.score(before, last, word)) for word in everything)
            assert total == pytest.approx(1, abs=1e-6), (before, last)


def test_what_was_seen_is_likelier() -> None:
    model = learned(TEXTS, SOUNDS)
    number = {word: i for i, word in enumerate(model.words)}
    the, cat, dog, sat, a = (number[one] for one in ("the", "cat", "dog", "sat", "a"))
    assert model.score(START, the, cat) > model.score(START, the, dog) > model.score(START, the, a)
    assert model.score(the, dog, sat) > model.score(a, dog, sat)
    assert model.score(START, START, the) > model.score(START, START, sat)


def test_a_word_out_of_the_vocabulary_is_unknown() -> None:
    model = learned([["the", "zebra"], ["the", "cat"]], SOUNDS)
    the = model.words.index("the")
    assert "zebra" not in model.words
    assert model.score(START, the, UNKNOWN) > model.score(START, the, model.words.index("dog"))


def test_a_file_holds_it_in_steps(tmp_path: Path) -> None:
    model = learned(TEXTS, SOUNDS)
    model.save(tmp_path / "xx.words")
    again = LanguageModel.load(tmp_path / "xx.words")
    assert (again.words, again.sounds) == (model.words, model.sounds)
    size = len(model.words)
    for history in range(size):
        for word in range(1, size):
            mine = model.score(START, history, word)
            assert again.score(START, history, word) == pytest.approx(mine, abs=0.1)


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "xx.words"
    learned(TEXTS, SOUNDS).save(path)
    path.write_bytes(path.read_bytes()[:-30] if content is None else content)
    with pytest.raises(ModelError, match="is no language model"):
        LanguageModel.load(path)


def test_english_is_in_the_package() -> None:
    model = shipped("en")
    number = {word: i for i, word in enumerate(model.words)}
    assert len(model.words) > 30_000
    assert {"mister", "don't", "would", "the"} <= set(number)
    of, the, was = number["of"], number["the"], number["was"]
    assert model.score(START, of, the) > model.score(START, of, was) + 2
    assert "ði" in model.sounds[the]
