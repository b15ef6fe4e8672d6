"""What the loop needs once: optimisers, seeds, fingerprints."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from tests_training import Batches, Table, ToneLearner
from tympan.errors import ArgumentError
from tympan.training import TrainingConfig
from tympan.training.setup import make_fingerprint, make_optimizers, score_of, seed_everything

Data = tuple[Batches, Batches, Table]


@pytest.mark.parametrize("optimizer", ["adamw", "muon"])
def test_weights_decay_and_biases_and_norms_do_not(optimizer: str) -> None:
    learner = ToneLearner(3)
    config = TrainingConfig(weight_decay=0.07, optimizer=optimizer)
    groups = make_optimizers(learner, config)["net"].param_groups
    decay = {id(p): group["weight_decay"] for group in groups for p in group["params"]}
    found = {name: decay[id(p)] for name, p in learner.net.named_parameters()}
    assert found == {
        "layers.0.weight": 0.07,
        "layers.1.weight": 0.0,  # of the batch norm
        "layers.1.bias": 0.0,
        "layers.4.weight": 0.07,
        "layers.4.bias": 0.0,
        "layers.7.weight": 0.07,
        "layers.7.bias": 0.0,
    }


def test_every_group_has_its_share_of_the_learning_rate() -> None:
    class Slow(ToneLearner):
        def groups(self):
            first, *rest = self.net.layers
            return {
                "net": [
                    {"params": list(first.parameters()), "lr_scale": 0.1},
                    {"params": [p for layer in rest for p in layer.parameters()]},
                ]
            }

    groups = make_optimizers(Slow(3), TrainingConfig(lr=0.5))["net"].param_groups
    assert sorted(group["lr_scale"] for group in groups) == [0.1, 1.0, 1.0]
    assert {group["lr"] for group in groups} == {0.5}


def test_groups_of_other_nets_than_there_are() -> None:
    learner = ToneLearner(3)
    learner.nets["other"] = nn.Linear(1, 1)
    learner.groups = lambda: {"net": [{"params": list(learner.net.parameters())}]}  # type: ignore[method-assign]
    with pytest.raises(ArgumentError, match="names net; the nets are net, other"):
        make_optimizers(learner, TrainingConfig())


def drawn(*numbers: int) -> tuple[float, ...]:
    """A number of each generator that a task may draw from."""
    own = torch.Generator()
    seed_everything(own, *numbers)
    return (
        float(torch.rand(1)),
        float(torch.rand(1, generator=own)),
        random.random(),
        float(np.random.random()),  # noqa: NPY002
    )


def test_seed_epoch_step_and_process_each_change_every_generator() -> None:
    assert drawn(3, 1, 2, 0) == drawn(3, 1, 2, 0)
    others = [(4, 1, 2, 0), (3, 2, 2, 0), (3, 1, 3, 0), (3, 1, 2, 1), (3, 2, 1, 0), (3, 1, -1, 0)]
    found = [drawn(3, 1, 2, 0), *(drawn(*numbers) for numbers in others)]
    for column in zip(*found, strict=True):
        assert len(set(column)) == len(found)
    assert drawn(3, 1, 2, 0)[0] != drawn(3, 1, 2, 0)[1]


def test_the_fingerprint_knows_what_matters(batches: Data) -> None:
    train, val, _ = batches
    config = TrainingConfig(precision="32")

    def printed(learner: ToneLearner | None = None, **changes: object) -> str:
        found = make_fingerprint(learner or ToneLearner(3), train, val, replace(config, **changes))
        return str(found)

    others = {
        "epochs": 2, "batch_size": 3, "bucket": 4, "optimizer": "muon", "lr": 0.5,
        "weight_decay": 0.5, "warmup_epochs": 1.0, "cycles": 2, "ema_decay": None, "patience": 3,
        "grad_clip": None, "precision": "bf16", "seed": 5,
    }  # fmt: skip
    prints = [printed(), *(printed(**{name: value}) for name, value in others.items())]
    prints.append(printed(ToneLearner(4)))
    prints.append(str(make_fingerprint(ToneLearner(3), train, None, config)))
    prints.append(str(make_fingerprint(ToneLearner(3), val, val, config)))
    assert len(set(prints)) == len(prints)
    same = {"devices": 2, "accelerator": "cpu", "checkpoint_every_s": 5.0}
    assert printed(**same) == printed()


def test_a_score_is_signed_so_that_more_is_better() -> None:
    metrics = {"accuracy": 0.5, "loss": 2.0, "nothing": float("nan")}
    assert score_of(metrics, "accuracy") == 0.5
    assert score_of(metrics, "-loss") == -2.0
    assert score_of(metrics, "nothing") == score_of(metrics, "-nothing") == float("-inf")
