"""The recipes of the shipped models: their figures, and that they run."""

from __future__ import annotations

import csv
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from recipes import finish, scores, sounds, two_voices_data, windows
from tests_sounds import sound
from tympan.data import AudioStore, folds, read_folder
from tympan.models import load_card
from tympan.tasks.classify import Classifier, ClassifyConfig

SMALL = ClassifyConfig(encoder="small", n_mels=32, n_fft=512, hop=160, clip_s=1.0, crop=0.5)


def test_the_kept_answers_give_the_figures_of_the_card(tmp_path: Path) -> None:
    card = load_card("sounds")
    found, temperature = scores.measured(tmp_path, sounds.SHIPPED, card.labels)
    listed = {**found, "scores": {one["name"]: one for one in found["scores"]}}
    shipped = {**card.metrics, "scores": {one["name"]: one for one in card.metrics["scores"]}}
    del shipped["held_out"], shipped["known"]
    for metrics in (listed, shipped):
        for one in metrics["scores"].values():
            one["interval"] = tuple(one["interval"])
            one["folds"] = tuple(one["folds"])
        # The temperature of the card was found on a grid, so the last digit may differ.
        ece = metrics["scores"].pop("ece")
        assert ece["value"] == pytest.approx(0.0149, abs=2e-4)
    assert listed == shipped
    assert temperature == pytest.approx(card.config["temperature"], rel=0.014)


def test_the_last_phase_has_whole_single_clips() -> None:
    net = sounds.NETS["base"]
    first, last = sounds.recipe_of(net.config, net.training, sounds.FINISH).phases
    assert (first.training.epochs, first.training.cycles, first.config.crop) == (150, 3, 0.5)
    assert (last.training.epochs, last.training.cycles, last.training.lr) == (4, 1, 4e-4)
    assert last.config == replace(first.config, crop=1.0, mixup_p=0.0)
    assert len(sounds.recipe_of(net.config, net.training, None).phases) == 1


def test_a_fold_is_measured_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.set_num_threads(1)
    rows = []
    for i in range(12):
        name, label = f"{i}.wav", ("tone", "noise", "chirp")[i % 3]
        sound(label, i).save(tmp_path / name)
        rows.append((name, label, i % 4, int(label != "chirp")))
    with (tmp_path / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file_name", "label", "fold", "esc10"), *rows])
    table = read_folder(tmp_path)
    store = AudioStore.open(table, SMALL.rate_hz, tmp_path / "cache")
    split = dict(folds(table, keys=store.keys(table)))["1"]
    training = replace(sounds.TRAINING, epochs=1, batch_size=4)
    recipe = sounds.recipe_of(SMALL, training, replace(sounds.FINISH, epochs=1, batch_size=4))
    for _ in range(2):
        sounds.measure_fold(table, store, split, "1", recipe, tmp_path / "runs")
    assert capsys.readouterr().out.count("fold 1: accuracy") == 1
    with np.load(tmp_path / "runs" / "fold1" / "scores.npz") as found:
        truth = [table.labels.index(e.label) for e in split.test]
        assert found["truth"].tolist() == truth
        assert found["scores"].shape == (3, 3)
        assert found["scores"].sum(1) == pytest.approx(1)
        assert found["esc10"].tolist() == [e.label != "chirp" for e in split.test]
    assert (tmp_path / "runs" / "fold1" / "phases" / "2" / "checkpoint.safetensors").exists()


def test_windows_without_sound_do_not_count() -> None:
    net = Classifier(SMALL, 3).eval()
    waves = torch.zeros(2, 16000)
    waves[:, 9000:] = torch.randn(2, 7000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        found = windows.answers(net, waves)
        last = net(net.front(waves[:, 8000:]))
    assert all(answer.shape == (2, 3) for answer in found.values())
    assert found["the whole clip"].sum(1).tolist() == pytest.approx([1, 1])
    assert found["halves of it, mean of probabilities"].sum(1).tolist() == pytest.approx([1, 1])
    # Of a click at the very end only the last half has sound.
    waves[:, :15000] = 0
    with torch.inference_mode():
        found, last = windows.answers(net, waves), net(net.front(waves[:, 8000:]))
    assert torch.allclose(found["halves of it, mean of logits"], last, atol=1e-5)


def test_the_table_of_the_finish_has_differences_with_their_spread() -> None:
    rows = [
        {"set": "s", "epochs": "40", "before": str(b), "after": str(a), "loss_before": "1.0",
         "loss_after": str(loss)}
        for b, a, loss in ((0.5, 0.6, 0.75), (0.7, 0.7, 1.0), (0.6, 0.55, 1.25))
    ]  # fmt: skip
    last = finish.table_of([*rows, {**rows[0], "epochs": "0"}]).splitlines()[2:]
    assert last == [
        "| s | 40 | 3 | 60.0 % | 61.7 % | +1.7 ± 7.6 | +0.000 ± 0.250 |",
        "| s | 0 | 1 | 50.0 % | 60.0 % | +10.0 | -0.250 |",
    ]


def test_two_voices_are_not_prepared_without_the_made_ones(tmp_path: Path) -> None:
    for name in ("librispeech", "kerstin", "speech_to_intent"):
        (tmp_path / name).mkdir()
        lines = "file_name,speaker,split\na.flac,x,train-clean\n"
        (tmp_path / name / "metadata.csv").write_text(lines, "utf-8")
    with pytest.raises(SystemExit, match="no made voices"):
        two_voices_data.sources(tmp_path, tmp_path / "made")
    (tmp_path / "made" / "voice").mkdir(parents=True)
    (tmp_path / "made" / "voice" / "0.flac").touch()
    found, held = two_voices_data.sources(tmp_path, tmp_path / "made")
    assert {speaker for _, speaker in found} == {
        "read x", "read kerstin", "command 0", "made voice",
    }  # fmt: skip
    assert held == {"read x"}
