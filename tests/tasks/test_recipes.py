"""How much data there is, and what the user set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests_sounds import few_recordings
from tympan.data import Table, read_folder, recording
from tympan.errors import ArgumentError
from tympan.models import Card, LoadedModel
from tympan.tasks.classify import ClassifyConfig
from tympan.tasks.recipes import (
    check_pretrained,
    common_rate_hz,
    configured,
    gather,
    is_small,
    scarce_labels,
)
from tympan.training import TrainingConfig


def table_of(columns: list[dict[str, str]]) -> Table:
    """A table of files that need not be there."""
    rows = (recording(Path(f"{i}.wav"), row) for i, row in enumerate(columns))
    return Table(Path(), tuple(rows))


def two_labels(count: int) -> list[dict[str, str]]:
    return [{"label": "ab"[i % 2]} for i in range(count)]


def test_a_small_data_set_has_under_thirty_training_recordings_of_each_label():
    for count, small in ((33, True), (36, False)):  # 15 % are for the test
        assert is_small(table_of(two_labels(2 * count)), 2) is small


def test_the_last_fold_is_no_training_set():
    rows = [row | {"fold": str(i % 5)} for i, row in enumerate(two_labels(72))]
    assert is_small(table_of(rows), 2)  # 58 are for training, with one fold of five as the test set
    assert not is_small(table_of(two_labels(72)), 2)


def test_a_split_column_says_how_many_are_for_training():
    for training, small in ((58, True), (62, False)):
        rows = [
            row | {"split": "Train" if i < training else "test"}
            for i, row in enumerate(two_labels(200))
        ]
        assert is_small(table_of(rows), 2) is small


def test_labels_with_hardly_any_recordings_are_named():
    rows = two_labels(16) + [{"label": "c"}] * 7 + [{"label": "d"}] * 2 + [{"label": ""}] * 3
    sentence = scarce_labels(table_of(rows))
    assert sentence.startswith("warning: under 8 recordings of 'd' (2), 'c' (7): ")
    assert scarce_labels(table_of(two_labels(16))) == ""


def test_the_rate_is_that_of_most_files(folder: Path, tmp_path: Path):
    # Of `folder` a quarter each has 16, 22.05, 44.1 and 8 kHz; of equals the highest loses nothing.
    assert common_rate_hz(read_folder(folder), most=60) == 44100
    few = read_folder(few_recordings(tmp_path / "few"))
    assert common_rate_hz(few) == 16000
    few[0].path.write_bytes(b"no sound")
    assert common_rate_hz(few) == 16000
    assert common_rate_hz(Table(tmp_path, ())) == 0


def test_settings_reach_both_configurations():
    given = {"lr": "1e-4", "crop": "0.5", "patience": "none", "n_mels": 40}
    config, training, chosen = configured(ClassifyConfig(), TrainingConfig(patience=3), given)
    assert config == replace(ClassifyConfig(), crop=0.5, n_mels=40)
    assert training == TrainingConfig(lr=1e-4, patience=None)
    assert chosen == {"crop", "n_mels"}


@pytest.mark.parametrize(
    ("settings", "advice"), [({"rate": 8000}, "rate_hz, perhaps?"), ({"zzz": 1}, "one of ")]
)
def test_an_unknown_setting_is_refused_with_the_nearest_name(settings, advice):
    with pytest.raises(ArgumentError, match="no setting is called") as error:
        configured(ClassifyConfig(), TrainingConfig(), settings)
    assert advice in str(error.value)


def test_what_is_given_twice_must_be_the_same():
    assert gather({"seed": "7"}, seed=7, epochs=None) == {"seed": 7}
    assert gather(None, epochs=0) == {"epochs": 0}
    settings = {"lr": 1.0}
    assert gather(settings, seed=1) == {"lr": 1.0, "seed": 1}
    assert settings == {"lr": 1.0}
    with pytest.raises(ArgumentError, match="seed is given twice: 1 and 7"):
        gather({"seed": "7"}, seed=1)


def test_what_pretrained_weights_dictate_cannot_be_set():
    start = LoadedModel(Card("kinds", "classify", config={"n_mels": 64}), {}, Path())
    check_pretrained(("n_mels",), ClassifyConfig(), start)
    with pytest.raises(ArgumentError, match=r"n_mels=40 does not fit the encoder of kinds, .* 64"):
        check_pretrained(("n_mels",), ClassifyConfig(n_mels=40), start)
