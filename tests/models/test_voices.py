"""The shipped `voices` and `sex`: they load, are small, and know voices again."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

import tympan
from tympan.audio import Clip
from tympan.models import load_card
from tympan.models.catalogue import shipped_folder


@pytest.fixture(scope="module")
def speakers(shared_data: Path) -> dict[str, list[Path]]:
    """The recordings of each speaker of test-other, on whom nothing was trained."""
    found = defaultdict(list)
    with (shared_data / "librispeech" / "metadata.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            if row["split"] == "test-other":
                found[row["speaker"]].append(shared_data / "librispeech" / row["file_name"])
    return dict(found)


def test_they_are_small_and_say_where_they_come_from() -> None:
    assert (shipped_folder() / "voices" / "model.safetensors").stat().st_size < 4e6
    assert (shipped_folder() / "sex" / "model.safetensors").stat().st_size < 1e5
    card = load_card("voices")
    assert isinstance(card.data, dict)
    assert card.data["teacher"]["licence"] == "Apache-2.0"
    assert not card.git_revision.endswith("dirty")
    assert card.known_failures


def test_their_cards_say_what_the_recipe_says_and_score_no_trained_speaker() -> None:
    from recipes.voices import KNOWN_FAILURES, SEX_FAILURES

    card = load_card("sex")
    assert tuple(card.known_failures) == SEX_FAILURES
    assert set(KNOWN_FAILURES) <= set(load_card("voices").known_failures)
    # The head was trained on Kerstin: her recordings are no test.
    assert "kerstin" not in str(card.metrics).lower()
    assert "LibriSpeech test-other" in card.metrics["counted"]


def test_a_tone_is_no_speech_and_noise_is_nobody(
    speakers: dict[str, list[Path]], tmp_path: Path
) -> None:
    book = tmp_path / "v.tympan"
    tympan.enroll("Ann", speakers["1998"][0], book=book)
    tone = tympan.synth.sine(frequency_hz=440, duration_s=3, rate_hz=16000)
    assert "no speech" in tympan.identify(tone, book=book).reason
    wave = 0.1 * np.random.default_rng(0).standard_normal((1, 48000))
    assert tympan.identify(Clip(wave.astype(np.float32), 16000), book=book).speaker is None


def test_people_are_known_again_and_strangers_are_not(
    speakers: dict[str, list[Path]], tmp_path: Path
) -> None:
    book = tmp_path / "v.tympan"
    names = sorted(speakers)
    for name in names[:3]:
        expected = tympan.enroll(name, *speakers[name][:2], book=book)
    assert expected.false_accept < 0.05
    for name in names[:3]:
        assert tympan.identify(speakers[name][5], book=book).speaker == name
    strangers = [tympan.identify(speakers[name][5], book=book).speaker for name in names[3:]]
    assert sum(one is not None for one in strangers) <= 1


def test_sex_is_told_of_most(speakers: dict[str, list[Path]]) -> None:
    truth = {"367": "female", "1998": "female", "3005": "male", "2414": "male"}
    for name, sex in truth.items():
        if name in speakers:
            assert tympan.tag(speakers[name][0], model="sex").chosen == (sex,)
