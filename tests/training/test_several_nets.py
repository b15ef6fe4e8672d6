"""One loop for one net, for a generator against a discriminator, and for a model of tokens."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from tests_training import Disturbance, all_tensors, without_times
from tympan.data import Batch, Batches
from tympan.errors import ArgumentError
from tympan.training import TrainingConfig, TrainingInterrupted, checkpoint, fit, whole_nets

CONFIG = TrainingConfig(
    epochs=4, batch_size=4, lr=1e-2, ema_decay=0.9, precision="32", checkpoint_every_s=0.0
)


class Tokens:
    """Sequences of 3 to 12 tokens in which each is the one before plus one, modulo 7."""

    weights = None
    padding: Mapping[str, float] = {"tokens": -1}

    def __init__(self, rows: int = 12) -> None:
        self.sizes = 3 + np.arange(rows) % 10

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        start = row if rng is None else int(rng.integers(7))
        return {"tokens": (start + torch.arange(int(self.sizes[row]))) % 7}

    def fingerprint(self) -> dict[str, object]:
        return {"content": len(self.sizes)}


class TokenLearner:
    """A recurrent model of the next token; padding counts for nothing."""

    monitor = "-loss"

    def __init__(self, stop: Disturbance | None = None) -> None:
        torch.manual_seed(1)
        self.nets: dict[str, nn.Module] = {"net": Next()}
        self.stop, self.calls = stop or Disturbance(), 0

    def groups(self) -> Mapping[str, list[dict[str, object]]]:
        return whole_nets(self.nets)

    def fingerprint(self) -> dict[str, object]:
        return {}

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        self.calls += 1
        if self.calls == self.stop.at:
            self.stop.strike()
        yield "net", self.loss(nets, batch)

    def loss(self, nets: Mapping[str, nn.Module], batch: Batch) -> Tensor:
        tokens = batch["tokens"]
        scores = nets["net"](tokens[:, :-1].clamp_min(0))
        return functional.cross_entropy(scores.transpose(1, 2), tokens[:, 1:], ignore_index=-1)

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        return {"loss": float(np.mean([float(self.loss(nets, batch)) for batch in batches]))}


class Next(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed, self.gru = nn.Embedding(7, 16), nn.GRU(16, 32, batch_first=True)
        self.head = nn.Sequential(nn.Dropout(0.1), nn.Linear(32, 7))

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.gru(self.embed(tokens))[0])


class Points:
    """Numbers about 3, to be imitated."""

    sizes, weights = np.ones(16, np.int64), None
    padding: Mapping[str, float] = {}

    def item(self, row: int, rng: np.random.Generator | None) -> dict[str, Tensor]:
        noise = 0.0 if rng is None else float(rng.normal())
        return {"x": torch.tensor([3.0 + 0.1 * noise])}

    def fingerprint(self) -> dict[str, object]:
        return {}


class Adversaries:
    """A generator and a discriminator, each with its own loss and optimiser, in turn."""

    monitor = "-distance"

    def __init__(self, stop: Disturbance | None = None) -> None:
        torch.manual_seed(2)
        self.nets: dict[str, nn.Module] = {
            "generator": nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1)),
            "discriminator": nn.Sequential(nn.Linear(1, 8), nn.ReLU(), nn.Linear(8, 1)),
        }
        self.stop, self.calls = stop or Disturbance(), 0
        self.order: list[float] = []

    def groups(self) -> Mapping[str, list[dict[str, object]]]:
        return whole_nets(self.nets)

    def fingerprint(self) -> dict[str, object]:
        return {}

    def losses(
        self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
    ) -> Iterator[tuple[str, Tensor]]:
        self.calls += 1
        if self.calls == self.stop.at:
            self.stop.strike()
        real, judge = batch["x"], nets["discriminator"]
        fake = nets["generator"](torch.randn(len(real), 2, generator=rng))
        before = float(judge(fake.detach()).mean())
        scores = torch.cat([judge(real), judge(fake.detach())])
        truth = torch.cat([torch.ones_like(real), torch.zeros_like(real)])
        yield "discriminator", functional.binary_cross_entropy_with_logits(scores, truth)
        after = judge(fake)
        self.order.append(float(after.mean()) - before)  # another net than before its step
        yield "generator", -after.mean()

    def evaluate(self, nets: Mapping[str, nn.Module], batches: Iterable[Batch]) -> dict[str, float]:
        made = nets["generator"](torch.zeros(1, 2))
        return {"distance": float((made - 3).abs())}


CASES = {"tokens": (TokenLearner, Tokens), "adversaries": (Adversaries, Points)}


def run(kind: str, out: Path, stop: Disturbance | None = None):
    learner_type, examples_type = CASES[kind]
    learner = learner_type(stop)
    train, val = (
        Batches(examples_type(), batch_size=4, training=t, seed=5, bucket=2) for t in (True, False)
    )
    return learner, fit(learner, train, val, CONFIG, out, progress=False)


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("at", [1, 2, 6, 9])
def test_it_resumes_to_the_bit(kind: str, at: int, tmp_path: Path) -> None:
    learner, history = run(kind, tmp_path / "whole")
    with pytest.raises(TrainingInterrupted):
        run(kind, tmp_path / "cut", Disturbance(at=at, by=signal.SIGINT))
    again, resumed = run(kind, tmp_path / "cut")
    assert without_times(resumed) == without_times(history)
    whole, cut = all_tensors(tmp_path / "whole"), all_tensors(tmp_path / "cut")
    assert whole.keys() == cut.keys()
    assert all(torch.equal(whole[key], cut[key]) for key in whole)
    for name, net in learner.nets.items():
        for key, tensor in net.state_dict().items():
            assert torch.equal(tensor, again.nets[name].state_dict()[key])


def test_the_model_of_tokens_learns(tmp_path: Path) -> None:
    _, history = run("tokens", tmp_path)
    assert history.column("val_loss")[-1] < 0.8 * history.column("val_loss")[0]


def test_each_net_takes_its_own_steps_in_turn(tmp_path: Path) -> None:
    learner, history = run("adversaries", tmp_path)
    assert learner.order
    assert all(abs(change) > 0 for change in learner.order)
    row = history.epochs[0]
    assert row["train_loss"] == pytest.approx(
        row["train_loss_generator"] + row["train_loss_discriminator"]
    )
    fresh = Adversaries()
    for name, net in learner.nets.items():
        assert any(
            not torch.equal(tensor, fresh.nets[name].state_dict()[key])
            for key, tensor in net.state_dict().items()
        )
    parts, _ = checkpoint.load(tmp_path / checkpoint.CHECKPOINT)
    assert {"generator.optimizer", "discriminator.average"} <= set(parts)


def test_one_nets_gradient_does_not_add_to_anothers(tmp_path: Path) -> None:
    """The generator's loss runs through the discriminator, which must not move by it."""

    class Frozen(Adversaries):
        def losses(
            self, nets: Mapping[str, nn.Module], batch: Batch, rng: torch.Generator
        ) -> Iterator[tuple[str, Tensor]]:
            fake = nets["generator"](torch.randn(4, 2, generator=rng))
            yield "generator", nets["discriminator"](fake).mean()
            # A loss without any slope: what is left in the gradients would show.
            zero = sum(p.sum() for p in self.nets["discriminator"].parameters()) * 0.0
            yield "discriminator", zero

    learner = Frozen()
    before = {k: v.clone() for k, v in learner.nets["discriminator"].state_dict().items()}
    config = TrainingConfig(
        epochs=1, batch_size=4, weight_decay=0.0, ema_decay=None, precision="32"
    )
    fit(learner, Batches(Points(), batch_size=4, training=True), None, config, tmp_path)
    for key, tensor in learner.nets["discriminator"].state_dict().items():
        assert torch.equal(tensor, before[key])


def test_a_loss_of_no_net(tmp_path: Path) -> None:
    class Wrong(Adversaries):
        def losses(self, nets, batch, rng):
            yield "critic", nets["generator"](torch.zeros(1, 2)).sum()

    with pytest.raises(ArgumentError, match=r"a loss of 'critic'.*generator, discriminator"):
        fit(Wrong(), Batches(Points(), batch_size=4, training=True), None, CONFIG, tmp_path)
