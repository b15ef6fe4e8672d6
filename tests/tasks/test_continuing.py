"""More epochs on a finished training: accepted or refused early, tried out once, none left over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests_sounds import few_recordings
from tympan.errors import ModelError
from tympan.models import load_card
from tympan.tasks import train
from tympan.tasks.continuing import held_epochs, held_phases
from tympan.training import TrainingInterrupted, checkpoint

HEAD = "fitting the head"
TRIED = "held-out recordings whether"


@pytest.fixture
def few(tmp_path: Path) -> Path:
    torch.set_num_threads(1)
    return few_recordings(tmp_path / "few", each=10)


def again(folder: Path, out: Path, **options: Any) -> list[str]:
    """Train from the shipped encoder; what was reported."""
    lines: list[str] = []
    train(folder, out=out, progress=False, say=lines.append, **options)
    return lines


def phases(out: Path) -> list[int]:
    return [one.epochs for one in held_phases(out)]


def has(lines: list[str], text: str) -> bool:
    return any(text in line for line in lines)


def always(monkeypatch: pytest.MonkeyPatch, worth: bool) -> None:
    """Let every trial find that epochs are worth it, or that they are not."""
    needed = -2.0 if worth else 2.0
    monkeypatch.setattr("tympan.tasks.trial.standard_error", lambda share, count: needed)


def test_epochs_that_are_not_worth_it_leave_a_fitted_head_as_it_is(few, tmp_path, monkeypatch):
    always(monkeypatch, False)
    out = tmp_path / "m"
    assert has(again(few, out), HEAD)
    weights = (out / "model.safetensors").read_bytes()
    lines = again(few, out, epochs=1)
    assert has(lines, TRIED)
    assert has(lines, "no clear gain; what is kept is the model that was there")
    assert phases(out) == [0]
    assert (out / "model.safetensors").read_bytes() == weights
    # The same command knows what came of it, another number of epochs is tried anew.
    assert not has(again(few, out, epochs=1), TRIED)
    assert has(again(few, out, epochs=2), TRIED)
    # The reverse order: without a word about epochs the head stays.
    assert not has(again(few, out), TRIED)
    assert not (out / "trial").exists()
    assert [one["epochs"] for one in load_card(out).data["training"]] == [0]


def test_epochs_that_are_worth_it_follow_on_a_fitted_head(few, tmp_path, monkeypatch):
    always(monkeypatch, True)
    out = tmp_path / "m"
    again(few, out)
    assert not has(again(few, out, epochs=1), HEAD)
    assert phases(out) == [0, 1]
    lines = again(few, out, epochs=3)
    assert has(lines, "2 more epochs to add, 3 in all")
    assert has(lines, "3 phases of 0 + 1 + 2 epochs, 3 in all")
    assert phases(out) == [0, 1, 2]
    assert held_epochs(out) == 3
    assert len(json.loads((out / "history.json").read_text())["epochs"]) == 3
    weights = (out / "model.safetensors").read_bytes()
    # Without a word about epochs what is there is kept, not refused.
    lines = again(few, out)
    assert has(lines, "3 epochs, which is kept")
    assert not has(lines, TRIED)
    assert (out / "model.safetensors").read_bytes() == weights
    assert not (out / "trial").exists()


def test_fewer_epochs_are_refused_before_anything_runs(few, tmp_path, monkeypatch):
    always(monkeypatch, True)
    out = tmp_path / "m"
    again(few, out, epochs=2)
    lines: list[str] = []
    with pytest.raises(ModelError, match="2 epochs, more than the 1") as caught:
        train(few, out=out, epochs=1, progress=False, say=lines.append)
    assert "--epochs 2" in str(caught.value.fix)
    assert not has(lines, "split")


def test_other_recordings_are_refused_before_the_trial(few, tmp_path):
    out = tmp_path / "m"
    again(few, out)
    next(few.rglob("*.wav")).unlink()
    lines: list[str] = []
    with pytest.raises(ModelError, match="other recordings to train on"):
        train(few, out=out, epochs=1, progress=False, say=lines.append)
    assert not has(lines, TRIED)
    assert not (out / "trial").exists()


def test_other_settings_are_refused_before_anything_is_decoded(few, tmp_path):
    out = tmp_path / "m"
    again(few, out)
    lines: list[str] = []
    with pytest.raises(ModelError, match="seed: 0 there, 1 now"):
        train(few, out=out, epochs=1, seed=1, progress=False, say=lines.append)
    assert not has(lines, "split")


def test_a_trial_that_fails_leaves_nothing_and_one_that_is_stopped_goes_on(
    few, tmp_path, monkeypatch
):
    from tympan.tasks import trial

    run = trial.run_phases

    def fails(error: Exception) -> None:
        def broken(job: Any, out: Path, **how: Any) -> Any:
            run(job, out, **how)
            raise error

        monkeypatch.setattr(trial, "run_phases", broken)

    out = tmp_path / "m"
    for error, left in ((RuntimeError("broken"), False), (TrainingInterrupted("stopped"), True)):
        fails(error)
        with pytest.raises(type(error)):
            again(few, out, epochs=1)
        assert (out / "trial").exists() is left
    monkeypatch.setattr(trial, "run_phases", run)
    again(few, out, epochs=1)
    assert not (out / "trial").exists()


def test_folds_go_on_as_well(few, tmp_path, monkeypatch):
    always(monkeypatch, True)
    out = tmp_path / "m"
    again(few, out, folds=2)
    again(few, out, folds=2, epochs=1)
    for place in (out, out / "folds" / "1", out / "folds" / "2"):
        assert phases(place) == [0, 1]
        assert not (place / "trial").exists()


def test_the_state_is_read_without_the_tensors(few, tmp_path):
    out = tmp_path / "m"
    again(few, out)
    path = out / checkpoint.CHECKPOINT
    assert checkpoint.load_state(path) == checkpoint.load(path)[1]
    path.write_bytes(b"no checkpoint")
    with pytest.raises(ModelError, match="cannot be resumed from"):
        checkpoint.load_state(path)
