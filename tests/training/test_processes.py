"""Two processes train as well as one, stop together and go on together."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import tests_training
from tests_training import Batches, Table, all_tensors
from tympan.training import checkpoint

Data = tuple[Batches, Batches, Table]


def script(
    problem: tuple[Path, Path], out: Path, devices: int, stop_at: int = 0
) -> subprocess.CompletedProcess[str]:
    """Train in a script of its own, as a user does."""
    command = [sys.executable, tests_training.__file__, *map(str, problem), str(out)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [*command, str(devices), str(stop_at)],
        capture_output=True,
        text=True,
        timeout=900,
        env=environment,
        check=False,
    )


@pytest.mark.slow
def test_two_processes_train_as_well_as_one(problem: tuple[Path, Path], tmp_path: Path) -> None:
    # Ctrl-C reaches the parent in the fourth step; it passes it on, and both save and end.
    stopped = script(problem, tmp_path, devices=2, stop_at=4)
    assert stopped.returncode == 1
    assert "TrainingInterrupted" in stopped.stderr.splitlines()[-1]
    assert "everything is saved" in stopped.stderr.splitlines()[-1]
    _, state = checkpoint.load(tmp_path / checkpoint.CHECKPOINT)
    assert (state["epoch"], state["history"]["stopped"]) != (8, "finished")
    assert state["epoch"] * 3 + state["step"] >= 4

    done = script(problem, tmp_path, devices=2)
    assert done.returncode == 0, done.stderr
    assert "going on in" in done.stderr
    assert "Initializing distributed" not in done.stderr
    assert float(done.stdout) >= 0.9  # as one process does, see test_loop
    weights = all_tensors(tmp_path)
    assert all(bool(w.isfinite().all()) for w in weights.values())


def test_averaged_gradients_of_shares_are_the_gradient_of_the_batch(batches: Data) -> None:
    """What DDP computes for a net without batch statistics equals one process's step."""
    train = batches[0]
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(1000, 8), torch.nn.Tanh(), torch.nn.Linear(8, 3))

    def gradient(part: Batches) -> torch.Tensor:
        batch = next(part.epoch(0))
        net.zero_grad()
        torch.nn.functional.cross_entropy(net(batch["wave"]), batch["label"]).backward()
        return torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None])

    halves = [gradient(train.shard(rank, 2)) for rank in range(2)]
    torch.testing.assert_close(gradient(train), (halves[0] + halves[1]) / 2)
