"""From a folder to answers by the command line, and answers of a trained model."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tympan
from tests_sounds import KINDS, QUICK, sound
from tympan.audio import concat, synth
from tympan.data import Table, recording
from tympan.errors import ArgumentError
from tympan.tasks.ask import load
from tympan.tasks.classify import TASK, steps


def test_the_model_is_right_about_new_sounds(trained):
    result, _ = trained
    right = sum(
        tympan.classify(sound(kind, seed), model=result.folder).best.label == kind
        for kind in KINDS
        for seed in range(900, 905)
    )
    assert right >= 12


def test_a_long_step_is_answered_whole(trained):
    model = load(trained[0].folder, "classify")
    tone = synth.sine(frequency_hz=800, duration_s=3.5, rate_hz=16000, amplitude=0.5)
    noise = sound("noise", 4)
    clip = concat([tone, noise, tone])
    (whole,) = steps(model, clip, clip.duration_s)
    assert model.labels[int(whole.probabilities.argmax())] == "tone"


def test_an_array_without_a_rate_is_refused(trained):
    with pytest.raises(ArgumentError, match="rate"):
        tympan.classify(np.zeros(16000, np.float32), model=trained[0].folder)


def test_a_model_is_its_folder_not_its_name(trained, tmp_path, monkeypatch):
    for place in ("one", "two"):
        (tmp_path / place).mkdir()
        shutil.copytree(trained[0].folder, tmp_path / place / "m")
    card = tmp_path / "two" / "m" / "card.json"
    values = json.loads(card.read_text())
    values["labels"] = ["c", "n", "t"]
    card.write_text(json.dumps(values))
    best = []
    for place in ("one", "two"):
        monkeypatch.chdir(tmp_path / place)
        best.append(tympan.classify(sound("tone", 2), model="m").best.label)
    assert best == ["tone", "t"]


def test_a_folder_asks_for_it_by_its_labels():
    def claim(*labels: str) -> str:
        rows = (recording(Path(f"{i}.wav"), {"label": x}) for i, x in enumerate(labels))
        return TASK.claims(Table(Path("pets"), tuple(rows)))

    assert claim("dog", "cat", "dog").startswith("the sub-folders give 2 labels")
    assert claim("dog;cat", "cat") == ""
    assert claim("dog", "dog") == ""
    assert claim("normal", "normal") == ""


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tympan", *arguments],
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
    assert {"start_s", "end_s", "label", "score"} == set(lines[0]["timeline"][0])


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
