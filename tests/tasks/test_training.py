"""What is told about a model is true: no leak, no silent mix-up, no false certainty."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tympan
from tests_sounds import QUICK, sound
from tympan.audio import Clip, concat, synth
from tympan.data import Split
from tympan.errors import ArgumentError, DataError, ModelError
from tympan.models import load_model
from tympan.tasks import evaluate, train
from tympan.tasks.ask import load
from tympan.tasks.classify import steps
from tympan.tasks.classify.evaluation import Evaluation
from tympan.tasks.finish import keep_apart
from tympan.tasks.metrics import classification_metrics


def short(folder: Path, out: Path, **options):
    settings = QUICK | options.pop("settings", {})
    return train(folder, out=out, epochs=1, settings=settings, progress=False, **options)


def test_what_the_start_model_heard_is_never_tested_on(trained, folder, tmp_path):
    parent = json.loads((trained[0].folder / "card.json").read_text())
    known = set(parent["data"]["trained_on"])
    said: list[str] = []
    result = short(folder, tmp_path / "m", from_=str(trained[0].folder), seed=7, say=said.append)
    rows = result.job.split.indices["test"]
    assert rows
    assert not known & {result.job.cache.content_key(i)[:16] for i in rows}
    assert any("are used for training only" in line for line in said)
    card = json.loads((tmp_path / "m" / "card.json").read_text())
    assert known <= set(card["data"]["trained_on"])
    assert card["data"]["started_from"]["weights"] == parent["weights"]["sha256"]


def test_nor_is_what_comes_from_the_same_source(trained):
    job = trained[0].job
    heard, other, fresh = job.split.indices["train"][0], *job.split.indices["test"][:2]
    sources = {heard: "street", other: "street", fresh: "forest"}
    examples = tuple(
        replace(e, columns=e.columns | {"source": sources.get(i, f"{i}")})
        for i, e in enumerate(job.table)
    )
    table = replace(job.table, examples=examples)
    rows = {"train": job.split.indices["train"][1:], "val": (), "test": (heard, other, fresh)}
    sides = {side: table.subset(indices) for side, indices in rows.items()}
    job = replace(job, table=table, split=Split(**sides, reason="by hand", indices=rows))
    said: list[str] = []
    start = load_model(trained[0].folder)
    apart = keep_apart(job, start, said.append)
    assert apart.split.indices["test"] == (fresh,)
    assert {heard, other} < set(apart.split.indices["train"])
    assert said == [
        "2 recordings that kinds was trained on (or on others of their source) are used for "
        "training only"
    ]
    assert keep_apart(job, start, given=True).split.indices["train"] == rows["train"]


def test_silent_recordings_are_named_unless_silence_is_a_label(folder, tmp_path):
    root = tmp_path / "some"
    shutil.copytree(folder, root)
    silence = Clip(np.zeros(8000), 16000)
    silence.save(root / "tone" / "mute.wav")
    (root / "silence").mkdir()
    for i in range(20):  # each another length, or all would be one and the same sound
        Clip(np.zeros(9000 + i), 16000).save(root / "silence" / f"{i}.wav")
    said: list[str] = []
    short(root, tmp_path / "m", from_="scratch", say=said.append)
    warned = [line for line in said if "silent" in line]
    assert warned == ["warning: silent, so better left out: tone/mute.wav (1 in all)"]


def test_a_model_made_from_the_shipped_one_credits_its_recordings(folder, tmp_path):
    settings = {k: QUICK[k] for k in ("batch_size",)}
    train(folder, out=tmp_path / "m", epochs=1, settings=settings, progress=False)
    card = json.loads((tmp_path / "m" / "card.json").read_text())
    assert card["data"]["started_from"]["name"] == "sounds"
    assert "freesound" in (tmp_path / "m" / card["attribution"]).read_text()


def test_other_settings_do_not_resume_a_training(folder, tmp_path):
    short(folder, tmp_path / "m", from_="scratch")
    with pytest.raises(ModelError, match="f_min_hz"):
        short(folder, tmp_path / "m", from_="scratch", settings={"f_min_hz": "200"})


def test_a_long_step_is_heard_whole(trained):
    model = load(trained[0].folder, "classify")
    tone = synth.sine(frequency_hz=800, duration_s=3.5, rate_hz=16000, amplitude=0.5)
    noise = sound("noise", 4)
    recording = concat([tone, noise, tone])
    (whole,) = steps(model, recording, recording.duration_s)
    assert model.labels[int(whole.probabilities.argmax())] == "tone"


def test_an_array_without_a_rate_is_refused(trained):
    with pytest.raises(ArgumentError, match="rate"):
        tympan.classify(np.zeros(16000, np.float32), model=trained[0].folder)


def test_a_model_is_its_folder_not_its_name(trained, folder, tmp_path, monkeypatch):
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


def test_all_right_is_not_all_certain(trained, folder, tmp_path):
    for kind in ("tone", "noise"):
        (tmp_path / kind).mkdir()
        sound(kind, 77).save(tmp_path / kind / "a.wav")
    found = evaluate(trained[0].folder, tmp_path)
    low, high = found.metrics["intervals"]["accuracy"]
    assert high - low > 0.5


def test_a_recording_that_cannot_be_read_is_left_out_and_named(trained, tmp_path):
    (tmp_path / "tone").mkdir()
    sound("tone", 77).save(tmp_path / "tone" / "good.wav")
    (tmp_path / "tone" / "bad.wav").write_bytes(b"RIFF....WAVE")
    found = evaluate(trained[0].folder, tmp_path)
    assert found.metrics["examples"] == 1
    assert "bad.wav" in found.skipped[0]


def test_unlabelled_or_contradicting_recordings_are_refused(trained, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    sound("tone", 1).save(flat / "a.wav")
    with pytest.raises(DataError, match=r"label|says nothing"):
        evaluate(trained[0].folder, flat)
    for kind in ("x", "y"):
        (tmp_path / "two" / kind).mkdir(parents=True)
        for i in range(4):
            sound("tone", i).save(tmp_path / "two" / kind / f"{i}.wav")
    with pytest.raises(DataError, match="same sound"):
        short(tmp_path / "two", tmp_path / "m", from_="scratch")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dropout": "2"}, "dropout"),
        ({"lr": "inf"}, "lr"),
        ({"hop": "2000"}, "hop"),
        ({"mask": "3"}, "mask"),
        ({"seed": "-1"}, "seed"),
        ({"weight_decay": "nan"}, "weight_decay"),
    ],
)
def test_a_setting_out_of_range_is_refused_before_training(folder, tmp_path, settings, message):
    with pytest.raises(ArgumentError, match=message):
        short(folder, tmp_path / "m", from_="scratch", settings=settings)


def test_seed_by_setting_is_the_seed(folder, tmp_path):
    result = short(folder, tmp_path / "m", from_="scratch", settings={"seed": "7"})
    card = json.loads((result.folder / "card.json").read_text())
    assert card["data"]["training"]["seed"] == 7
    with pytest.raises(ArgumentError, match="given twice"):
        short(folder, tmp_path / "n", from_="scratch", seed=1, settings={"seed": "7"})


def test_a_training_that_cannot_begin_leaves_no_folder(folder, tmp_path):
    for wrong, told in (({"rate": 8000}, "rate_hz, perhaps?"), ({"zzz": 1}, "one of")):
        with pytest.raises(ArgumentError, match="no setting is called") as error:
            train(folder, out=tmp_path / "m", progress=False, settings=wrong)
        assert told in str(error.value)
    with pytest.raises(ModelError):
        train(folder, from_="nowhere", out=tmp_path / "m", progress=False)
    assert not (tmp_path / "m").exists()


def test_of_a_label_never_answered_no_precision_is_told():
    truth, scores = np.array([0, 0, 1]), np.array([[0.9, 0.1, 0.0]] * 3)
    metrics = classification_metrics(truth, scores, ["a", "b", "c"])
    table = str(Evaluation(metrics, ("1", "2", "3"), truth, scores, ("a", "b", "c")))
    rows = {line.split()[0]: line.split()[1:] for line in table.splitlines()[-3:]}
    assert rows["a"][:2] == ["66.7%", "100.0%"]
    assert rows["b"] == ["–", "0.0%", "0.0%", "1"]
    assert rows["c"] == ["–", "–", "–", "0"]


def test_labels_with_hardly_any_recordings_are_named(folder, tmp_path, monkeypatch):
    for kind, count in (("chirp", 12), ("noise", 12), ("tone", 2)):
        (tmp_path / "few" / kind).mkdir(parents=True)
        for path in sorted((folder / kind).iterdir())[:count]:
            shutil.copy(path, tmp_path / "few" / kind / path.name)
    said: list[str] = []
    result = short(tmp_path / "few", tmp_path / "model", from_="scratch", say=said.append)
    warnings = [line for line in said if line.startswith("warning")]
    assert len(warnings) == 1
    assert "'tone' (2)" in warnings[0]
    assert "chirp" not in warnings[0]
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    result.open()
    assert shown == [(tmp_path / "model" / "report.html").resolve().as_uri()]
