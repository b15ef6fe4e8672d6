"""A training that is killed or stopped anywhere ends as an undisturbed one, to the bit."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch

from tests_training import Disturbance, all_tensors, train_problem, without_times
from tympan.training import History, TrainingConfig, TrainingInterrupted, checkpoint

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

Problem = tuple[Path, Path]
STEPS = 3  # of 8 of the 24 training rows
CONFIG = TrainingConfig(
    epochs=5, batch_size=8, lr=1e-2, ema_decay=0.9, precision="32", checkpoint_every_s=0.0
)
BF16 = TrainingConfig(
    epochs=5,
    batch_size=8,
    optimizer="muon",  # its momentum must be resumed too
    cycles=2,
    lr=1e-2,
    ema_decay=0.9,
    precision="bf16",
    checkpoint_every_s=0.0,
)


def run(
    problem: Problem, out: Path, config: TrainingConfig, disturbance: Disturbance, half_write: bool
) -> None:
    """One attempt at the training, in a process of its own."""
    if half_write:
        import safetensors.torch

        whole, count = safetensors.torch.save_file, iter(range(1000))

        def killed_while_writing(tensors: object, path: Path, **options: object) -> None:
            whole(tensors, path, **options)  # type: ignore[arg-type]
            if next(count) == 2:
                os.truncate(path, path.stat().st_size // 2)
                os.kill(os.getpid(), signal.SIGKILL)

        safetensors.torch.save_file = killed_while_writing  # type: ignore[assignment]
    try:
        train_problem(*problem, out, config, disturbance)
    except TrainingInterrupted as stopped:
        print(stopped)
        raise SystemExit(130) from stopped


def attempt(
    server: ForkServerContext,
    problem: Problem,
    out: Path,
    config: TrainingConfig = CONFIG,
    disturbance: Disturbance | None = None,
    half_write: bool = False,
) -> int:
    """Its exit code: 0 done, −9 killed, 130 stopped."""
    disturbance = disturbance or Disturbance()
    process = server.Process(target=run, args=(problem, out, config, disturbance, half_write))
    process.start()
    process.join(120)
    assert process.exitcode is not None
    return process.exitcode


@pytest.fixture(scope="module")
def undisturbed(
    server: ForkServerContext, problem: Problem, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """Runs that nobody disturbed, by precision."""
    outs = {}
    for config in (CONFIG, BF16):
        outs[config.precision] = tmp_path_factory.mktemp(f"undisturbed-{config.precision}")
        assert attempt(server, problem, outs[config.precision], config) == 0
    return outs


def assert_same(out: Path, reference: Path) -> None:
    """All weights, averages and moments are equal to the bit, and so is the history."""
    found, wanted = all_tensors(out), all_tensors(reference)
    assert found.keys() == wanted.keys()
    differ = [key for key in wanted if not torch.equal(found[key], wanted[key])]
    assert not differ
    histories = [History.from_json(_state(path)["history"]) for path in (out, reference)]
    assert without_times(histories[0]) == without_times(histories[1])
    assert histories[0].best_epoch == histories[1].best_epoch
    leftovers = [p.name for p in out.iterdir() if p.name.startswith((".checkpoint", ".best"))]
    assert not leftovers


def _state(out: Path) -> dict[str, object]:
    return checkpoint.load(out / checkpoint.CHECKPOINT)[1]


def test_killed_at_random_steps_again_and_again(
    server: ForkServerContext, problem: Problem, undisturbed: dict[str, Path], tmp_path: Path
) -> None:
    rng = random.Random(5)
    kills, total = 0, 0
    while total < 5 * STEPS - 3:
        at = rng.randint(1, 4)
        assert attempt(server, problem, tmp_path, CONFIG, Disturbance(at)) == -signal.SIGKILL
        kills, total = kills + 1, total + at - 1
    assert kills >= 4
    assert attempt(server, problem, tmp_path, CONFIG) == 0
    assert_same(tmp_path, undisturbed["32"])


@pytest.mark.parametrize(
    ("disturbance", "half_write"),
    [
        pytest.param(Disturbance(at=STEPS + 1, in_evaluate=True), False, id="while validating"),
        pytest.param(Disturbance(), True, id="half way through writing"),
        pytest.param(Disturbance(at=1), False, id="before anything was saved"),
    ],
)
def test_killed_at_a_bad_moment(
    server: ForkServerContext,
    problem: Problem,
    undisturbed: dict[str, Path],
    tmp_path: Path,
    disturbance: Disturbance,
    half_write: bool,
) -> None:
    killed = attempt(server, problem, tmp_path, CONFIG, disturbance, half_write)
    assert killed == -signal.SIGKILL
    assert attempt(server, problem, tmp_path) == 0
    assert_same(tmp_path, undisturbed["32"])


def test_killed_from_outside_at_any_time_in_bf16(
    server: ForkServerContext, problem: Problem, undisturbed: dict[str, Path], tmp_path: Path
) -> None:
    rng = random.Random(11)
    for _ in range(3):
        slow = Disturbance(pause_s=0.3)
        process = server.Process(target=run, args=(problem, tmp_path, BF16, slow, False))
        process.start()
        saved = tmp_path / checkpoint.CHECKPOINT
        before = saved.stat().st_mtime_ns if saved.exists() else 0
        for _ in range(1000):  # until this process has saved something
            if saved.exists() and saved.stat().st_mtime_ns != before:
                break
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 0.3))
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert process.exitcode == -signal.SIGKILL
    assert attempt(server, problem, tmp_path, BF16) == 0
    assert_same(tmp_path, undisturbed["bf16"])


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("in_evaluate", [False, True])
def test_a_signal_saves_and_the_same_command_goes_on(
    server: ForkServerContext,
    problem: Problem,
    undisturbed: dict[str, Path],
    tmp_path: Path,
    by: signal.Signals,
    in_evaluate: bool,
) -> None:
    # Saves only when asked, so that what was saved was saved by the signal.
    config = TrainingConfig(**{**vars(CONFIG), "checkpoint_every_s": 3600.0})
    at = STEPS + 2
    stop = Disturbance(at=at, by=by, in_evaluate=in_evaluate)
    assert attempt(server, problem, tmp_path, config, stop) == 130
    state = _state(tmp_path)
    # In validation all three steps of the second epoch are done.
    assert (state["epoch"], state["step"]) == (1, STEPS if in_evaluate else 2)
    assert attempt(server, problem, tmp_path, config) == 0
    assert_same(tmp_path, undisturbed["32"])


def test_what_the_stopped_training_says(
    problem: Problem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGINT)
    stop = Disturbance(at=STEPS + 2, by=signal.SIGINT)
    with pytest.raises(
        TrainingInterrupted, match=r"stopped at epoch 2 of 5, step 2; everything is saved .*same"
    ):
        train_problem(*problem, tmp_path, CONFIG, stop)
    assert signal.getsignal(signal.SIGINT) is before
    capsys.readouterr()
    train_problem(*problem, tmp_path, CONFIG)
    assert "going on in" in capsys.readouterr().err.splitlines()[0]
    train_problem(*problem, tmp_path, CONFIG)
    assert "finished after 5 epochs" in capsys.readouterr().err


def test_two_trainings_in_one_folder(problem: Problem, tmp_path: Path) -> None:
    from tympan.errors import DataError

    with (
        checkpoint.sole_writer(tmp_path),
        pytest.raises(DataError, match="another training is still writing here"),
        checkpoint.sole_writer(tmp_path, wait_s=0.1),
    ):
        pass
