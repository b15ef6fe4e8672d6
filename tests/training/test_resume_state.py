"""A finished training keeps little, and still knows that it is done."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests_training import Batches, Table, ToneLearner
from tympan.training import TrainingConfig, TrainingInterrupted, checkpoint, fit

Data = tuple[Batches, Batches, Table]
CONFIG = TrainingConfig(epochs=10, batch_size=8, lr=1e-2, ema_decay=0.9, precision="32")


@pytest.mark.parametrize(("epochs", "validated"), [(2, True), (2, False), (0, False)])
def test_the_same_command_finds_it_done(
    batches: Data, tmp_path: Path, epochs: int, validated: bool
) -> None:
    train, val, _ = batches
    config = replace(CONFIG, epochs=epochs)

    def run() -> tuple[object, dict[str, torch.Tensor]]:
        learner = ToneLearner(3)
        sides = (train, val if validated else None)
        history = fit(learner, *sides, config, tmp_path, progress=False)
        return history, learner.net.state_dict()

    before, weights = run()
    saved = tmp_path / checkpoint.CHECKPOINT
    size = saved.stat().st_size
    checkpoint.drop_resume_state(tmp_path)
    assert saved.stat().st_size < size / (4 if validated else 2 if epochs else 1)
    for _ in range(2):  # slimming what is slim changes nothing
        after, again = run()
        assert after == before
        assert all(torch.equal(weights[name], again[name]) for name in weights)
        checkpoint.drop_resume_state(tmp_path)


def test_an_unfinished_training_keeps_everything(batches: Data, tmp_path: Path) -> None:
    checkpoint.drop_resume_state(tmp_path)  # nothing there: nothing to do

    class Stopped(ToneLearner):
        def loss(self, *args: object) -> torch.Tensor:  # type: ignore[override]
            if self.calls == 3:
                import os
                import signal

                os.kill(os.getpid(), signal.SIGINT)
            return super().loss(*args)  # type: ignore[arg-type]

    with pytest.raises(TrainingInterrupted):
        fit(Stopped(3), batches[0], None, CONFIG, tmp_path, progress=False)
    before = (tmp_path / checkpoint.CHECKPOINT).read_bytes()
    checkpoint.drop_resume_state(tmp_path)
    assert (tmp_path / checkpoint.CHECKPOINT).read_bytes() == before
