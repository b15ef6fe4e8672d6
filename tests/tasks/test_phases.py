"""Phases follow one another on the same nets; one that is killed goes on, to the bit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests_training import without_times
from tympan.audio import Clip
from tympan.data import Batch, read_folder, split_table
from tympan.errors import ModelError
from tympan.models import Card, LoadedModel
from tympan.tasks.classify import TASK, ClassifyConfig, ClassifyLearner
from tympan.tasks.classify.recipe import Initialize
from tympan.tasks.contract import Phase, Recipe
from tympan.tasks.job import Job, make_job
from tympan.tasks.phases import (
    base_of,
    clear_phases,
    folder_of,
    joined,
    log_epochs,
    log_gain,
    run_phases,
)
from tympan.training import History, TrainingConfig, checkpoint

STEPS = 3  # of 8 of the 24 training rows, in each epoch
CONFIG = ClassifyConfig(encoder="small", rate_hz=8000, n_fft=256, hop=128, n_mels=32, dropout=0.1)
FIRST = TrainingConfig(
    epochs=2, batch_size=8, lr=3e-3, ema_decay=0.9, precision="32", checkpoint_every_s=0.0
)
LAST = replace(FIRST, epochs=2, lr=3e-4, optimizer="muon", warmup_epochs=0.5)
PLAIN = replace(CONFIG, crop=1.0, mixup_p=0.0)
RECIPE = Recipe(phases=(Phase(FIRST, CONFIG), Phase(LAST, PLAIN)))


class Killed(BaseException):
    """The process ends here: what was not saved is lost."""


class Watched(ClassifyLearner):
    """Remembers what it was trained on; may be killed at a step."""

    steps: list[tuple[ClassifyConfig, int]]  # configuration, samples of what is mixed
    kill_at: int

    def losses(self, nets: Any, batch: Batch, rng: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        Watched.steps.append((self.config, self.mixed(batch, torch.Generator())[0].shape[1]))
        if len(Watched.steps) == Watched.kill_at:
            raise Killed
        yield from super().losses(nets, batch, rng)


@pytest.fixture(autouse=True)
def watched(monkeypatch: pytest.MonkeyPatch) -> type[Watched]:
    Watched.steps, Watched.kill_at = [], 0
    monkeypatch.setattr("tympan.tasks.classify.learner.ClassifyLearner", Watched)
    return Watched


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Sixteen of each of two labels, a quarter of them for validation."""
    root, rng = tmp_path_factory.mktemp("tones"), np.random.default_rng(0)
    for number, label in enumerate(("high", "low")):
        (root / label).mkdir()
        for i in range(16):
            t = np.arange(4000 + 20 * i) / 8000
            wave = np.sin(2 * np.pi * (500 - 120 * number + 10 * i) * t)
            noisy = 0.2 * wave + 0.1 * rng.standard_normal(len(t))
            Clip(noisy, 8000).save(root / label / f"{i}.wav")

    def split(table, keys, recipe):
        return split_table(table, val_fraction=0.25, keys=keys)

    return make_job(TASK, RECIPE, read_folder(root), split, lambda line: None)


def changed(job: Job, *phases: Phase[ClassifyConfig], **recipe: object) -> Job:
    return replace(job, recipe=replace(RECIPE, phases=phases or RECIPE.phases, **recipe))


def run(job: Job, out: Path, **options: Any) -> tuple[dict[str, Tensor], History]:
    learner, history = run_phases(job, out, progress=False, **options)
    return {k: v.clone() for k, v in learner.nets["net"].state_dict().items()}, history


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.fixture(scope="module")
def undisturbed(job: Job, tmp_path_factory: pytest.TempPathFactory):
    """Weights, history and folder of a training that nobody disturbed."""
    out = tmp_path_factory.mktemp("undisturbed") / "m"
    return *run(job, out), out


def history_in(out: Path, number: int) -> History:
    _, state = checkpoint.load(folder_of(out, number) / checkpoint.CHECKPOINT)
    return History.from_json(state["history"])


# -- one after another -------------------------------------------------------------------------


def test_each_phase_has_its_own_configuration(job: Job, tmp_path: Path) -> None:
    run(job, tmp_path)
    size = round(job.prepared.config.clip_s * 8000)
    first, last = Watched.steps[: 2 * STEPS], Watched.steps[2 * STEPS :]
    assert [samples for _, samples in first] == [round(0.75 * size)] * 2 * STEPS
    assert [samples for _, samples in last] == [size] * 2 * STEPS
    assert {(config.crop, config.mixup_p) for config, _ in first} == {(0.75, 0.6)}
    assert {(config.crop, config.mixup_p) for config, _ in last} == {(1.0, 0.0)}
    # What was fitted to the recordings is the same in both.
    assert {config.clip_s for config, _ in Watched.steps} == {job.prepared.config.clip_s}


def test_a_phase_begins_with_the_weights_of_the_one_before(job: Job, tmp_path: Path) -> None:
    """One that learns nothing leaves them as they are."""
    still = replace(LAST, lr=1e-12, weight_decay=0.0, optimizer="adamw", epochs=1)
    alone, _ = run(changed(job, RECIPE.phases[0]), tmp_path / "alone")
    both, history = run(changed(job, RECIPE.phases[0], Phase(still, PLAIN)), tmp_path / "both")
    norms = (".running_mean", ".running_var", ".num_batches_tracked")
    for name, tensor in alone.items():
        if not name.endswith(norms):
            assert torch.allclose(both[name], tensor, atol=1e-7), name
    # The same weights are scored the same, whatever the crop of the phase is.
    row = history_in(tmp_path / "alone", 1).best_row
    start = history_in(tmp_path / "both", 2).start
    assert start == {"accuracy": row["accuracy"], "val_loss": row["val_loss"]}
    assert len(history.epochs) == 3


def test_what_a_phase_begins_with_is_kept_where_no_epoch_is_better(
    job: Job, tmp_path: Path
) -> None:
    """A learning rate that ruins the net."""
    ruin = replace(LAST, lr=30.0, optimizer="adamw", warmup_epochs=0, epochs=1, grad_clip=None)
    alone, first = run(changed(job, RECIPE.phases[0]), tmp_path / "alone")
    both, history = run(changed(job, RECIPE.phases[0], Phase(ruin, CONFIG)), tmp_path / "both")
    assert history.epochs[-1]["val_loss"] > first.best_row["val_loss"] + 0.1
    assert (history.best, history.best_epoch) == (first.best, first.best_epoch)
    assert same(alone, both)


def test_the_history_is_that_of_all_phases(undisturbed) -> None:
    _, history, out = undisturbed
    assert [row["epoch"] for row in history.epochs] == [1, 2, 3, 4]
    first, last = history_in(out, 1), history_in(out, 2)
    assert without_times(history)[:2] == without_times(first)
    assert [row["val_loss"] for row in history.epochs[2:]] == last.column("val_loss")
    assert history.best == last.best
    assert history.epochs[0]["lr"] > history.epochs[2]["lr"]
    assert json.loads((out / "history.json").read_text()) == history.to_json()
    assert json.loads((out / "phases" / "2" / "history.json").read_text()) == last.to_json()


def one(best: float | None, best_epoch: int, epochs: int = 2, **options: Any) -> History:
    rows = [{"epoch": float(n)} for n in range(1, epochs + 1)]
    return History("accuracy", rows, best_epoch, best, "finished", **options)


@pytest.mark.parametrize(
    ("histories", "best_epoch"),
    [
        ([one(0.5, 1), one(0.6, 2)], 4),
        ([one(0.6, 1), one(0.6, 0)], 1),  # the last phase kept its start
        ([one(0.6, 0), one(0.6, 0)], 0),  # both did
        ([one(0.5, 2), one(0.6, 1), one(0.6, 0)], 3),
        ([one(None, 0), one(None, 0)], 0),  # no validation
    ],
)
def test_the_best_epoch_is_the_one_whose_weights_are_kept(histories, best_epoch) -> None:
    found = joined(histories)
    assert (found.best_epoch, found.best) == (best_epoch, histories[-1].best)
    assert [row["epoch"] for row in found.epochs] == list(range(1, 2 * len(histories) + 1))
    assert found.kept_start == (best_epoch == 0 and found.best is not None)


def test_the_seed_decides_the_weights_before_the_first_epoch(job: Job, tmp_path: Path) -> None:
    none = Phase(replace(FIRST, epochs=0), CONFIG)
    torch.manual_seed(77)  # what was drawn before must not matter
    first, _ = run(changed(job, none), tmp_path / "a")
    torch.rand(5)
    again, _ = run(changed(job, none), tmp_path / "b")
    other, _ = run(changed(job, Phase(replace(FIRST, epochs=0, seed=1), CONFIG)), tmp_path / "c")
    assert same(first, again)
    assert not same(first, other)


# -- killed and resumed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "at",
    [
        pytest.param((1,), id="before anything was saved"),
        pytest.param((5,), id="in the first phase"),
        pytest.param((2 * STEPS + 1,), id="between the phases"),
        pytest.param((2 * STEPS + 3,), id="in the last phase"),
        pytest.param((4 * STEPS,), id="in the last step"),
        pytest.param((3, 2 * STEPS - 1, 5), id="three times"),
    ],
)
def test_killed_in_either_phase_it_resumes_to_the_bit(
    job: Job, undisturbed, tmp_path: Path, at: tuple[int, ...]
) -> None:
    weights, history, _ = undisturbed
    taken = 0
    for step in at:
        Watched.steps, Watched.kill_at = [], step
        with pytest.raises(Killed):
            run(job, tmp_path)
        taken += step - 1
    Watched.steps, Watched.kill_at = [], 0
    found, resumed = run(job, tmp_path)
    assert same(found, weights)
    assert without_times(resumed) == without_times(history)
    assert (resumed.best, resumed.best_epoch) == (history.best, history.best_epoch)
    # Nothing was done twice but the step in which it was killed.
    assert len(Watched.steps) == 4 * STEPS - taken


def test_a_finished_training_is_not_repeated(job: Job, undisturbed) -> None:
    weights, history, out = undisturbed
    Watched.steps = []
    found, again = run(job, out)
    assert Watched.steps == []
    assert same(found, weights)
    assert without_times(again) == without_times(history)
    assert again.best_epoch == history.best_epoch


def test_other_settings_of_a_later_phase_do_not_resume_it(job: Job, undisturbed) -> None:
    _, _, out = undisturbed
    other = Phase(replace(LAST, lr=1e-3), PLAIN)
    with pytest.raises(ModelError, match=r"lr: 0\.0003 there, 0\.001 now") as error:
        run(changed(job, RECIPE.phases[0], other), out)
    assert str(Path("phases", "2")) in str(error.value)
    with pytest.raises(ModelError, match=r"learner\.crop: 1\.0 there, 0\.9 now"):
        run(changed(job, RECIPE.phases[0], Phase(LAST, replace(PLAIN, crop=0.9))), out)


def test_starting_over_trains_all_phases_anew(job: Job, undisturbed, tmp_path: Path) -> None:
    weights, _, _ = undisturbed
    Watched.kill_at = 2 * STEPS + 2
    with pytest.raises(Killed):
        run(job, tmp_path)
    (tmp_path / "phases" / "notes").mkdir()
    (tmp_path / "phases" / "3").mkdir()  # not of a training
    clear_phases(tmp_path)
    assert sorted(p.name for p in (tmp_path / "phases").iterdir()) == ["3", "notes"]
    Watched.steps, Watched.kill_at = [], 0
    found, _ = run(job, tmp_path, resume=False)
    assert len(Watched.steps) == 4 * STEPS
    assert same(found, weights)


# -- before the first epoch --------------------------------------------------------------------


def initializer(calls: list[int]) -> Callable[..., None]:
    def initialize(learner: ClassifyLearner, examples: Any, log: Any) -> None:
        calls.append(len(examples.targets))
        with torch.no_grad():
            learner.net.head.bias.copy_(torch.tensor([5.0, -5.0]))

    return initialize


def test_weights_are_initialised_once_from_the_training_set(job: Job, tmp_path: Path) -> None:
    calls: list[int] = []
    ready = changed(job, Phase(replace(FIRST, epochs=1), CONFIG), initialize=initializer(calls))
    Watched.kill_at = 2
    with pytest.raises(Killed):
        run(ready, tmp_path)
    _, history = run(ready, tmp_path)
    assert calls == [24]
    assert history.start["accuracy"] == 0.5  # what it left is scored before the first epoch
    assert history.start["val_loss"] > 2
    run(ready, tmp_path, resume=False)
    assert calls == [24, 24]


def test_without_it_nothing_is_scored_at_the_start(undisturbed) -> None:
    _, history, out = undisturbed
    assert history.start == {}
    assert history_in(out, 2).start != {}


def test_another_start_model_does_not_resume(job: Job, tmp_path: Path) -> None:
    def start(digest: str) -> LoadedModel:
        card = Card("kinds", "classify", weights={"sha256": digest})
        return LoadedModel(card, {}, Path())

    short = changed(
        job, *(replace(p, training=replace(p.training, epochs=1)) for p in RECIPE.phases)
    )
    run(short, tmp_path, start=start("a" * 64))
    run(short, tmp_path, start=start("a" * 64))
    for other in (start("b" * 64), None):
        with pytest.raises(ModelError, match="another model to start from"):
            run(short, tmp_path, start=other)
    for number in (1, 2):
        _, state = checkpoint.load(folder_of(tmp_path, number) / checkpoint.CHECKPOINT)
        assert state["fingerprint"]["start"] == "a" * 64


@pytest.mark.parametrize(
    ("monitor", "start", "values", "told"),
    [
        ("accuracy", 0.9, [0.7, 0.8], "accuracy 0.900, 0.800 in the best of 2 epochs"),
        ("-loss", 0.3, [0.5], "loss 0.300, 0.500 in the best of 1 epoch"),
    ],
)
def test_where_no_epoch_was_better_it_is_said_what_is_kept(
    monitor: str, start: float, values: list[float], told: str
) -> None:
    name = monitor.lstrip("-")
    rows = [{"epoch": i + 1, name: value} for i, value in enumerate(values)]
    lines: list[str] = []
    shipped = LoadedModel(Card(name="sounds", task="classify"), {}, Path("sounds"))
    recipe = replace(RECIPE, initialize=Initialize(shipped))
    log_gain(
        History(monitor, rows, 0, start, "finished", {name: start}), lines.append, base_of(recipe)
    )
    head = "the head fitted on the encoder of sounds was best and is what is kept"
    assert lines == [f"{head}: {told}"]
    assert base_of(replace(recipe, held=1)) == "the model that was there"


def test_the_epochs_of_several_phases_are_added_up() -> None:
    lines: list[str] = []
    log_epochs(RECIPE, lines.append)
    assert lines == ["2 phases of 2 + 2 epochs, 4 in all"]
    log_epochs(replace(RECIPE, phases=RECIPE.phases[:1]), lines.append)
    assert len(lines) == 1
