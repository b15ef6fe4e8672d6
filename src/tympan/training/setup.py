"""What the loop needs once: seeds, the optimiser, what a resume compares, the score."""

from __future__ import annotations

import hashlib
import random
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import nn

from tympan.data.batches import Batches
from tympan.data.examples import digest
from tympan.errors import ArgumentError, TympanError
from tympan.training.config import TrainingConfig
from tympan.training.device import choose_device, choose_precision
from tympan.training.ema import split_by_decay
from tympan.training.learner import Learner
from tympan.training.muon import Muon


def seed_everything(generator: torch.Generator, seed: int, *where: int) -> None:
    """Seed all random generators from numbers: no generator has a state that a resume needs."""
    mixed = hashlib.blake2b(struct.pack(f"<{1 + len(where)}q", seed, *where), digest_size=8)
    value = int.from_bytes(mixed.digest(), "little") >> 1
    torch.manual_seed(value)
    generator.manual_seed(value ^ 0x5DEECE66D)
    random.seed(value)
    np.random.seed(value % 2**32)  # noqa: NPY002 (a task's library may draw from it)


def make_optimizers(learner: Learner, config: TrainingConfig) -> dict[str, torch.optim.AdamW]:
    """AdamW or Muon for each net of the learner, each group with its `lr_scale` and `hidden`.

    Raises:
        ArgumentError: a net has no parameters to learn.
    """
    return {
        name: _optimizer(groups, config)
        for name, groups in _checked_groups(learner.groups(), learner.nets).items()
    }


def _checked_groups(
    groups: Mapping[str, list[dict[str, Any]]], nets: Mapping[str, nn.Module]
) -> Mapping[str, list[dict[str, Any]]]:
    if set(groups) != set(nets):
        what = f"groups() names {', '.join(groups)}; the nets are {', '.join(nets)}"
        raise ArgumentError(what, fix="give the parameter groups of each net under its name")
    return groups


def _optimizer(groups: list[dict[str, Any]], config: TrainingConfig) -> torch.optim.AdamW:
    split: list[dict[str, Any]] = []
    for group in groups:
        for params, decay in zip(
            split_by_decay(list(group["params"])), (config.weight_decay, 0.0), strict=True
        ):
            if params:
                split.append({
                    "params": params, "weight_decay": decay,
                    "lr_scale": float(group.get("lr_scale", 1.0)),
                    "hidden": bool(group.get("hidden", False)),
                })  # fmt: skip
    if not split:
        raise ArgumentError("the net has nothing to learn", fix="leave some parameters unfrozen")
    if config.optimizer == "muon":
        return Muon(split, lr=config.lr)
    return torch.optim.AdamW(split, lr=config.lr, fused=True)


def settings_of(config: TrainingConfig) -> dict[str, Any]:
    """The settings that a resume compares. Devices may change: the batch stays the same."""
    settings = asdict(config)
    for name in ("devices", "accelerator", "checkpoint_every_s"):
        del settings[name]
    device = choose_device(config.accelerator)
    settings["precision"] = choose_precision(config.precision, device)
    return settings


def make_fingerprint(
    learner: Learner, train: Batches, val: Batches | None, config: TrainingConfig
) -> dict[str, Any]:
    """What must be the same for a resume."""
    shapes = [
        (name, key, tuple(p.shape))
        for name, net in learner.nets.items()
        for key, p in net.state_dict().items()
    ]
    return {
        **settings_of(config),
        "monitor": learner.monitor,
        "net": digest(shapes),
        "learner": dict(learner.fingerprint()),
        "train": train.fingerprint(),
        "val": val.fingerprint() if val is not None else {},
    }


def score_of(metrics: dict[str, float], monitor: str) -> float:
    """The monitored metric, signed so that more is better; NaN is worst.

    >>> score_of({"loss": 0.5}, "-loss")
    -0.5
    """
    name = monitor.lstrip("-")
    if name not in metrics:
        known = ", ".join(metrics)
        raise ArgumentError(f"evaluate() gives no metric {name!r}", fix=f"it gives: {known}")
    value = float(metrics[name])
    if np.isnan(value):
        return float("-inf")
    return -value if monitor.startswith("-") else value


def diverged(
    epoch: int, step: int, loss: float, norm: float, config: TrainingConfig
) -> TympanError:
    """The error that says that a training went wrong, and what to try."""
    what = "the gradient" if np.isfinite(loss) else "the loss"
    fix = f"lower lr (now {config.lr:g}), for instance to {config.lr / 4:g}"
    if config.precision != "32":
        fix += ", or set precision=32"
    return TympanError(
        f"{what} became infinite or NaN in epoch {epoch + 1}, step {step}",
        fix=fix + ", and start over: other settings do not resume this training",
    )


@contextmanager
def repeatable(device: torch.device) -> Iterator[None]:
    """Choose the GPU's repeatable algorithms for a while; the CPU's are so anyway."""
    if device.type != "cuda":
        yield
        return
    cudnn = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.benchmark
    warned = torch.are_deterministic_algorithms_enabled()
    cudnn.deterministic, cudnn.benchmark = True, False
    # A few operations have no repeatable form: they warn, and the training goes on.
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        cudnn.deterministic, cudnn.benchmark = before
        torch.use_deterministic_algorithms(warned)
