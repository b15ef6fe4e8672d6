"""What `--set` can change is listed, explained, and really taken."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from tympan.errors import ArgumentError
from tympan.tasks import list_settings
from tympan.tasks.classify import TASK, ClassifyConfig
from tympan.tasks.settings import apply_settings
from tympan.training import TrainingConfig


def test_every_field_of_both_configurations_is_listed_but_the_fitted_one() -> None:
    fields = {f.name for kind in (TrainingConfig, ClassifyConfig) for f in dataclasses.fields(kind)}
    assert {one.name for one in list_settings()} == fields - {"temperature", "augment"}


@pytest.mark.parametrize("one", list_settings(), ids=lambda one: one.name)
def test_each_has_a_meaning_and_a_default_that_it_takes(one) -> None:
    assert one.meaning.endswith(".")
    assert "\n" not in one.meaning
    usual = TASK.defaults()[""]
    config = usual.training if one.group == "training" else usual.config
    text = one.default.split(",")[0]
    changed, used = apply_settings(config, {one.name: text})
    assert used == {one.name}
    assert changed == config


def test_an_entry_ends_where_the_next_begins() -> None:
    meanings = {one.name: one.meaning for one in list_settings()}
    assert meanings["n_mels"] == "mel bands."
    assert meanings["keep_norm"].endswith("as it is.")
    assert "weight_decay" not in meanings["lr"]


def test_an_unknown_task_is_named() -> None:
    with pytest.raises(ArgumentError, match="no task is called 'sing'"):
        list_settings("sing")


def test_defaults_of_each_situation_are_listed() -> None:
    found = {one.name: one for one in list_settings()}
    assert found["epochs"].default == "20, from scratch 40, of few recordings 0"
    assert found["optimizer"].default == "adamw, from scratch muon"
    assert found["pool"].default == "stages, from scratch last"
    assert found["crop"].default == "0.75"
    assert found["patience"].kind == "int or none"
    only = {name for name, one in found.items() if one.scratch_only}
    assert only == {"rate_hz", "n_fft", "hop", "n_mels", "f_min_hz", "encoder"}


def test_settings_are_read_as_their_type() -> None:
    config, used = apply_settings(TrainingConfig(), {"patience": "none", "lr": "1e-4", "x": "1"})
    assert (config.patience, config.lr, used) == (None, 1e-4, {"patience", "lr"})
    for text, value in (("yes", True), ("False", False), ("ON", True), ("off", False)):
        assert apply_settings(ClassifyConfig(), {"keep_norm": text})[0].keep_norm is value
    for name, text, kind in (("keep_norm", "perhaps", "bool"), ("epochs", "1.5", "int")):
        with pytest.raises(ArgumentError, match=f"{name}='{text}' is no {kind}"):
            apply_settings(ClassifyConfig() if name == "keep_norm" else TrainingConfig(),
                           {name: text})  # fmt: skip
    assert apply_settings(TrainingConfig(), {"ema_decay": "0.9"})[0].ema_decay == 0.9


def test_settings_of_python_are_of_their_type_too() -> None:
    given = {"patience": None, "lr": 1, "epochs": np.int64(3), "precision": "32"}
    config, _ = apply_settings(TrainingConfig(), given)
    assert (config.patience, config.lr, config.epochs, config.precision) == (None, 1, 3, "32")
    for name, value in (("seed", 1.5), ("seed", True), ("seed", None), ("lr", False), ("lr", [1])):
        with pytest.raises(ArgumentError, match=f"^{name}=.* is no (int|float) "):
            apply_settings(TrainingConfig(), {name: value})


@pytest.mark.parametrize("task", ["classify", "tag", "segment", "identify", "monitor"])
def test_every_question_lists_its_settings_with_their_meanings(task: str) -> None:
    found = list_settings(task)
    assert len(found) > 20
    assert all(one.meaning and one.kind for one in found)
