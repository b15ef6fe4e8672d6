"""Recordings of commands as windows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests_transcribe import RATE_HZ, said
from tympan.audio import Clip
from tympan.data import AudioStore, read_folder
from tympan.tasks.transcribe.command_learner import (
    CommandExamples,
    CommandLearner,
    framed,
    label_of,
    word_of,
)
from tympan.tasks.transcribe.command_net import NONE, CommandConfig, CommandNet
from tympan.training.learner import NET

CONFIG = CommandConfig(size=16, blocks=1)
LABELS = (NONE, "no", "tea")


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> CommandExamples:
    folder = tmp_path_factory.mktemp("commands")
    for label in ("no", "tea", "noise"):
        (folder / label).mkdir()
        for seed in range(2 if label != "no" else 4):
            wave = said(label, seed)[0]
            Clip(wave[None], RATE_HZ).save(folder / label / f"{seed}.wav")
    table = read_folder(folder)
    return CommandExamples(table, AudioStore.open(table, RATE_HZ), CONFIG, LABELS)


def test_the_word_is_in_the_middle_of_its_window(examples: CommandExamples) -> None:
    for row in range(len(examples.labels)):
        item = examples.item(row, None)
        window = item["mels"].numpy()
        assert window.shape == (40, CONFIG.frames)
        first, last = word_of(window)
        assert abs((first + last) / 2 - CONFIG.frames / 2) <= 1
        assert last - first == np.diff(word_of(examples.mels(row)))[0]


def test_labels_and_how_often_they_come(examples: CommandExamples) -> None:
    assert sorted(np.bincount(examples.labels).tolist()) == [2, 2, 4]
    share = [float(examples.weights[examples.labels == i].sum()) for i in range(3)]
    assert share == pytest.approx([0.75, 0.125, 0.125])


def test_negatives_are_none_of_the_words(examples: CommandExamples) -> None:
    row = int(np.flatnonzero(examples.labels == 1)[0])
    labels = [int(examples.item(row, np.random.default_rng(seed))["label"]) for seed in range(200)]
    assert set(labels) == {0, 1}
    assert 0.1 < labels.count(0) / 200 < 0.3
    kinds = {
        examples.negative(examples.mels(row), 1, np.random.default_rng(seed)).shape[1]
        for seed in range(12)
    }
    assert examples.mels(row).shape[1] in kinds
    assert CONFIG.frames in kinds


def test_a_long_recording_of_none_gives_any_part() -> None:
    mels = np.full((40, 500), -60.0, np.float32)
    mels[:, 240:260] = 0
    starts = {
        bool(framed(mels, 130, np.random.default_rng(i), anywhere=True).max() > -1)
        for i in range(20)
    }
    assert starts == {True, False}
    assert framed(mels, 130, np.random.default_rng(0)).max() == 0


def test_a_short_recording_is_filled_up_with_its_quiet() -> None:
    mels = np.full((40, 20), -70.0, np.float32)
    mels[:, 8:12] = -10
    window = framed(mels, 130, None)
    assert window[:, 0].max() == -70
    assert (window == -10).any(0).sum() == 4


@pytest.mark.parametrize(
    ("text", "label"),
    [("Tea", "tea"), (" smart  Mirror", "smart mirror"), ("_unknown_", NONE), ("", NONE)],
)
def test_labels_of_users(text: str, label: str) -> None:
    assert label_of({"label": text}) == label


def test_loss_and_accuracy(examples: CommandExamples) -> None:
    torch.manual_seed(0)
    learner = CommandLearner(CommandNet(CONFIG, 3), CONFIG)
    batch = {"mels": torch.randn(4, 40, 130), "label": torch.tensor([0, 1, 2, 0])}

    class Known(torch.nn.Module):
        def forward(self, mels: torch.Tensor) -> torch.Tensor:
            return 20 * torch.nn.functional.one_hot(torch.tensor([0, 1, 1, 0]), 3).float()

    found = learner.evaluate({NET: Known()}, [batch])
    assert found["accuracy"] == 0.75
    assert found["loss"] == pytest.approx(5, abs=0.01)
    ((_, loss),) = learner.losses({NET: Known()}, batch, torch.Generator())
    assert 4 < float(loss) < 7
