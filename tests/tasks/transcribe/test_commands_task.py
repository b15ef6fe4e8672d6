"""A folder with labels trains a model of those words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests_transcribe import RATE_HZ, WORDS, said
from tympan.audio import Clip
from tympan.data import read_folder
from tympan.errors import ArgumentError, DataError, ModelError
from tympan.models import load_card, load_model, save_model
from tympan.tasks.training import train
from tympan.tasks.transcribe.command_net import NONE
from tympan.tasks.transcribe.commands import CommandModel
from tympan.tasks.transcribe.task import TASK

SMALL = {"size": 32, "blocks": 2, "batch_size": 16, "window_s": 0.9, "variation": 0.3}


def made(folder: Path, words: tuple[str, ...] = WORDS, count: int = 10) -> Path:
    for word in words:
        (folder / word).mkdir(parents=True)
        for seed in range(count):
            wave = said(word, seed)[0]
            Clip(wave[None], RATE_HZ).save(folder / word / f"{seed}.wav")
    return folder


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("words")
    # The shipped recogniser is of all words, and not what it starts from.
    train(
        made(root / "recordings"), task="transcribe", out=root / "mine", epochs=40, settings=SMALL,
        progress=False,
    )  # fmt: skip
    return root / "mine"


@pytest.mark.slow
def test_it_hears_its_words_in_new_recordings(mine: Path) -> None:
    card = load_card(mine)
    assert card.labels[0] == NONE
    assert set(card.labels[1:]) == set(WORDS)
    assert card.metrics["scores"][0]["name"] == "accuracy"
    assert card.metrics["scores"][0]["value"] > 0.8
    model = TASK.load(load_model(mine)).recogniser
    assert isinstance(model, CommandModel)
    gap = np.zeros(RATE_HZ, np.float32)
    waves = [said(word, 77)[0] for word in ("coffee", "tea")]
    heard = model.words(np.concatenate([gap, waves[0], gap, waves[1], gap]))
    assert [one.text for one in heard] == ["coffee", "tea"]


@pytest.mark.slow
def test_another_starts_from_it_with_other_words(mine: Path, tmp_path: Path) -> None:
    folder = made(tmp_path / "recordings", ("yes", "stop"), 8)
    train(
        folder, task="transcribe", from_=str(mine), out=tmp_path / "out", epochs=1,
        progress=False,
    )  # fmt: skip
    assert load_card(tmp_path / "out").labels == [NONE, "stop", "yes"]


@pytest.mark.slow
def test_weights_that_do_not_fit_are_named(mine: Path, tmp_path: Path) -> None:
    loaded = load_model(mine)
    state = {k: v for k, v in loaded.state.items() if k != "net.norm.bias"}
    save_model(tmp_path / "less", state, loaded.card)
    with pytest.raises(ModelError, match="do not fit its card"):
        TASK.load(load_model(tmp_path / "less"))


@pytest.mark.slow
def test_a_model_of_words_is_no_start_for_texts(mine: Path, tmp_path: Path) -> None:
    folder = tmp_path / "texts"
    folder.mkdir()
    lines = ["file_name,text"]
    for seed in range(9):
        Clip(said("no", seed)[0][None], RATE_HZ).save(folder / f"{seed}.wav")
        lines.append(f"{seed}.wav,no {seed}")
    (folder / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ArgumentError, match="hears a few words"):
        train(folder, task="transcribe", from_=str(mine), out=tmp_path / "out")


def test_too_few_recordings(tmp_path: Path) -> None:
    folder = made(tmp_path / "few", ("no",), 3)
    with pytest.raises(DataError, match="has 3 recordings of 1 words"):
        TASK.rows_of(read_folder(folder))


def test_labels_are_words_in_lower_case(tmp_path: Path) -> None:
    folder = made(tmp_path / "words", ("No", "other"), 4)
    table = TASK.rows_of(read_folder(folder))
    assert {one.columns["label"] for one in table} == {"no", NONE}
    recipe = TASK.recipe(table, None, {"threshold": 0.6})
    assert recipe.config.threshold == 0.6
