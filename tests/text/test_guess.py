"""The net for unknown words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tympan.text import PHONEMES
from tympan.text.guess import LABELS, LETTERS, PLACES, guess, logits, one_stress, weights
from tympan.text.store import DATA


@given(st.text(alphabet=LETTERS, min_size=1, max_size=40))
def test_every_word_has_phonemes_and_one_primary_stress_at_most(word: str) -> None:
    sounds = guess(word)
    assert sounds
    assert set(sounds) <= set(PHONEMES["en"])
    assert sounds.count("ˈ") <= 1


@pytest.mark.parametrize(
    ("word", "expected"),
    [("blorp", "blɔɹp"), ("snarp", "snɑɹp"), ("plim", "plɪm"), ("trond", "tɹɑnd")],
)
def test_made_words_sound_as_they_are_written(word: str, expected: str) -> None:
    assert guess(word).replace("ˈ", "") == expected


def test_other_characters_are_passed_over() -> None:
    assert guess("Blorp!") == guess("blorp")
    assert guess("") == guess("12") == ""


def test_stress() -> None:
    assert one_stress(["ə", "b", "æ"]) == "əbˈæ"
    assert one_stress(["b", "ə"]) == "bˈə"
    assert one_stress(["ˈæ", "b", "ˌæ", "ˈɑ"]) == "ˌæbˌæˈɑ"


def test_the_net_is_small_and_its_card_is_true() -> None:
    card = json.loads((DATA / "guess.json").read_text("utf-8"))
    assert sum(value.size for value in weights().values()) == card["parameters"] <= 400_000
    assert (DATA / "guess.safetensors").stat().st_size < 1_000_000
    assert card["licence"] == "Apache-2.0"
    error = card["metrics"]["phoneme_error_without_stress"]
    assert error["interval"][0] <= error["value"] <= error["interval"][1] < 0.2


def test_scores_have_three_places_for_each_letter() -> None:
    assert logits(weights(), "word").shape == (4 * PLACES, len(LABELS))
