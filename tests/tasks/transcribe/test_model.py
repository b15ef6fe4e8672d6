"""A recogniser of our own that is loaded."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch

from tests_transcribe import CHARACTERS, PHONEMES, answers, small_words
from tympan.errors import ArgumentError
from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.model import TranscribeModel
from tympan.tasks.transcribe.net import SpeechRecogniserNet
from tympan.tasks.transcribe.recogniser import Aligns
from tympan.tasks.transcribe.sounds import spoken

CONFIG = TranscribeConfig(phonemes=PHONEMES, characters=CHARACTERS, size=16, blocks=1)
SECOND = np.zeros(16_000, np.float32)


class Scripted(TranscribeModel):
    """A recogniser whose net says what it is told to."""

    said = ""
    spelled = ""

    def scores(self, wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        letters = np.full((3 * len(self.spelled), len(CHARACTERS) + 1), -9.0, np.float32)
        letters[:, 0] = -0.1
        for place, one in enumerate(self.spelled):
            letters[3 * place + 1, CHARACTERS.index(one) + 1] = 0.0
        return answers(self.said), letters


def scripted(with_words: bool = True) -> Scripted:
    net = SpeechRecogniserNet(CONFIG)
    return Scripted(net, CONFIG, "mine", "cpu", small_words() if with_words else None)


def sounds(text: str) -> str:
    return "".join(one.phonemes for one in spoken(text))


def test_words_have_their_times() -> None:
    model = scripted()
    model.said, model.spelled = sounds("no coffee"), "no coffee"
    no, coffee = model.words(SECOND)
    assert (no.text, coffee.text) == ("no", "coffee")
    # Three answers of 20 ms for each phoneme, of which the middle one says it.
    assert (no.start_s, no.end_s) == (0.02, 0.10)
    assert coffee.start_s == pytest.approx(no.end_s + 0.04)
    assert no.score == pytest.approx(0.9, abs=0.02)
    assert no.estimated is None


def test_hot_words_reach_the_search() -> None:
    model = scripted()
    model.said, model.spelled = sounds("no zorbax"), "no zorbax"
    assert [one.text for one in model.words(SECOND, hot_words=["Zorbax"])] == ["no", "Zorbax"]
    assert "Zorbax" not in [one.text for one in model.words(SECOND)]


def test_known_words_are_aligned() -> None:
    model = scripted()
    model.said = sounds("stop tea")
    found = model.align(SECOND, ["Stop,", "...", "tea!"])
    assert [one.text for one in found] == ["Stop,", "...", "tea!"]
    assert found[0].end_s == found[1].start_s == found[1].end_s < found[2].start_s
    assert found[1].estimated
    # Other words than were said are aligned too, and are less sure.
    other = model.align(SECOND, ["no", "tea"])
    assert other[0].score is not None
    assert found[0].score is not None
    assert other[0].score < found[0].score


def test_more_words_than_sound_get_estimated_times() -> None:
    model = scripted()
    model.said = "t"
    found = model.align(SECOND, ["coffee", "stop"])
    assert [one.text for one in found] == ["coffee", "stop"]
    assert all(one.estimated for one in found)
    assert found[-1].end_s == 1.0
    assert model.align(SECOND, []) == []


def test_without_a_language_model_words_are_spelled() -> None:
    model = scripted(with_words=False)
    model.spelled = "no tea"
    no, tea = model.words(SECOND)
    assert (no.text, tea.text) == ("no", "tea")
    assert (no.start_s, no.end_s) == (0.02, 0.1)
    assert tea.start_s == pytest.approx(3 * 3 * 0.02 + 0.02)


def test_another_language_is_refused() -> None:
    with pytest.raises(
        ArgumentError, match=r"mine does not know the language 'de' \(it knows en\)"
    ):
        scripted().words(SECOND, language="de")
    assert scripted().words(SECOND[:0], language="en") == []


def test_it_is_a_recogniser_that_aligns() -> None:
    model = scripted()
    assert isinstance(model, Aligns)
    assert model.rate_hz == 16_000
    assert model.languages == ("en",)
    assert model.gives_times


def test_threads_hear_the_same() -> None:
    torch.manual_seed(0)
    net = SpeechRecogniserNet(CONFIG)
    model = TranscribeModel(net, CONFIG, "mine", "cpu", small_words())
    waves = [np.random.default_rng(i).normal(0, 0.1, 16_000).astype(np.float32) for i in range(4)]
    alone = [model.scores(wave)[0] for wave in waves]
    assert alone[0].shape == (52, len(PHONEMES) + 1)
    np.testing.assert_allclose(np.exp(alone[0]).sum(1), 1, rtol=1e-4)
    found: dict[int, np.ndarray] = {}

    def run(i: int) -> None:
        found[i] = model.scores(waves[i])[0]

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    for i, one in enumerate(alone):
        np.testing.assert_allclose(found[i], one, atol=1e-4)
