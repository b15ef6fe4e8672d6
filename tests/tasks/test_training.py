"""From a folder to a model: what is trained, on what, and where it lands."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from tests_sounds import KINDS, QUICK, few_recordings, sound
from tympan.audio import Clip
from tympan.data import read_folder
from tympan.errors import ArgumentError, DataError, ModelError
from tympan.models import load_model, save_model
from tympan.tasks import train
from tympan.tasks.contract import Evaluation, Phase
from tympan.tasks.training import TrainingResult
from tympan.training import History, checkpoint


def short(folder: Path, out: Path, **options):
    settings = QUICK | options.pop("settings", {})
    return train(folder, out=out, settings=settings, progress=False, **({"epochs": 1} | options))


def card_of(folder: Path) -> dict:
    return json.loads((folder / "card.json").read_text())


# -- with a test set, and a validation set where there is enough -------------------------------


def test_a_short_training_learns_three_kinds_of_sound(trained):
    result, lines = trained
    assert result.metrics["accuracy"] >= 0.75
    assert any("task: classify, because the sub-folders give 3 labels" in line for line in lines)
    assert any(line.startswith("split: ") for line in lines)
    assert {"model.safetensors", "card.json", "history.json", "report.html"} <= {
        p.name for p in result.folder.iterdir()
    }
    first, second, *others = str(result).splitlines()
    assert first.endswith(" recordings held out")
    assert second.startswith("accuracy  ")
    assert max(map(len, (first, second, *others[:-1]))) < 100
    assert lines == list(result.log)


def test_scores_are_probabilities_that_the_temperature_makes_soft(trained):
    result, _ = trained
    scores = result.evaluation.probabilities
    assert np.allclose(scores.sum(1), 1, atol=1e-4)
    assert card_of(result.folder)["config"]["temperature"] > 0


def test_enough_recordings_are_split_in_three(validated):
    result, lines = validated
    rows = result.job.split.indices
    assert sorted((*rows["train"], *rows["val"], *rows["test"])) == list(range(111))
    for side in ("val", "test"):
        assert len(rows[side]) == pytest.approx(0.15 * 111, abs=2)
        assert getattr(result.job.split, side).labels == list(KINDS)
    assert not any("none is held out for validation" in line for line in lines)
    assert card_of(result.folder)["data"]["recordings"] == {s: len(r) for s, r in rows.items()}


def test_the_best_epoch_of_the_validation_set_is_kept(validated):
    result, _ = validated
    history = result.history
    assert len(history.epochs) == 3
    assert history.best == max(history.column("accuracy"))
    assert all(0 < row["val_loss"] < 5 for row in history.epochs)
    best = checkpoint.load(result.folder / checkpoint.BEST)[0]["net"]
    stored = load_file(result.folder / "model.safetensors")
    saved = {k: v for k, v in stored.items() if not k.startswith("familiarity.")}
    assert len(stored) == len(saved) + 6
    assert best.keys() == saved.keys()
    assert all(torch.equal(best[name], saved[name]) for name in saved)
    stored = json.loads((result.folder / "history.json").read_text())
    assert stored == history.to_json()


def test_the_test_set_is_scored_by_the_saved_model(validated):
    from tympan.tasks.answering import load
    from tympan.tasks.classify import TASK

    result, _ = validated
    model = load(result.folder, "classify")
    again = TASK.evaluate([(model, result.job.split.test)], result.job.store)
    assert np.array_equal(again.probabilities, result.evaluation.probabilities)
    assert list(result.evaluation.files) == [
        result.job.table.relative(path) for path in result.job.split.test.paths
    ]


def test_the_same_command_makes_nothing_anew(many, validated):
    result, _ = validated
    before = (result.folder / "model.safetensors").read_bytes()
    again = short(many, result.folder, from_="scratch", epochs=3)
    assert again.metrics == result.metrics
    assert again.history == result.history
    assert (result.folder / "model.safetensors").read_bytes() == before


def test_a_table_may_stand_for_the_folder(folder, tmp_path):
    table = read_folder(folder)
    few = table.subset(i for i, e in enumerate(table) if e.label != "chirp")
    result = short(few, tmp_path / "m", from_="scratch", epochs=0, settings={"pool": "stages"})
    assert card_of(tmp_path / "m")["labels"] == ["noise", "tone"]
    assert len(result.job.table) == 40


# -- from a start model ------------------------------------------------------------------------


def test_fine_tuning_takes_the_encoder_and_keeps_its_front(trained, folder, tmp_path):
    result, _ = trained
    lines: list[str] = []
    tuned = train(
        folder,
        from_=str(result.folder),
        out=tmp_path / "tuned",
        epochs=1,
        settings={"lr": 1e-9, "warmup_epochs": 0, "batch_size": 16},
        progress=False,
        say=lines.append,
    )
    assert any("starting from the encoder of kinds" in line for line in lines)
    before, after = (load_file(r.folder / "model.safetensors") for r in (result, tuned))
    name = "encoder.stages.0.0.conv1.weight"
    assert torch.allclose(before[name], after[name], atol=1e-5)
    assert tuned.job.prepared.config.n_mels == 32


def test_what_the_start_model_was_trained_on_is_never_tested_on(trained, folder, tmp_path):
    parent = card_of(trained[0].folder)
    known = set(parent["data"]["trained_on"])
    lines: list[str] = []
    result = short(
        folder, tmp_path / "m", from_=str(trained[0].folder), seed=7, say=lines.append, epochs=0
    )
    job = result.job
    rows = job.split.indices["test"]
    assert rows
    assert not known & {job.store.content_key(job.table[i].path)[:16] for i in rows}
    assert any("are used for training only" in line for line in lines)
    card = card_of(tmp_path / "m")
    assert known <= set(card["data"]["trained_on"])
    assert card["data"]["started_from"]["weights"] == parent["weights"]["sha256"]


def test_another_start_model_does_not_resume_a_training(trained, tmp_path):
    """The same architecture and data, other weights."""
    few = few_recordings(tmp_path / "few")
    start = load_model(trained[0].folder)
    state = {k: v * 0.9 if k.endswith("conv1.weight") else v for k, v in start.state.items()}
    save_model(tmp_path / "other", state, replace(start.card, weights={}))
    how = {"out": tmp_path / "m", "progress": False, "epochs": 0}
    train(few, from_=str(trained[0].folder), **how)
    with pytest.raises(ModelError, match="another model to start from"):
        train(few, from_=str(tmp_path / "other"), **how)
    train(few, from_=str(tmp_path / "other"), resume=False, **how)


# -- settings ----------------------------------------------------------------------------------


def test_other_settings_do_not_resume_a_training(folder, tmp_path):
    short(folder, tmp_path / "m", from_="scratch")
    with pytest.raises(ModelError, match="f_min_hz"):
        short(folder, tmp_path / "m", from_="scratch", settings={"f_min_hz": "200"})


def test_seed_by_setting_is_the_seed(folder, tmp_path):
    settings = {"seed": "7", "pool": "stages"}
    result = short(folder, tmp_path / "m", from_="scratch", settings=settings, epochs=0)
    (training,) = card_of(result.folder)["data"]["training"]
    assert training["seed"] == 7
    with pytest.raises(ArgumentError, match="given twice"):
        short(folder, tmp_path / "n", from_="scratch", seed=1, settings={"seed": "7"})


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


# -- what cannot be trained on, and where a model may land -------------------------------------


def test_one_label_is_not_enough(tmp_path):
    (tmp_path / "hum").mkdir()
    for i in range(4):
        sound("tone", i).save(tmp_path / "hum" / f"{i}.wav")
    with pytest.raises(DataError, match="only the label 'hum'"):
        train(tmp_path, task="classify", from_="scratch", out=tmp_path / "m", progress=False)


def test_contradicting_recordings_are_refused(tmp_path):
    for kind in ("x", "y"):
        (tmp_path / "two" / kind).mkdir(parents=True)
        for i in range(4):
            sound("tone", i).save(tmp_path / "two" / kind / f"{i}.wav")
    with pytest.raises(DataError, match="same sound"):
        short(tmp_path / "two", tmp_path / "m", from_="scratch")


def test_a_model_never_lands_among_other_files(folder, tmp_path):
    (tmp_path / "letter.txt").write_text("dear all")
    for out in (tmp_path, tmp_path / "letter.txt", folder):
        with pytest.raises(ArgumentError, match="--out"):
            train(folder, from_="scratch", out=out, progress=False)
    assert [p.name for p in tmp_path.iterdir()] == ["letter.txt"]


def test_a_training_that_cannot_begin_leaves_no_folder(folder, tmp_path):
    for wrong, advice in (({"rate": 8000}, "rate_hz, perhaps?"), ({"zzz": 1}, "one of")):
        with pytest.raises(ArgumentError, match="no setting is called") as error:
            train(folder, out=tmp_path / "m", progress=False, settings=wrong)
        assert advice in str(error.value)
    with pytest.raises(ModelError):
        train(folder, from_="nowhere", out=tmp_path / "m", progress=False)
    assert not (tmp_path / "m").exists()


def test_what_is_wrong_with_recordings_is_told_before_the_training(folder, tmp_path, monkeypatch):
    from tympan import train

    for kind, count in (("chirp", 12), ("noise", 12), ("tone", 2)):
        (tmp_path / "few" / kind).mkdir(parents=True)
        for path in sorted((folder / kind).iterdir())[:count]:
            shutil.copy(path, tmp_path / "few" / kind / path.name)
    Clip(np.zeros(8000), 16000).save(tmp_path / "few" / "noise" / "mute.wav")
    lines: list[str] = []
    result = train(
        tmp_path / "few", out=tmp_path / "model", from_="scratch", epochs=0, progress=False,
        settings=QUICK | {"pool": "stages"}, say=lines.append,
    )  # fmt: skip
    silent, scarce = [line for line in lines if line.startswith("warning")]
    assert silent == "warning: silent, so better left out: noise/mute.wav (1 in all)"
    assert "'tone' (2)" in scarce
    assert "chirp" not in scarce
    shown: list[str] = []
    monkeypatch.setattr("webbrowser.open", shown.append)
    result.open()
    assert shown == [(tmp_path / "model" / "report.html").resolve().as_uri()]


# -- phases ------------------------------------------------------------------------------------


def test_a_recipe_of_two_phases_is_trained_and_told(folder, tmp_path, monkeypatch):
    """And what only an unfinished training needs is dropped in both."""
    import tympan
    from tympan.tasks.classify import TASK

    plain = TASK.recipe

    def two(table, start, settings):
        found = plain(table, start, settings)
        last = replace(found.phases[0].training, lr=1e-4)
        config = replace(found.config, crop=1.0, mixup_p=0.0)
        return replace(found, phases=(*found.phases, Phase(last, config)))

    monkeypatch.setattr(TASK, "recipe", two)
    how = {
        "out": tmp_path / "m", "from_": "scratch", "epochs": 1, "progress": False,
        "settings": QUICK | {"pool": "last", "keep_norm": "false"},
    }  # fmt: skip
    table = read_folder(folder)
    few = table.subset(i for i, path in enumerate(table.paths) if path.stem < "08")
    result = tympan.train(few, **how)
    assert len(result.history.epochs) == 2
    first, last = card_of(tmp_path / "m")["data"]["training"]
    assert (first["lr"], last["lr"]) == (2e-3, 1e-4)
    # An answer is given in the windows of the first phase, which is what is saved.
    assert card_of(tmp_path / "m")["config"]["crop"] == 0.75
    for place in (tmp_path / "m", tmp_path / "m" / "phases" / "2"):
        parts, _ = checkpoint.load(place / checkpoint.CHECKPOINT)
        assert not any("optimizer" in name for name in parts), place
    assert tympan.train(few, **how).metrics == result.metrics
    tympan.train(few, **how, resume=False)
    with pytest.raises(ModelError, match=r"lr: 0\.002 there, 0\.01 now"):
        tympan.train(few, **how | {"settings": how["settings"] | {"lr": "0.01"}})


def test_a_result_tells_what_was_measured():
    """Whatever the scores are: errors in percent, decibels, folds."""
    from tympan.models import Score

    score = Score("si_sdr", 7.25, (6.5, 8.0), unit="dB", folds=(7.0, 7.5))
    evaluation = Evaluation((score, Score("wer", 0.125, higher_is_better=False)), 12, "songs")
    result = TrainingResult(Path("m"), evaluation, None, History("-loss"))  # type: ignore[arg-type]
    assert result.metrics == {"si_sdr": 7.25, "wer": 0.125}
    assert result.cross_validated
    assert str(result).splitlines() == [
        "12 songs in cross-validation",
        "SI-SDR   7.25 dB   95 % interval 6.5 – 8 dB",
        "WER       12.5 %",
        "SI-SDR of each fold: 7 dB, 7.5 dB",
        "model in m",
    ]
