"""The loop learns, stops when told, and keeps the best."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests_training import (
    Batch,
    Batches,
    Disturbance,
    Table,
    ToneLearner,
    ToneNet,
    all_tensors,
    without_times,
)
from tympan.errors import ArgumentError, ModelError, TympanError
from tympan.training import TrainingConfig, checkpoint, fit

Data = tuple[Batches, Batches, Table]
CONFIG = TrainingConfig(epochs=10, batch_size=8, lr=1e-2, ema_decay=0.9, precision="32")


def test_a_small_problem_is_learned_whole(batches: Data, tmp_path: Path) -> None:
    train, val, table = batches
    learner = ToneLearner(len(table.labels))
    history = fit(learner, train, val, CONFIG, tmp_path / "new" / "folder", progress=False)

    assert history.stopped == "finished"
    assert [row["epoch"] for row in history.epochs] == list(range(1, 11))
    assert history.best == history.best_row["accuracy"] == 1.0
    assert history.column("train_loss")[-1] < 0.1 < history.column("train_loss")[0]
    # What the caller's net holds now is what scored best.
    with torch.no_grad():
        assert learner.evaluate(learner.nets, val.epoch(0))["accuracy"] == 1.0
    out = tmp_path / "new" / "folder"
    assert {"checkpoint.safetensors", "best.safetensors", "history.json"} <= {
        path.name for path in out.iterdir()
    }
    assert json.loads((out / "history.json").read_text()) == history.to_json()
    assert list((out / "tensorboard").iterdir())
    for row in history.epochs:
        assert 0 <= row["data_wait"] <= 1
        assert row["clips_per_s"] > 0


def test_the_net_comes_back_as_it_is_saved_best(batches: Data, tmp_path: Path) -> None:
    train, val, table = batches
    learner = ToneLearner(len(table.labels))
    fit(learner, train, val, replace(CONFIG, epochs=2), tmp_path, progress=False)
    saved = checkpoint.load(tmp_path / checkpoint.BEST)[0]["net"]
    for name, tensor in learner.net.state_dict().items():
        assert torch.equal(tensor, saved[name])
        assert tensor.is_contiguous()  # plain memory layout, as safetensors wants it


def test_seed_decides_everything(batches: Data, tmp_path: Path) -> None:
    train, val, table = batches
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        torch.manual_seed(len(name) + seed)  # what was drawn before must not matter
        torch.rand(seed)
        config = replace(CONFIG, epochs=2, seed=seed)
        fit(ToneLearner(len(table.labels)), train, val, config, tmp_path / name, progress=False)
    a, b, c = (all_tensors(tmp_path / name) for name in "abc")
    assert all(torch.equal(a[key], b[key]) for key in a)
    assert not all(torch.equal(a[key], c[key]) for key in a)


def test_bf16_learns_too(batches: Data, tmp_path: Path) -> None:
    train, val, table = batches
    config = replace(CONFIG, precision="bf16")
    history = fit(ToneLearner(len(table.labels)), train, val, config, tmp_path, progress=False)
    assert history.best is not None
    assert history.best >= 0.9


class Scripted(ToneLearner):
    """Gives the metrics it is told to."""

    def __init__(self, values: list[float], monitor: str = "accuracy") -> None:
        super().__init__(3)
        self.values, self.monitor = values, monitor
        self.seen: list[dict[str, Tensor]] = []

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        self.seen.append({k: v.clone() for k, v in nets["net"].state_dict().items()})
        return {self.monitor.lstrip("-"): self.values[len(self.seen) - 1]}


@pytest.mark.parametrize(
    ("monitor", "values", "best_epoch", "epochs"),
    [
        ("accuracy", [0.2, 0.5, 0.4, 0.5, 0.1, 0.9], 2, 4),
        ("-loss", [3.0, 2.0, 1.0, 1.5, 1.6, 0.1], 3, 5),
        ("accuracy", [float("nan"), 0.1, 0.2, 0.3, float("nan"), 0.4], 6, 6),
    ],
)
def test_patience_and_the_best_epoch(
    batches: Data,
    tmp_path: Path,
    monitor: str,
    values: list[float],
    best_epoch: int,
    epochs: int,
) -> None:
    learner = Scripted(values, monitor)
    config = replace(CONFIG, epochs=6, patience=2)
    history = fit(learner, batches[0], batches[1], config, tmp_path, progress=False)
    assert history.best_epoch == best_epoch
    assert len(history.epochs) == epochs
    assert history.stopped == ("early" if epochs < 6 else "finished")
    for name, tensor in learner.net.state_dict().items():
        assert torch.equal(tensor, learner.seen[best_epoch - 1][name])
    json.loads((tmp_path / "history.json").read_text(), parse_constant=pytest.fail)


def test_of_equal_epochs_the_one_with_the_lowest_loss_is_kept(
    batches: Data, tmp_path: Path
) -> None:
    class Equal(Scripted):
        def evaluate(
            self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]
        ) -> dict[str, float]:
            metrics = super().evaluate(nets, batches)
            return {**metrics, "loss": [0.9, 0.5, 0.2, 0.3][len(self.seen) - 1]}

    config = replace(CONFIG, epochs=4)
    history = fit(Equal([0.5, 0.8, 0.8, 0.8]), *batches[:2], config, tmp_path, progress=False)
    assert (history.best, history.best_epoch) == (0.8, 3)


def test_without_validation_the_last_average_is_kept(batches: Data, tmp_path: Path) -> None:
    learner = ToneLearner(3)
    history = fit(learner, batches[0], None, replace(CONFIG, epochs=2), tmp_path, progress=False)
    assert history.best_epoch == 0
    parts, _ = checkpoint.load(tmp_path / checkpoint.CHECKPOINT)
    state = learner.net.state_dict()
    assert all(torch.equal(state[name], parts["net.average"][name]) for name in state)
    assert any(not torch.equal(parts["net"][name], parts["net.average"][name]) for name in state)


def test_without_average_the_net_itself_is_evaluated(batches: Data, tmp_path: Path) -> None:
    learner = ToneLearner(3)
    config = replace(CONFIG, epochs=2, ema_decay=None)
    fit(learner, batches[0], None, config, tmp_path, progress=False)
    parts, _ = checkpoint.load(tmp_path / checkpoint.CHECKPOINT)
    assert "net.average" not in parts
    state = learner.net.state_dict()
    assert all(torch.equal(state[name], parts["net"][name]) for name in state)


def test_the_gradient_is_clipped(batches: Data, tmp_path: Path) -> None:
    class Steep(ToneLearner):
        def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
            return 1e4 * super().loss(net, batch, rng)

    kept: dict[float | None, float] = {}
    for limit in (0.5, None):
        learner = Steep(3)
        start = {k: v.clone() for k, v in learner.net.named_parameters()}
        config = replace(CONFIG, epochs=1, grad_clip=limit, ema_decay=None)
        fit(learner, batches[0], None, config, tmp_path / str(limit), progress=False)
        parts, _ = checkpoint.load(tmp_path / str(limit) / checkpoint.CHECKPOINT)
        moments = [v for k, v in parts["net.optimizer"].items() if k.endswith("/exp_avg_sq")]
        kept[limit] = max(float(v.max()) for v in moments)
        assert any(not torch.equal(start[k], v) for k, v in learner.net.named_parameters())
    assert kept[0.5] <= 0.5**2
    assert kept[None] > 10


class Diverging(ToneLearner):
    """Its loss, or its gradient, is NaN in the third step."""

    def __init__(self, where: str) -> None:
        super().__init__(3)
        self.where = where

    def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
        loss = super().loss(net, batch, rng)
        if self.calls == 3:
            # The square root of nought is finite, its slope is not.
            return loss * float("nan") if self.where == "loss" else loss + (loss * 0).sqrt()
        return loss


@pytest.mark.parametrize("where", ["loss", "gradient"])
def test_a_loss_that_is_no_number_stops_with_advice(
    batches: Data, tmp_path: Path, where: str
) -> None:
    config = replace(CONFIG, epochs=2, checkpoint_every_s=0.0)
    with pytest.raises(TympanError, match=rf"the {where} became .*epoch 1, step 3.*lower lr"):
        fit(Diverging(where), batches[0], batches[1], config, tmp_path, progress=False)
    parts, state = checkpoint.load(tmp_path / checkpoint.CHECKPOINT)
    assert state["step"] == 2  # the spoilt weights were not saved
    assert all(bool(t.isfinite().all()) for tensors in parts.values() for t in tensors.values())


def test_a_metric_that_is_not_there(batches: Data, tmp_path: Path) -> None:
    learner = ToneLearner(3)
    learner.monitor = "f1"  # type: ignore[misc]
    with pytest.raises(ArgumentError, match=r"no metric 'f1'.*accuracy, loss"):
        fit(learner, batches[0], batches[1], replace(CONFIG, epochs=1), tmp_path, progress=False)


def test_other_settings_do_not_resume(batches: Data, tmp_path: Path) -> None:
    train, val, _ = batches
    config = replace(CONFIG, epochs=1)
    first = fit(ToneLearner(3), train, val, config, tmp_path, progress=False)
    with pytest.raises(ModelError, match=r"lr: 0.01 there, 0.02 now") as caught:
        fit(ToneLearner(3), train, val, replace(config, lr=0.02), tmp_path, progress=False)
    assert str(tmp_path) in str(caught.value)
    assert "epochs" not in str(caught.value)
    with pytest.raises(ModelError, match=r"a net of another shape"):
        fit(ToneLearner(4), train, val, config, tmp_path, progress=False)
    with pytest.raises(ModelError, match=r"other recordings to train on.*val\.rows: 12 there, 24"):
        fit(ToneLearner(3), val, train, config, tmp_path, progress=False)
    # The same settings are done already; how often to save may differ; starting over is possible.
    again = fit(
        ToneLearner(3),
        train,
        val,
        replace(config, checkpoint_every_s=1.0),
        tmp_path,
        progress=False,
    )
    assert again == first
    other = replace(config, lr=0.02)
    fresh = fit(ToneLearner(3), train, val, other, tmp_path, resume=False, progress=False)
    assert fresh.stopped == "finished"
    assert without_times(fresh) != without_times(first)


def test_another_optimizer_does_not_resume(batches: Data, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=1)
    fit(ToneLearner(3), *batches[:2], config, tmp_path, progress=False)
    muon = replace(config, optimizer="muon")
    with pytest.raises(ModelError, match="optimizer: adamw there, muon now"):
        fit(ToneLearner(3), *batches[:2], muon, tmp_path, progress=False)


def test_the_learning_rate_warms_up_and_falls_step_by_step(
    batches: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tympan.training import run, setup

    made: list[torch.optim.Optimizer] = []

    def make(learner: ToneLearner, config: TrainingConfig) -> dict[str, torch.optim.AdamW]:
        found = setup.make_optimizers(learner, config)
        made.extend(found.values())
        return found

    class Watched(ToneLearner):
        def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
            rates.append({group["lr"] for group in made[0].param_groups})
            return super().loss(net, batch, rng)

    monkeypatch.setattr(run, "make_optimizers", make)
    rates: list[set[float]] = []
    config = replace(CONFIG, epochs=8, lr=0.01, warmup_epochs=2)
    history = fit(Watched(3), *batches[:2], config, tmp_path, progress=False)
    steps, warmup, total = 3, 6, 24
    expected = [
        0.01 * (s + 1) / warmup
        if s < warmup
        else 0.005 * (1 + math.cos(math.pi * (s - warmup) / (total - warmup)))
        for s in range(total)
    ]
    assert [len(rate) for rate in rates] == [1] * total
    assert [max(rate) for rate in rates] == pytest.approx(expected)
    assert history.column("lr") == pytest.approx(expected[steps - 1 :: steps])


def test_the_warm_up_is_never_more_than_a_quarter(batches: Data, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=4, warmup_epochs=50)
    history = fit(ToneLearner(3), *batches[:2], config, tmp_path, progress=False)
    assert history.column("lr")[0] == pytest.approx(CONFIG.lr)
    assert history.column("lr")[1] < CONFIG.lr


def test_each_step_draws_other_numbers(batches: Data, tmp_path: Path) -> None:
    """By its epoch, its step and the seed; what was drawn before does not matter."""

    class Watched(ToneLearner):
        def loss(self, net: nn.Module, batch: Batch, rng: torch.Generator) -> Tensor:
            drawn.append((float(torch.rand(1, generator=rng)), float(torch.rand(1))))
            return super().loss(net, batch, rng)

    config = replace(CONFIG, epochs=4)
    found: list[list[tuple[float, float]]] = []
    for seed in (0, 0, 1):
        drawn: list[tuple[float, float]] = []
        torch.rand(1 + seed)
        out = tmp_path / str(len(found))
        fit(Watched(3), batches[0], None, replace(config, seed=seed), out, progress=False)
        found.append(drawn)
    assert found[0] == found[1]
    for column in zip(*found[0], *found[2], strict=True):
        assert len(set(column)) == 24
    assert all(a != b for a, b in found[0])


def test_the_learning_rate_begins_again_with_each_cycle(batches: Data, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=6, cycles=2, warmup_epochs=0)
    history = fit(ToneLearner(3), *batches[:2], config, tmp_path, progress=False)
    rates = [row["lr"] for row in history.epochs]
    assert rates[:3] == rates[3:]  # after each epoch
    assert rates[0] > rates[1] > rates[2]
    # One cycle is the same up to there, so what it has learned is.
    once = fit(
        ToneLearner(3), *batches[:2], replace(config, epochs=3, cycles=1), tmp_path / "once",
        progress=False,
    )  # fmt: skip
    assert without_times(once) == without_times(history)[:3]


def test_a_damaged_checkpoint_says_so(batches: Data, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=1)
    fit(ToneLearner(3), batches[0], None, config, tmp_path, progress=False)
    path = tmp_path / checkpoint.CHECKPOINT
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelError, match=r"checkpoint.safetensors: cannot be resumed.*remove it"):
        fit(ToneLearner(3), batches[0], None, config, tmp_path, progress=False)


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_parts_can_learn_slower_or_not_at_all(
    batches: Data, tmp_path: Path, optimizer: str
) -> None:
    class Careful(ToneLearner):
        def groups(self) -> dict[str, list[dict[str, object]]]:
            *early, head = list(self.net.layers)  # type: ignore[arg-type]
            for parameter in early[0].parameters():
                parameter.requires_grad_(False)
            rest = [p for layer in early for p in layer.parameters()]
            groups = [{"params": rest, "lr_scale": 0.0}, {"params": list(head.parameters())}]
            return {"net": groups}

    learner = Careful(3)
    before = {k: v.clone() for k, v in learner.net.named_parameters()}
    config = replace(CONFIG, epochs=1, weight_decay=0.0, optimizer=optimizer)
    fit(learner, batches[0], None, config, tmp_path, progress=False)
    moved = {k for k, v in learner.net.named_parameters() if not torch.equal(v, before[k])}
    assert moved == {"layers.7.weight", "layers.7.bias"}


def test_nothing_to_learn(batches: Data, tmp_path: Path) -> None:
    learner = ToneLearner(3)
    learner.net.requires_grad_(False)
    with pytest.raises(ArgumentError, match="nothing to learn"):
        fit(learner, batches[0], None, CONFIG, tmp_path, progress=False)


def test_progress_is_told_line_by_line_without_a_terminal(
    batches: Data, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fit(ToneLearner(3), batches[0], batches[1], replace(CONFIG, epochs=2), tmp_path)
    said = capsys.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    for word in ("loss", "accuracy", "clips/s", "data wait"):
        assert word in lines[0]


def test_the_average_follows_the_weights() -> None:
    from tympan.training.ema import averaged

    net = ToneNet(3)
    average = averaged(net, decay=0.9)
    assert average is not None
    by_hand = {k: v.clone().double() for k, v in net.state_dict().items()}
    for step in range(30):
        with torch.no_grad():
            for parameter in net.parameters():
                parameter += 0.1 * torch.randn_like(parameter)
        net(torch.randn(4, 1000))  # moves the statistics of the batch norm
        average.update_parameters(net)
        decay = min(0.9, (1 + step) / (10 + step))
        for key, value in net.state_dict().items():
            by_hand[key] = decay * by_hand[key] + (1 - decay) * value
    state = average.module.state_dict()
    assert state["layers.1.num_batches_tracked"] == 31  # counts are copied, not averaged
    for key, value in state.items():
        if value.is_floating_point():
            assert torch.allclose(value.double(), by_hand[key], atol=1e-5)


@pytest.mark.parametrize(
    ("values", "best", "best_epoch"),
    [
        ([0.7, 0.2, 0.5], 0.7, 0),  # training made it worse
        ([0.7, 0.2, 0.9], 0.9, 2),
        ([0.7, 0.7, 0.2], 0.7, 0),
    ],
)
def test_a_net_that_answers_already_competes_with_the_epochs(
    batches: Data, tmp_path: Path, values: list[float], best: float, best_epoch: int
) -> None:
    learner = Scripted(values)
    before = {name: tensor.clone() for name, tensor in learner.net.state_dict().items()}
    config = replace(CONFIG, epochs=2)
    how = {"score_start": True, "progress": False}
    history = fit(learner, batches[0], batches[1], config, tmp_path, **how)
    assert (history.best, history.best_epoch) == (best, best_epoch)
    assert history.kept_start == (best_epoch == 0)
    assert history.start == {"accuracy": 0.7}
    assert len(history.epochs) == 2
    assert history.best_row["accuracy"] == best
    for name, tensor in learner.net.state_dict().items():
        assert torch.equal(tensor, learner.seen[best_epoch][name])
        assert best_epoch or torch.equal(tensor, before[name])
    # Also when only what a finished training needs is left, and it is asked for again.
    checkpoint.drop_resume_state(tmp_path)
    again = Scripted([])
    assert fit(again, batches[0], batches[1], config, tmp_path, **how) == history
    for name, tensor in again.net.state_dict().items():
        assert torch.equal(tensor, learner.seen[best_epoch][name])


def test_without_validation_nothing_is_scored_at_the_start(batches: Data, tmp_path: Path) -> None:
    config = replace(CONFIG, epochs=1)
    history = fit(
        Scripted([]), batches[0], None, config, tmp_path, score_start=True, progress=False
    )
    assert (history.start, history.best, history.kept_start) == ({}, None, False)


def test_the_start_is_scored_once_however_often_the_training_stops(
    batches: Data, tmp_path: Path
) -> None:
    from tympan.training.signals import TrainingInterrupted

    config = replace(CONFIG, epochs=2, checkpoint_every_s=0.0)
    how = {"score_start": True, "progress": False}
    undisturbed = fit(ToneLearner(3), *batches[:2], config, tmp_path / "a", **how)
    learner = ToneLearner(3, Disturbance(at=2, by=signal.SIGINT))
    with pytest.raises(TrainingInterrupted):
        fit(learner, *batches[:2], config, tmp_path / "b", **how)
    assert "start" in checkpoint.load(tmp_path / "b" / checkpoint.CHECKPOINT)[1]["history"]
    history = fit(ToneLearner(3), *batches[:2], config, tmp_path / "b", **how)
    assert history.start == undisturbed.start != {}
    assert without_times(history) == without_times(undisturbed)
    a, b = all_tensors(tmp_path / "a"), all_tensors(tmp_path / "b")
    assert all(torch.equal(a[key], b[key]) for key in a)
