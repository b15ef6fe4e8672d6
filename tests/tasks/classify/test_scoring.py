"""Classifiers are scored on decoded recordings, each fold by its own model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tympan.audio import Clip
from tympan.data import AudioStore, Table, read_folder
from tympan.errors import DataError
from tympan.tasks.calibration import (
    at_temperature,
    calibrated_by_others,
    fit_temperature,
    shrink_temperature,
)
from tympan.tasks.classify import TASK, ClassifyConfig
from tympan.tasks.classify.answer import ClassifyModel
from tympan.tasks.classify.examples import ClassifyExamples
from tympan.tasks.classify.scoring import evaluate, predict, validated_temperature

RATE_HZ = 1000
CONFIG = ClassifyConfig(rate_hz=RATE_HZ, n_fft=128, hop=64, clip_s=1.0, crop=0.5)
LABELS = ("a", "b", "c")


class Level(nn.Module):
    """A net without weights: the amplitude says the label, its decimals how sure it is."""

    def __init__(self, labels: tuple[str, ...] = LABELS, temperature: float = 1.0) -> None:
        super().__init__()
        self.labels = labels
        self.config = replace(CONFIG, temperature=temperature)
        self.front = nn.Identity()

    def forward(self, waves: Tensor) -> Tensor:
        loudest = waves.abs().amax(1)
        number = (loudest * 10).floor().long()  # 0.15: label 1, half sure
        sure = 80 * (loudest * 10 - number)
        hot = torch.stack([number == LABELS.index(label) for label in self.labels], 1)
        return hot * sure[:, None]

    def probabilities(self, waves: Tensor) -> Tensor:
        return (self(waves) / self.config.temperature).softmax(1)


def model(labels: tuple[str, ...] = LABELS, temperature: float = 1.0) -> ClassifyModel:
    return ClassifyModel(Level(labels, temperature), labels, "level")  # type: ignore[arg-type]


def write(root: Path, label: str, number: int, answer: str, sure: float, count: int = 500) -> None:
    """A recording of `label` that the net takes for `answer`, each of another length."""
    wave = np.full(count + number, 0.1 * LABELS.index(answer) + 0.005 * sure)
    (root / label).mkdir(parents=True, exist_ok=True)
    Clip(wave, RATE_HZ).save(root / label / f"{number}.wav", subtype="FLOAT")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Table, AudioStore]:
    """Eight of each label; of every four the net is wrong about one, and too sure of all."""
    root = tmp_path_factory.mktemp("levels")
    for number, label in enumerate(LABELS):
        for i in range(8):
            answer = LABELS[(number + (i % 4 == 3)) % 3]
            write(root, label, i + 20 * number, answer, 0.7 + 0.1 * (i % 3))
    table = read_folder(root)
    return table, AudioStore.open(table, RATE_HZ, tmp_path_factory.mktemp("store"))


def rows(table: Table, *numbers: int) -> Table:
    """The rows whose place within their label is one of these."""
    return table.subset(i for i in range(len(table)) if i % 8 in numbers)


def test_a_model_is_scored_on_every_row(recordings) -> None:
    table, store = recordings
    found = evaluate([(model(), table)], store)
    assert found.count == 24
    assert found.metrics["accuracy"] == 0.75
    assert found.files[0] == "a/0.wav"
    assert [LABELS[i] for i in found.truth] == [example.label for example in table]
    assert found.calibration == {}
    assert np.array_equal(found.probabilities, predict(model(), table, store))
    wave = torch.from_numpy(store.mono(table.paths[5]))[None]
    assert np.allclose(found.probabilities[5], model().net.probabilities(wave)[0])


def test_the_temperature_of_the_model_counts(recordings) -> None:
    table, store = recordings
    plain, soft = (predict(model(temperature=t), table, store) for t in (1.0, 2.0))
    assert np.allclose(soft, at_temperature(plain, 2.0), atol=1e-6)


def test_each_part_is_scored_by_its_own_model(recordings) -> None:
    table, store = recordings

    class Wrong(Level):
        def forward(self, waves: Tensor) -> Tensor:
            return super().forward(waves).roll(1, 1)

    other = ClassifyModel(Wrong(), LABELS, "wrong")  # type: ignore[arg-type]
    right = rows(table, 0, 1, 2)
    found = evaluate([(model(), right), (other, right)], store)
    assert found.scores[0].folds == (1.0, 0.0)
    assert found.count == 18


def test_a_model_that_does_not_know_a_label_gives_it_nothing(recordings) -> None:
    """In a fold all recordings of a label may be for the test."""
    table, store = recordings
    first = table.subset(i for i, e in enumerate(table) if e.label != "b" and i % 8 in (0, 1))
    parts = [(model(("a", "c")), first), (model(), rows(table, 2))]
    for order in (parts, parts[::-1]):
        found = evaluate(order, store)
        assert found.labels == LABELS
        assert found.probabilities.shape == (7, 3)
        assert found.metrics["accuracy"] == 1.0
        assert np.allclose(found.probabilities.sum(1), 1)
        at = 0 if order is parts else 3
        assert (found.probabilities[at : at + 4, 1] == 0).all()
        assert evaluate(order, store, calibrate=True).probabilities.shape == (7, 3)


def test_folds_are_calibrated_by_the_others(recordings) -> None:
    table, store = recordings
    parts = [(model(), rows(table, 0, 1, 2, 3)), (model(), rows(table, 4, 5, 6, 7))]
    plain = evaluate(parts, store)
    found = evaluate(parts, store, calibrate=True)
    truths, scores = np.split(plain.truth, 2), np.split(plain.probabilities, 2)
    for i in range(2):
        wanted = calibrated_by_others(truths, scores, i, shrink=True)
        assert np.allclose(np.split(found.probabilities, 2)[i], wanted)
    wanted_temperature = shrink_temperature(fit_temperature(plain.truth, plain.probabilities), 24)
    assert wanted_temperature > 1.15  # it is too sure
    assert found.calibration == {"temperature": wanted_temperature}
    assert found.metrics["accuracy"] == plain.metrics["accuracy"]
    assert found.metrics["ece"] < plain.metrics["ece"]


def test_of_means_of_windows_no_temperature_is_fitted(recordings, tmp_path: Path) -> None:
    table, store = recordings
    write(tmp_path, "a", 0, "a", 0.9, count=1501)
    long = read_folder(tmp_path)
    both = Table(table.root, (*rows(table, 4).examples, *long.examples))
    everything = Table(table.root, (*table.examples, *long.examples))
    opened = AudioStore.open(everything, RATE_HZ, tmp_path / "store")
    parts = [(model(), rows(table, 0)), (model(), both)]
    assert evaluate(parts, opened, calibrate=True).calibration == {}
    # Of 1.5 windows the net gets all at once.
    assert evaluate([(model(), rows(table, n)) for n in (0, 1)], store, calibrate=True).calibration


def test_labels_that_the_model_does_not_know_and_no_rows(recordings) -> None:
    table, store = recordings
    with pytest.raises(DataError, match="the label 'c', which the model does not know"):
        evaluate([(model(("a", "b")), table)], store)
    with pytest.raises(DataError, match="has no recordings to score"):
        evaluate([(model(), table.subset([]))], store)


# -- the temperature of validation recordings --------------------------------------------------


def test_the_temperature_is_the_one_that_fits_validation_recordings(recordings) -> None:
    table, store = recordings
    learner = SimpleNamespace(net=Level())
    examples = ClassifyExamples(table, store, CONFIG, LABELS)
    found = validated_temperature(learner, examples)  # type: ignore[arg-type]
    plain = evaluate([(model(), table)], store)
    fitted = fit_temperature(plain.truth, plain.probabilities)
    assert found == pytest.approx(shrink_temperature(fitted, 24), rel=1e-3)
    assert found > 1.15


def test_it_is_that_of_the_means_of_windows(tmp_path: Path) -> None:
    """Windows that contradict each other: their mean is as sure as they agree."""
    for i in range(9):
        loud = 0.009 if i % 3 else 0.008
        parts = [np.full(600, 0.0 + loud if i < 8 else 0.1 + loud), np.full(600, 0.1 + loud)]
        (tmp_path / "a").mkdir(exist_ok=True)
        wave = np.concatenate([parts[0]] * 4 + [parts[1]] * (i % 3))
        Clip(wave, RATE_HZ).save(tmp_path / "a" / f"{i}.wav", subtype="FLOAT")
    write(tmp_path, "b", 50, "b", 0.3)
    table = read_folder(tmp_path)
    store = AudioStore.open(table, RATE_HZ, tmp_path / "store")
    examples = ClassifyExamples(table, store, CONFIG, LABELS)
    learner = SimpleNamespace(net=Level())
    found = validated_temperature(learner, examples)  # type: ignore[arg-type]

    def loss(temperature: float) -> float:
        net = Level(temperature=temperature)
        each = [net.probabilities(examples.windows(i, 6)).mean(0) for i in range(10)]
        chosen = [float(p[t]) for p, t in zip(each, examples.targets, strict=True)]
        return -float(np.log(np.maximum(chosen, 1e-12)).mean())

    # What is found is shrunk: undone, it is the best of all.
    best = found ** ((10 + 50) / 10)
    losses = [loss(t) for t in np.geomspace(0.2, 5, 60)]
    assert loss(best) <= min(losses) + 1e-3
    assert max(losses) > loss(best) + 0.05


def test_the_task_puts_it_into_the_configuration(recordings) -> None:
    table, store = recordings
    prepared = replace(TASK.prepare(table, store, recipe_of(CONFIG)), config=CONFIG)
    learner = TASK.learner(prepared)
    examples = TASK.examples(table, store, prepared)
    config = TASK.calibrate(learner, prepared, examples)
    assert config == replace(CONFIG, temperature=validated_temperature(learner, examples))


def recipe_of(config: ClassifyConfig):
    from tympan.tasks.contract import Phase, Recipe
    from tympan.training import TrainingConfig

    return Recipe(phases=(Phase(TrainingConfig(), config),))
