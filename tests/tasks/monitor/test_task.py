"""Folders that a monitor is trained on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import tympan
from tests_machine import machine
from tympan.data import read_folder
from tympan.errors import ArgumentError, ModelError
from tympan.models import load_card, load_model
from tympan.tasks import get
from tympan.tasks.monitor.config import MonitorConfig

pytestmark = pytest.mark.filterwarnings("ignore::tympan.errors.TympanWarning")


def test_the_faulty_recordings_only_test(made: Path) -> None:
    card = load_card(made / "model")
    assert card.task == "monitor"
    names = [one["name"] for one in card.metrics["scores"]]
    assert names == ["auc", "pauc", "anomalies_found", "false_alarms"]
    assert card.metrics["scores"][0]["value"] > 0.9
    assert card.metrics["per_kind"]["worn"]["count"] == 4
    assert card.config["normal"] == "normal"
    assert card.config["detectors"]
    recordings = card.data["recordings"]
    assert sum(recordings.values()) == 28
    assert recordings["test"] >= 4 + 1


def test_one_label_is_enough(tmp_path: Path) -> None:
    (tmp_path / "data" / "normal").mkdir(parents=True)
    machine(120, 0).save(tmp_path / "data" / "normal" / "day.wav")
    lines: list[str] = []
    result = tympan.train(
        tmp_path / "data", out=tmp_path / "model", epochs=1, progress=False, say=lines.append
    )
    assert any("task: monitor, because" in line for line in lines)
    assert result.evaluation.scores[0].name == "false_alarms"
    assert result.evaluation.scores[1].name == "simulated_auc"
    assert any("No anomaly was there" in line for line in result.evaluation.limits)
    found = tympan.monitor(machine(10, 1, whistle=0.03), model=tmp_path / "model")
    assert found.anomalous


def dcase(home: Path, year: int) -> None:
    """A tiny folder laid out as those of DCASE's task 2."""
    for part, counts in (("train", {"normal": 8}), ("test", {"normal": 4, "anomaly": 4})):
        (home / "fan" / part).mkdir(parents=True)
        for state, count in counts.items():
            for unit in (0, 2):
                for i in range(count):
                    whistle = 0.02 if state == "anomaly" else 0.0
                    clip = machine(3, 100 * unit + i + 50 * (part == "test"), whistle, 1 + unit / 9)
                    name = f"{state}_id_{unit:02d}_{i:08d}.wav"
                    if year >= 2023:
                        name = f"section_{unit:02d}_source_{part}_{state}_{i:04d}_spd_{unit}.wav"
                    clip.save(home / "fan" / part / name)


@pytest.mark.parametrize("year", [2020, 2023])
def test_dcase_folders_are_understood_as_they_are(tmp_path: Path, year: int) -> None:
    dcase(tmp_path / "data", year)
    result = tympan.train(tmp_path / "data", out=tmp_path / "model", epochs=1, progress=False)
    found = result.evaluation
    assert found.count == 16
    unit = "id" if year == 2020 else "section"
    assert [name for name, _ in found.groups()] == [f"fan {unit}_00", f"fan {unit}_02"]
    machines = found.per_machine()
    from scipy.stats import hmean

    expected = hmean([row["auc"] for row in machines.values()])
    assert found.metrics["auc"] == pytest.approx(expected, abs=1e-3)
    assert found.metrics["auc"] > 0.9
    assert [row["machine"] for row in found.table()] == list(machines)


def test_any_label_can_be_the_normal_one(made: Path, tmp_path: Path) -> None:
    question = get("monitor")
    table = read_folder(made / "data")
    recipe = question.recipe(table, None, {"normal": "worn", "window_s": 1.0, "step_s": 0.5})
    assert recipe.config.normal == "worn"
    assert recipe.config.rate_hz == 8000
    assert recipe.config.encoder == ""
    with pytest.raises(ArgumentError, match="not varied"):
        question.recipe(table, None, {"augment": "machine"})
    with pytest.raises(ArgumentError, match="step_s"):
        MonitorConfig(window_s=1.0, step_s=2.0)


def test_vibration_keeps_its_band(tmp_path: Path) -> None:
    """A rate of 96 kHz, and a fault at 30 kHz."""
    rng = np.random.default_rng(0)
    rate_hz = 96_000

    def vibration(seed: int, fault: float) -> tympan.Clip:
        t = np.arange(rate_hz) / rate_hz
        noise = 0.05 * np.random.default_rng(seed).standard_normal(len(t))
        wave = noise + fault * np.sin(2 * np.pi * 30_000 * t + rng.uniform(0, 6))
        return tympan.Clip(wave[None].astype(np.float32), rate_hz)

    for i in range(14):
        (tmp_path / "data" / "normal").mkdir(parents=True, exist_ok=True)
        vibration(i, 0).save(tmp_path / "data" / "normal" / f"{i}.wav")
    tympan.train(tmp_path / "data", out=tmp_path / "model", epochs=1, progress=False)
    assert load_card(tmp_path / "model").config["rate_hz"] == rate_hz
    found = tympan.monitor(vibration(99, 0.03), model=tmp_path / "model")
    assert found.anomalous
    assert found.alarms[0].peak_hz == pytest.approx(30_000, rel=0.1)


def test_the_autoencoder_learns(made: Path) -> None:
    """More epochs rebuild normal windows better."""
    from tympan.data import AudioStore, Batches
    from tympan.tasks.contract import Prepared
    from tympan.tasks.monitor.learner import InitializeMonitor, MonitorLearner
    from tympan.training import TrainingConfig, fit

    table = read_folder(made / "data").where("label", "normal").subset(range(4))
    store = AudioStore.open(table, 8000)
    config = MonitorConfig(rate_hz=8000, encoder="")
    examples = get("monitor").examples(table, store, Prepared(config))
    learner = MonitorLearner(config)
    InitializeMonitor(None)(learner, examples, print)
    batches = Batches(examples, batch_size=8, training=True)
    held = Batches(examples, batch_size=8, training=False)
    before = learner.evaluate(learner.nets, held)["error"]
    training = TrainingConfig(epochs=25, batch_size=8, lr=3e-3, ema_decay=None)
    history = fit(learner, batches, held, training, made / "fit", progress=False)
    assert history.best is not None
    assert history.best < 0.75 * before


def test_a_damaged_model_is_refused(made: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from tympan.models import LoadedModel

    loaded = load_model(made / "model")
    less = {k: v for k, v in loaded.state.items() if k != "normal.fused"}
    broken = LoadedModel(loaded.card, less, loaded.path)
    with pytest.raises(ModelError, match="do not fit its card"):
        get("monitor").load(broken, "cpu")
    config = {**loaded.card.config, "more": 1}
    wrong = replace(loaded, card=replace(loaded.card, config=config))
    with pytest.raises(ModelError, match="'more'"):
        get("monitor").load(wrong, "cpu")


def test_folds_test_every_recording(made: Path, tmp_path: Path) -> None:
    shutil.copytree(made / "data", tmp_path / "data")
    result = tympan.train(
        tmp_path / "data", task="monitor", out=tmp_path / "model", folds=2, epochs=1, progress=False
    )
    assert result.evaluation.count == 28
    assert int(result.evaluation.truth.sum()) == 4
    assert len(result.evaluation.scores[0].folds) == 2
