"""The recipe of `commands`: parts that share no speaker, figures, and the shipped model."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from recipes import commands, commands_measures, commands_ship
from tests_transcribe import COMMAND_LABELS, COMMANDS, Pitched, tone
from tympan.audio import Clip
from tympan.data.table import Example
from tympan.models import load_card
from tympan.models.catalogue import shipped_folder
from tympan.tasks.transcribe.command_net import NONE
from tympan.tasks.transcribe.commands import CommandModel

RATE_HZ = 16_000


@pytest.fixture
def model() -> CommandModel:
    return CommandModel(Pitched(COMMANDS, 3), COMMANDS, COMMAND_LABELS, "pitched")


def test_no_digit_speaker_is_trained_on_and_tested(shared_data: Path) -> None:
    rows = commands.digits(shared_data, "theo")
    speakers = {part: {r.columns["speaker"] for r in rows if r.columns["split"] == part}
                for part in ("train", "val", "test")}  # fmt: skip
    assert speakers["test"] == {"theo"}
    assert "theo" not in speakers["train"] | speakers["val"]
    assert len(rows) == 3000
    assert commands.labels_of(rows) == (NONE, *commands.DIGITS)


def test_noises_that_ship_are_in_the_public_domain(shared_data: Path) -> None:
    with open(shared_data / "esc50" / "metadata.csv", encoding="utf-8") as file:
        licences = {row["file_name"]: row["licence"] for row in csv.DictReader(file)}
    rows = [one for one in commands.others(shared_data) if "esc50" in one.path.parts]
    trained = [one for one in rows if one.columns["split"] != "test"]
    assert len(trained) > 300
    assert {licences[f"audio/{one.path.name}"] for one in trained} == {"CC0"}


def test_test_speakers_of_librispeech_are_not_trained_on(shared_data: Path) -> None:
    rows = [one for one in commands.others(shared_data) if "librispeech" in one.path.parts]
    parts = {part: {r.columns["speaker"] for r in rows if r.columns["split"] == part}
             for part in ("train", "val", "test")}  # fmt: skip
    assert parts["test"]
    assert not parts["test"] & (parts["train"] | parts["val"])
    assert not parts["val"] & parts["train"]


@pytest.mark.slow
def test_each_speaker_is_left_out_in_turn_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three speakers whose digits are tones, as high as the digit; after a break it goes on."""
    lines = ["file_name,label,speaker,take"]
    folder = tmp_path / "shared" / "fsdd"
    folder.mkdir(parents=True)
    for who, name in enumerate(("ann", "bob", "cid")):
        for take in (0, 5):
            for digit in range(10):
                wave = tone(200 * 1.3**digit * 1.02**who, 0.1, 0.4, 0.6)
                Clip(wave[None], RATE_HZ).save(folder / f"{digit}_{name}_{take}.wav")
                lines.append(f"{digit}_{name}_{take}.wav,{digit},{name},{take}")
    (folder / "metadata.csv").write_text("\n".join(lines), encoding="utf-8")
    heard: list[set[str]] = []
    real = commands.train
    monkeypatch.setattr("recipes.commands_made.made", lambda words, out: [])
    monkeypatch.setattr(
        commands, "train", lambda rows, *rest: heard.append(
            {one.columns["speaker"] for one in rows if one.columns["split"] != "test"}
        ) or real(rows, *rest),
    )  # fmt: skip
    commands.speakers(tmp_path / "shared", tmp_path / "runs", 1, ["bob"])
    assert "mean of 1 of 3" in capsys.readouterr().out
    commands.speakers(tmp_path / "shared", tmp_path / "runs", 1)
    assert heard == [{"ann", "cid"}, {"bob", "cid"}, {"ann", "bob"}]
    found = json.loads((tmp_path / "runs" / "speakers.json").read_text(encoding="utf-8"))
    assert set(found["accuracy"]) == {"ann", "bob", "cid"}
    assert all(0 <= one <= 1 for one in found["accuracy"].values())
    assert found["epochs"] == 1


def test_a_word_that_is_said_is_no_false_alarm(model: CommandModel) -> None:
    wave = tone(300, 1.0, 0.6, 36)
    others = [commands_measures.Other(wave), commands_measures.Other(wave, frozenset({"low"}))]
    scores = [model.scores(one.wave) for one in others]
    found = commands_measures.alarms(scores, others, model)
    assert found["an_hour"] == pytest.approx(1 / (72 / 3600))
    assert found["at_most"] == pytest.approx(5.57 / (72 / 3600), rel=1e-3)  # Poisson, one event


def test_shares_of_words(model: CommandModel) -> None:
    waves = [tone(300, 0.2, 0.6, 1), tone(3000, 0.2, 0.6, 1), tone(3000, 0.2, 0.6, 1)]
    waves.append(np.zeros(RATE_HZ, np.float32))
    right, (low, high), wrong, missed = commands_measures.accuracy(
        model, map(model.scores, waves), ["low", "high", "low", "low"]
    )
    assert (right, wrong, missed) == (0.5, 0.25, 0.25)
    assert low < 0.5 < high


def test_a_telephone_leaves_the_lower_half(model: CommandModel) -> None:
    wave = tone(1000, 0.0, 1.0, 1) + tone(6000, 0.0, 1.0, 1)
    level = np.abs(np.fft.rfft(commands_measures.narrowed(wave, 8000)))
    assert level[1000] > 1000 * level[6000]
    assert commands_measures.narrowed(wave, RATE_HZ) is wave


def test_the_threshold_is_the_lowest_without_false_alarms(
    model: CommandModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = []
    for number, hz in enumerate((300, 1200)):
        path = tmp_path / f"{number}.wav"
        Clip(tone(hz, 1.0, 0.6, 3)[None], RATE_HZ).save(path)
        columns = {"label": NONE, "split": "val", "speaker": "s" * number}
        rows.append(Example({"audio": path}, columns))
    counts = commands_ship.validation_alarms(model, rows)
    assert set(counts.values()) == {1}
    assert "threshold 0.5: 1 false alarms" in capsys.readouterr().out
    assert commands_ship.threshold_of({"0.5": 9, "0.7": 2, "0.9": 0}) == 0.7
    assert commands_ship.threshold_of({"0.5": 9}) == commands_ship.THRESHOLDS[-1]
    strict = commands_ship.with_threshold(model, 0.95)
    assert strict.config == replace(COMMANDS, threshold=0.95)


def test_the_shipped_model_is_small_and_says_what_it_was_made_from() -> None:
    card = load_card("commands")
    assert card.parameters < 300_000
    assert (shipped_folder() / "commands" / "model.safetensors").stat().st_size < 1e6
    assert card.labels == [NONE, *commands.DIGITS, *sorted(card.labels[11:])]
    assert card.licence == "CC-BY-SA-4.0"
    assert "share" in (shipped_folder() / "commands" / card.attribution).read_text("utf-8")
    found = card.metrics["16000 Hz"]
    names = {one.name: one.value for one in card.scores}
    assert names["accuracy"] == pytest.approx(found["digits"]["right"])
    assert names["false_alarms_per_hour"] == pytest.approx(found["speech"]["an_hour"])
    assert card.metrics["leave_one_speaker_out"]["accuracy"]["theo"] > 0.95
