"""From a folder to a model and its answers, with real training on real files."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import tympan
from tests_command import tympan_command
from tests_sounds import QUICK, sound
from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks import evaluate, train
from tympan.tasks.settings import apply_settings
from tympan.training import TrainingConfig


def test_a_short_training_learns_three_kinds_of_sound(trained):
    result, said = trained
    assert result.metrics["accuracy"] >= 0.75
    assert any("task: classify, because the sub-folders give 3 labels" in line for line in said)
    assert any(line.startswith("split: ") for line in said)
    assert {"model.safetensors", "card.json", "history.json", "report.html"} <= {
        p.name for p in result.folder.iterdir()
    }


def test_the_card_says_what_the_model_is(trained):
    result, _ = trained
    card = json.loads((result.folder / "card.json").read_text())
    assert card["labels"] == ["chirp", "noise", "tone"]
    assert card["metrics"]["scores"][0]["value"] == result.metrics["accuracy"]
    assert sum(card["data"]["recordings"].values()) == 60
    assert card["config"]["clip_s"] == pytest.approx(0.9, abs=0.11)


def test_the_model_answers_right_about_sounds_it_never_heard(trained):
    result, _ = trained
    right = sum(
        tympan.classify(sound(kind, seed), model=result.folder).best.label == kind
        for kind in ("chirp", "noise", "tone")
        for seed in range(900, 905)
    )
    assert right >= 12


def test_evaluate_leaves_out_what_was_heard_in_training(trained, folder, tmp_path):
    result, _ = trained
    again = evaluate(result.folder, folder)
    held_out = json.loads((result.folder / "card.json").read_text())["data"]["recordings"]["test"]
    assert again.count == held_out
    assert again.seen == 60 - held_out
    assert again.metrics["accuracy"] == result.metrics["accuracy"]
    # Another name does not make a recording new.
    for kind in ("chirp", "noise", "tone"):
        (tmp_path / kind).mkdir()
        for i, file in enumerate(sorted((folder / kind).iterdir())):
            shutil.copy(file, tmp_path / kind / f"copy {i}{file.suffix}")
    assert evaluate(result.folder, tmp_path).seen == again.seen


def test_a_label_the_model_does_not_know_is_named(trained, tmp_path):
    (tmp_path / "violin").mkdir()
    (tmp_path / "noise").mkdir()
    sound("tone", 1).save(tmp_path / "violin" / "a.wav")
    sound("noise", 1).save(tmp_path / "noise" / "a.wav")
    with pytest.raises(DataError, match="'violin'"):
        evaluate(trained[0].folder, tmp_path)


def test_fine_tuning_takes_the_encoder_and_keeps_its_front(trained, folder, tmp_path):
    result, _ = trained
    said: list[str] = []
    tuned = train(
        folder,
        from_=str(result.folder),
        out=tmp_path / "tuned",
        epochs=1,
        settings={"lr": 1e-9, "warmup_epochs": 0, "batch_size": 16},
        progress=False,
        say=said.append,
    )
    assert any("starting from the encoder of kinds" in line for line in said)
    before, after = (load_file(r.folder / "model.safetensors") for r in (result, tuned))
    name = "encoder.stages.0.0.conv1.weight"
    assert torch.allclose(before[name], after[name], atol=1e-5)
    assert tuned.job.prepared.config.n_mels == 32


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"settings": {"colour": "red"}}, "'colour'"),
        ({"settings": {"lr": "fast"}}, "lr='fast' is no float"),
        ({"settings": {"encoder": "huge"}}, "huge"),
        ({"task": "smell"}, "no task is called 'smell'"),
        ({"from_": "nothing/here"}, "nothing/here"),
    ],
)
def test_a_wrong_argument_is_one_clear_line(folder, tmp_path, arguments, message):
    with pytest.raises((ArgumentError, ModelError), match=message):
        train(folder, out=tmp_path / "m", progress=False, **({"from_": "scratch"} | arguments))
    assert not (tmp_path / "m" / "card.json").exists()


def test_one_label_is_not_enough(tmp_path):
    (tmp_path / "hum").mkdir()
    for i in range(4):
        sound("tone", i).save(tmp_path / "hum" / f"{i}.wav")
    with pytest.raises(DataError, match="only the label 'hum'"):
        train(tmp_path, task="classify", from_="scratch", out=tmp_path / "m", progress=False)


def test_a_model_never_lands_among_other_files(folder, tmp_path):
    (tmp_path / "letter.txt").write_text("dear all")
    for out in (tmp_path, tmp_path / "letter.txt", folder):
        with pytest.raises(ArgumentError, match="--out"):
            train(folder, from_="scratch", out=out, progress=False)
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


def test_settings_are_read_as_their_type():
    config, used = apply_settings(TrainingConfig(), {"patience": "none", "lr": "1e-4", "x": "1"})
    assert (config.patience, config.lr, used) == (None, 1e-4, {"patience", "lr"})


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        tympan_command(*arguments),
        cwd=cwd, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


@pytest.mark.slow
def test_two_commands_from_a_folder_to_an_evaluated_model(folder, tmp_path):
    settings = [f"--set={k}={v}" for k, v in QUICK.items()]
    made = run(
        "train", str(folder), "--from", "scratch", "--out", "m", "--epochs", "2", *settings,
        cwd=tmp_path,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert "task: classify" in made.stdout
    scored = run("evaluate", "m", str(folder), "--json", cwd=tmp_path)
    assert {"accuracy", "macro_f1", "ece", "per_class"} <= set(json.loads(scored.stdout))
    file = str(next((folder / "tone").iterdir()))
    answered = run("classify", file, file, "--model", "m", "--top", "2", "--json", cwd=tmp_path)
    lines = [json.loads(line) for line in answered.stdout.splitlines()]
    assert [line["file"] for line in lines] == [file, file]
    assert [len(line["labels"]) for line in lines] == [2, 2]
    assert {"start_s", "end_s", "label", "score", "familiarity"} == set(lines[0]["timeline"][0])


def test_a_users_mistake_is_one_line_and_exit_code_2(trained, tmp_path):
    (tmp_path / "text.wav").write_text("no sound")
    good = tmp_path / "good.wav"
    sound("tone", 3).save(good)
    model = ["--model", str(trained[0].folder)]
    one = run("classify", "text.wav", *model, cwd=tmp_path)
    assert (one.returncode, one.stdout) == (2, "")
    assert len(one.stderr.splitlines()) == 1
    assert "text.wav" in one.stderr
    # The answers about the other files are given all the same.
    some = run("classify", "text.wav", str(good), "--json", *model, cwd=tmp_path)
    assert some.returncode == 2
    assert json.loads(some.stdout)["file"] == str(good)
    none = run("classify", str(good), "--model", "nowhere", cwd=tmp_path)
    assert none.returncode == 2
    assert "nowhere" in none.stderr


def test_scores_are_probabilities_that_the_temperature_makes_soft(trained):
    result, _ = trained
    scores = result.evaluation.probabilities
    assert np.allclose(scores.sum(1), 1, atol=1e-4)
    assert result.job.prepared.config.temperature > 0
