"""A recogniser is trained on a folder."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests_transcribe import PHONEMES, SMALL, made_folder, said
from tympan.data import read_folder
from tympan.errors import ArgumentError, DataError, ModelError
from tympan.models import load_card, load_model, save_model
from tympan.tasks.training import train
from tympan.tasks.transcribe.loading import language_model_of
from tympan.tasks.transcribe.mixture import Mixture
from tympan.tasks.transcribe.task import TASK, language_of

Trained = tuple[Path, Path, list[str]]


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A small recogniser of four words made of tones."""
    root = tmp_path_factory.mktemp("own")
    folder, lines = made_folder(root / "recordings"), []
    train(
        folder, task="transcribe", from_="scratch", out=root / "mine", epochs=80,
        settings=SMALL, progress=False, say=lines.append,
    )  # fmt: skip
    return folder, root / "mine", lines


@pytest.mark.slow
def test_it_learns_what_it_is_shown(mine: Trained) -> None:
    _, out, lines = mine
    card = load_card(out)
    scores = {one["name"]: one["value"] for one in card.metrics["scores"]}
    assert scores["word_error_rate"] < 15
    assert scores["character_error_rate"] < 15
    assert any("4 different words" in line for line in lines)
    assert card.task == "transcribe"
    assert card.config["phonemes"] == list(PHONEMES)


@pytest.mark.slow
def test_words_and_their_times_in_a_new_recording(mine: Trained) -> None:
    model = TASK.recogniser(load_model(mine[1]))
    wave, times = said("coffee no tea stop no", seed=901)
    words = model.words(wave)
    assert [one.text for one in words] == ["coffee", "no", "tea", "stop", "no"]
    for word, (start_s, end_s) in zip(words, times, strict=True):
        assert abs(word.start_s - start_s) < 0.15
        assert abs(word.end_s - end_s) < 0.15
    aligned = model.align(wave, ["Coffee,", "no", "tea", "stop", "no"])
    assert [one.start_s for one in aligned] == pytest.approx([o.start_s for o in words], abs=0.1)


@pytest.mark.slow
def test_its_own_words_stand_beside_those_of_the_language(mine: Trained) -> None:
    loaded = load_model(mine[1])
    model = TASK.recogniser(loaded)
    words = language_model_of(loaded, model.config)
    assert isinstance(words, Mixture)
    tea, unlikely = (words.words.index(one) for one in ("tea", "philosophy"))
    assert words.single[tea] > words.single[unlikely] + 3
    assert words.usual.single[words.usual.words.index("tea")] < words.single[tea] - 2


@pytest.mark.slow
def test_another_starts_from_it(mine: Trained, tmp_path: Path) -> None:
    folder, out, _ = mine
    train(
        folder, task="transcribe", from_=str(out), out=tmp_path / "again", epochs=1,
        settings={"batch_size": 8, "lr": 1e-5}, progress=False,
    )  # fmt: skip
    before, after = load_model(out).state, load_model(tmp_path / "again").state
    assert before.keys() == after.keys()
    apart = (before["net.out.weight"] - after["net.out.weight"]).abs().max()
    assert 0 < float(apart) < 0.01
    with pytest.raises(ArgumentError, match="size=64 does not fit"):
        train(folder, task="transcribe", from_=str(out), out=tmp_path / "no", settings={"size": 64})


@pytest.mark.slow
def test_weights_that_do_not_fit_are_named(mine: Trained, tmp_path: Path) -> None:
    loaded = load_model(mine[1])
    state = {k: v for k, v in loaded.state.items() if k != "net.out.bias"}
    save_model(tmp_path / "less", state, loaded.card)
    with pytest.raises(ModelError, match="do not fit its card"):
        TASK.load(load_model(tmp_path / "less"))


def rows(folder: Path, lines: list[tuple[str, ...]]) -> Path:
    from tympan.audio import Clip

    folder.mkdir(parents=True)
    with open(folder / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(lines)
    for name, *_ in lines[1:]:
        Clip(np.full((1, 1600), 0.1, np.float32), 16_000).save(folder / name)
    return folder


def test_rows_without_words_are_left_out(tmp_path: Path) -> None:
    lines = [("file_name", "text"), ("a.wav", "Hello."), ("b.wav", " "), ("c.wav", "…!")]
    table = TASK.rows_of(read_folder(rows(tmp_path / "f", lines)))
    assert [one.path.name for one in table] == ["a.wav"]
    assert table[0].columns["source"] == "hello."
    assert "column text" in TASK.claims(table)


def test_a_few_words_said_over_and_over_are_in_every_set(tmp_path: Path) -> None:
    lines = [("file_name", "text"), *((f"{i}.wav", ("One.", "Two.")[i % 2]) for i in range(8))]
    table = TASK.rows_of(read_folder(rows(tmp_path / "f", lines)))
    assert not table.has("source")
    lines.append(("8.wav", "Three."))
    table = TASK.rows_of(read_folder(rows(tmp_path / "g", lines)))
    assert table[0].columns["source"] == "one."


def test_speakers_stay_on_one_side(tmp_path: Path) -> None:
    lines = [("file_name", "text", "speaker"), ("a.wav", "Hello.", "ann"), ("b.wav", "Hello.", "")]
    table = TASK.rows_of(read_folder(rows(tmp_path / "f", lines)))
    assert [one.columns.get("source", "") for one in table] == ["", "hello."]


def test_folders_that_cannot_be_trained_on(tmp_path: Path) -> None:
    few = rows(tmp_path / "few", [("file_name", "text"), ("a.wav", "Hello.")])
    with pytest.raises(DataError, match="has 1 recordings with a text"):
        TASK.recipe(TASK.rows_of(read_folder(few)), None, {})
    labelled = rows(tmp_path / "labels", [("file_name", "speaker"), ("a.wav", "ann")])
    with pytest.raises(DataError, match="does not say what is spoken"):
        TASK.rows_of(read_folder(labelled))
    empty = rows(tmp_path / "empty", [("file_name", "text"), ("a.wav", "?")])
    with pytest.raises(DataError, match="no recording with a text"):
        TASK.rows_of(read_folder(empty))


def test_little_speech_gets_more_epochs(tmp_path: Path) -> None:
    names = [(f"{i}.wav", f"word {i}") for i in range(20)]
    table = TASK.rows_of(read_folder(rows(tmp_path / "f", [("file_name", "text"), *names])))
    usual = TASK.defaults()["from scratch"].training.epochs
    assert TASK.recipe(table, None, {}).phases[0].training.epochs == 6 * usual
    assert TASK.recipe(table, None, {"epochs": 3}).phases[0].training.epochs == 3
    assert TASK.recipe(table, None, {"language": "de"}).config.language == "de"


def test_the_language_is_that_of_the_column(tmp_path: Path) -> None:
    lines = [("file_name", "text", "language"), ("a.wav", "Ja.", "de-DE"), ("b.wav", "Ja.", "de")]
    assert language_of(read_folder(rows(tmp_path / "f", lines))) == "de"
