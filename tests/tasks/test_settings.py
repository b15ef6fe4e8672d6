"""What `--set` can change is listed, told, and really taken."""

from __future__ import annotations

import dataclasses

import pytest

from tympan.errors import ArgumentError
from tympan.tasks import list_settings
from tympan.tasks.classify import TASK, ClassifyConfig
from tympan.training import TrainingConfig


def test_every_field_of_both_configurations_is_listed_but_the_fitted_one() -> None:
    fields = {f.name for kind in (TrainingConfig, ClassifyConfig) for f in dataclasses.fields(kind)}
    assert {one.name for one in list_settings()} == fields - {"temperature"}


@pytest.mark.parametrize("one", list_settings(), ids=lambda one: one.name)
def test_each_has_a_meaning_and_a_default_that_it_takes(one) -> None:
    from tympan.tasks.base import apply_settings
    from tympan.tasks.course import usual_training

    assert one.meaning.endswith(".")
    assert "\n" not in one.meaning
    own = TASK.for_tuning(ClassifyConfig())
    config = usual_training(tuning=True) if one.group == "training" else own
    text = one.default.split(",")[0]
    changed, used = apply_settings(config, {one.name: text})
    assert used == {one.name}
    assert changed == config


def test_an_entry_ends_where_the_next_begins() -> None:
    told = {one.name: one.meaning for one in list_settings()}
    assert told["n_mels"] == "mel bands."
    assert told["keep_norm"].endswith("as it is.")
    assert "weight_decay" not in told["lr"]


def test_an_unknown_task_is_named() -> None:
    with pytest.raises(ArgumentError, match="no task is called 'sing'"):
        list_settings("sing")
