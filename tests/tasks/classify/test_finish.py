"""The last epochs of whole clips that a training may end with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests_sounds import QUICK
from tympan.data import read_folder
from tympan.errors import ArgumentError
from tympan.models import load_card
from tympan.tasks import list_settings, train
from tympan.tasks.classify import TASK
from tympan.tasks.training import TrainingResult


def trained(folder: Path, out: Path, **settings: object) -> TrainingResult:
    values = {**QUICK, "epochs": 2, **settings}
    return train(folder, from_="scratch", out=out, settings=values, progress=False)


def test_a_recipe_has_a_second_phase_if_it_is_set(folder: Path) -> None:
    table = read_folder(folder)
    assert len(TASK.recipe(table, None, {"epochs": 2, "finish_epochs": 0}).phases) == 1
    recipe = TASK.recipe(table, None, {"epochs": 2, "cycles": 2, "lr": 1e-3, "finish_epochs": "3"})
    first, last = recipe.phases
    assert (first.training.epochs, first.config.crop, first.config.mixup_p) == (2, 0.75, 0.6)
    assert (last.training.epochs, last.config.crop, last.config.mixup_p) == (3, 1.0, 0.0)
    assert last.training.lr == pytest.approx(2e-4)
    assert (first.training.cycles, last.training.cycles) == (2, 1)
    assert last.training.optimizer == first.training.optimizer
    assert "3 (finish_epochs) of whole clips" in recipe.reasons[-1]


def test_its_length_is_a_setting() -> None:
    found = {one.name: one for one in list_settings()}["finish_epochs"]
    assert found.group == "classify"
    assert found.kind == "int"
    assert "whole clips" in found.meaning


def test_it_cannot_be_negative(folder: Path) -> None:
    with pytest.raises(ArgumentError, match="finish_epochs"):
        TASK.recipe(read_folder(folder), None, {"epochs": 2, "finish_epochs": -1})


def test_a_finished_training_goes_on_with_it(folder: Path, tmp_path: Path) -> None:
    before = trained(folder, tmp_path / "model", finish_epochs=0)
    after = trained(folder, tmp_path / "model", finish_epochs=1)
    assert [row["epoch"] for row in after.history.epochs] == [1, 2, 3]
    # Nothing of the first phase is trained again: even its times are those of before.
    assert after.history.epochs[:2] == before.history.epochs
    at_once = trained(folder, tmp_path / "other", finish_epochs=1)
    assert at_once.history.epochs[2]["train_loss"] == after.history.epochs[2]["train_loss"]
    assert at_once.metrics == after.metrics


def test_the_card_has_both_phases_and_answers_as_the_first(folder: Path, tmp_path: Path) -> None:
    trained(folder, tmp_path / "model", finish_epochs=1)
    card = load_card(tmp_path / "model")
    assert [one["epochs"] for one in card.data["training"]] == [2, 1]
    assert (card.config["crop"], card.config["finish_epochs"]) == (0.75, 1)
    rest = json.loads((tmp_path / "model" / "phases" / "2" / "history.json").read_text("utf-8"))
    assert rest["epochs"][0]["lr"] < 4e-4
