"""A model that hears a few words."""

from __future__ import annotations

import numpy as np
import pytest

from tests_transcribe import COMMAND_LABELS as LABELS
from tests_transcribe import COMMANDS as CONFIG
from tests_transcribe import Pitched, tone
from tympan.errors import ArgumentError
from tympan.tasks.transcribe.command_net import NONE
from tympan.tasks.transcribe.commands import CommandModel, peaks


@pytest.fixture
def model() -> CommandModel:
    return CommandModel(Pitched(CONFIG, 3), CONFIG, LABELS, "pitched")


def test_each_word_is_heard_once_and_where_it_is(model: CommandModel) -> None:
    wave = tone(300, 1.0, 0.6, 6) + tone(3000, 4.0, 0.6, 6)
    low, high = model.words(wave)
    assert (low.text, high.text) == ("low", "high")
    assert abs((low.start_s + low.end_s) / 2 - 1.3) < 0.35
    assert abs((high.start_s + high.end_s) / 2 - 4.3) < 0.35
    assert low.score is not None
    assert low.score > 0.9


def test_silence_holds_none(model: CommandModel) -> None:
    silence = np.zeros(32_000, np.float32)
    assert model.words(silence) == []
    assert model.label_of(silence)[0] == NONE
    assert model.words(silence[:0]) == []


def test_the_label_of_a_short_recording(model: CommandModel) -> None:
    assert model.label_of(tone(3000, 0.0, 0.5, 0.5))[0] == "high"
    assert model.scores(tone(3000, 0.0, 0.5, 0.5)).shape[1] == 3


def test_another_language_is_refused(model: CommandModel) -> None:
    with pytest.raises(ArgumentError, match="does not know the language 'de'"):
        model.words(np.zeros(100, np.float32), language="de")


def test_of_neighbours_the_best_is_told() -> None:
    scores = np.zeros((20, 3), np.float32)
    scores[:, 0] = 1
    for window, word, value in (
        (4, 1, 0.75),
        (5, 1, 0.9),
        (6, 2, 0.8),
        (15, 2, 0.71),
        (18, 1, 0.6),
    ):
        scores[window] = [1 - value, 0, 0]
        scores[window, word] = value
    found = peaks(scores, CONFIG)
    assert [(window, word) for window, word, _ in found] == [(5, 1), (15, 2)]
