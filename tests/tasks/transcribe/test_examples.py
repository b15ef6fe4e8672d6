"""Recordings and their texts as tensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests_transcribe import CHARACTERS, PHONEMES, RATE_HZ, made_folder
from tympan.data import AudioStore, read_folder
from tympan.data.batches import collate
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.examples import TranscribeExamples
from tympan.tasks.transcribe.learner import UNKNOWN

CONFIG = TranscribeConfig(phonemes=PHONEMES, characters=CHARACTERS)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> TranscribeExamples:
    table = read_folder(made_folder(tmp_path_factory.mktemp("made") / "words", 6))
    return TranscribeExamples(table, AudioStore.open(table, RATE_HZ), CONFIG)


def test_phonemes_and_characters_of_the_text(examples: TranscribeExamples) -> None:
    for row, words in enumerate(examples.texts):
        item = examples.item(row, None)
        letters = "".join(CHARACTERS[i - 1] for i in item["characters"])
        assert letters == " ".join(words)
        assert letters.replace(" ", "").isalpha()
        said = "".join(PHONEMES[i - 1] for i in item["phonemes"])
        assert said == "".join(examples.sounds[row][word] for word in words)
        assert (item["frames"] == UNKNOWN).all()


def test_evaluation_sees_the_recording_as_it_is(examples: TranscribeExamples) -> None:
    one, again = examples.item(0, None), examples.item(0, None)
    assert (one["mels"] == again["mels"]).all()
    assert one["mels"].shape[1] == examples.sizes[0] // 160 + 1
    varied = examples.item(0, np.random.default_rng(0))
    assert varied["mels"].shape != one["mels"].shape


def test_they_share_a_batch(examples: TranscribeExamples) -> None:
    rng = np.random.default_rng(1)
    items = [examples.item(row, rng) for row in range(6)]
    batch = collate(items, examples.padding)
    assert batch["mels"].shape[:2] == (6, 64)
    for item, frames, count in zip(
        items, batch["mels_lengths"], batch["phonemes_lengths"], strict=True
    ):
        # There is room for all that is said.
        assert frames / 2 > 1.2 * count
        assert item["mels"].shape[1] == frames


def test_other_texts_are_other_examples(examples: TranscribeExamples, tmp_path: Path) -> None:
    folder = made_folder(tmp_path / "words", 6)
    text = (folder / "metadata.csv").read_text(encoding="utf-8")
    (folder / "metadata.csv").write_text(text.replace("!", " no!"), encoding="utf-8")
    table = read_folder(folder)
    other = TranscribeExamples(table, AudioStore.open(table, RATE_HZ), CONFIG)
    assert other.fingerprint()["content"] == examples.fingerprint()["content"]
    assert other.fingerprint()["texts"] != examples.fingerprint()["texts"]
