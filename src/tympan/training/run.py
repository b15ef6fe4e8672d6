"""The state of a training, and what changes it: a step, an epoch, a stop, a resume."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tympan._words import plural
from tympan.data.batches import Batch, Batches, to_device
from tympan.errors import ArgumentError
from tympan.training import checkpoint
from tympan.training.config import TrainingConfig
from tympan.training.ema import averaged, lr_factor, set_layout
from tympan.training.history import History
from tympan.training.learner import Learner
from tympan.training.progress import Display
from tympan.training.setup import (
    diverged,
    make_fingerprint,
    make_optimizers,
    score_of,
    seed_everything,
)
from tympan.training.signals import StopSignal, TrainingInterrupted

# The state beside the tensors.
_SAVED = (
    "epoch", "step", "since_best", "loss_sums", "loss_count", "seconds", "wait_s",
)  # fmt: skip
# On a GPU the loss is read every so many steps: each reading waits for the device.
GPU_READ_EVERY = 16
RESUME = "the same command goes on from here"


class Trained:
    """One net of a training with its optimiser and its average.

    Args:
        fabric: the process and its device.
        net: the module, which is moved to the device.
        optimizer: of its parameters.
        config: how to train.
    """

    def __init__(
        self,
        fabric: Any,
        net: nn.Module,
        optimizer: torch.optim.Optimizer,
        config: TrainingConfig,
    ) -> None:
        set_layout(net, torch.channels_last)
        self.net, self.optimizer = net, optimizer
        self.wrapped, self.fabric_optimizer = fabric.setup(net, optimizer)
        self.average = averaged(net, config.ema_decay)
        self.parameters = [p for p in net.parameters() if p.requires_grad]

    @property
    def evaluated(self) -> nn.Module:
        """The averaged net, or the net itself where there is no average."""
        found: nn.Module = self.net if self.average is None else self.average.module
        return found


class Run:
    """The state of a training and the steps that change it.

    Args:
        fabric: the process and its device.
        learner, train, val, config, out, start: see `tympan.training.fit`.
    """

    def __init__(
        self,
        fabric: Any,
        learner: Learner,
        train: Batches,
        val: Batches | None,
        config: TrainingConfig,
        out: Path,
        start: str = "",
    ) -> None:
        self.fabric, self.learner, self.val, self.config, self.out = (
            fabric, learner, val, config, out,
        )  # fmt: skip
        self.train = train.shard(fabric.global_rank, fabric.world_size)
        optimizers = make_optimizers(learner, config)
        self.trained = {
            name: Trained(fabric, net, optimizers[name], config)
            for name, net in learner.nets.items()
        }
        self.nets = {name: one.wrapped for name, one in self.trained.items()}
        self.rng = torch.Generator()
        self.fingerprint = {
            "start": start,
            **make_fingerprint(learner, train, val, config),
        }
        self.epoch, self.step, self.since_best = 0, 0, 0
        self.loss_sums, self.loss_count = [0.0] * len(self.nets), 0
        self.seconds, self.wait_s = 0.0, 0.0
        self.history = History(learner.monitor)
        self.pending: list[Tensor] = []
        self.saved_at = time.monotonic()
        self.resumed = False

    def validate_start(self, stop: StopSignal, display: Display) -> None:
        """Score the weights as they come: where they are trained, more may make them worse."""
        new = self.epoch == self.step == 0 and not self.history.start
        if not new or self.val is None:
            return
        metrics = self.validate(stop)
        if metrics is None:
            self.stop_here()
            return
        self.history.start = _validation_row(metrics)
        score = score_of(metrics, self.learner.monitor)
        self.keep_best(score, self.history.start)
        display.start(self.history.start)

    # -- an epoch ------------------------------------------------------------------------------

    def train_epoch(self, stop: StopSignal, display: Display) -> None:
        """The epoch's remaining steps; saves now and then, and on a stop signal."""
        for net in self.nets.values():
            net.train()
        steps = len(self.train)
        self.train.wait_s, before_s, started = 0.0, self.seconds, time.perf_counter()
        before_wait_s = self.wait_s
        read_every = 1 if self.fabric.device.type == "cpu" else GPU_READ_EVERY
        batches = self.train.epoch(self.epoch, self.step)
        for batch in batches:
            self.train_step(batch)
            self.seconds = before_s + time.perf_counter() - started
            self.wait_s = before_wait_s + self.train.wait_s
            if self.step % read_every and self.step < steps:
                continue
            if self.read_losses(stop):
                batches.close()  # type: ignore[attr-defined]
                self.stop_here()
            if time.monotonic() - self.saved_at >= self.config.checkpoint_every_s:
                self.save()
            clips = self.step * self.train.batch_size / max(self.seconds, 1e-9)
            wait = self.wait_s / max(self.seconds, 1e-9)
            display.step(self.epoch, self.step, self.mean_losses()[0], clips, wait)

    def train_step(self, batch: Batch) -> None:
        """Of each loss in turn: gradient, clip, step; then the averages."""
        number = self.epoch * len(self.train) + self.step
        seed_everything(self.rng, self.config.seed, self.epoch, self.step, self.fabric.global_rank)
        for one in self.trained.values():
            for group in one.optimizer.param_groups:
                group["lr"] = self.lr_at(number) * group["lr_scale"]
        values = dict.fromkeys(self.nets, torch.zeros(2, device=self.fabric.device))
        on_device = to_device(batch, self.fabric.device)
        for name, loss in self.learner.losses(self.nets, on_device, self.rng):
            if name not in self.trained:
                what = f"losses() gives a loss of {name!r}, which is no net"
                raise ArgumentError(what, fix=f"one of {', '.join(self.trained)}")
            norm = self.descend(self.trained[name], loss)
            values[name] = torch.stack([loss.detach().float(), norm.float()])
        for one in self.trained.values():
            if one.average is not None:
                one.average.update_parameters(one.net)
        self.step += 1
        self.pending.append(torch.stack(list(values.values())))

    def descend(self, one: Trained, loss: Tensor) -> Tensor:
        """Take one net's step; the norm of its gradient."""
        self.fabric.backward(loss)
        limit = self.config.grad_clip or float("inf")
        norm = torch.nn.utils.clip_grad_norm_(one.parameters, limit)
        one.fabric_optimizer.step()
        # The gradient passed through the other nets too, where theirs must not add up.
        for other in self.trained.values():
            other.optimizer.zero_grad(set_to_none=True)
        return norm

    def lr_at(self, number: int) -> float:
        """The learning rate of a step, counted from the start of the training."""
        steps = len(self.train)
        warmup = round(self.config.warmup_epochs * steps)
        total, cycles = self.config.epochs * steps, self.config.cycles
        return self.config.lr * lr_factor(number, total, warmup, cycles)

    def read_losses(self, stop: StopSignal) -> bool:
        """Read the losses since the last time; whether any process got a stop signal."""
        seen = torch.stack(self.pending)  # (steps, nets, 2)
        stopping = torch.full_like(seen[:1], float(stop.received))
        rows = torch.cat([seen, stopping])
        if self.fabric.world_size > 1:  # the mean over the processes, so that all decide alike
            rows = self.fabric.all_reduce(rows, reduce_op="mean")
        *steps, flags = rows.tolist()
        self.pending.clear()
        for values in steps:
            for loss, norm in values:
                if not (np.isfinite(loss) and np.isfinite(norm)):
                    raise diverged(self.epoch, self.step, loss, norm, self.config)
            self.loss_sums = [s + v[0] for s, v in zip(self.loss_sums, values, strict=True)]
            self.loss_count += 1
        return bool(flags[0][0] > 0)

    def mean_losses(self) -> list[float]:
        """The mean loss of each net in this epoch so far."""
        return [value / max(1, self.loss_count) for value in self.loss_sums]

    def loss_row(self) -> dict[str, float]:
        """The losses as they stand in the history: `train_loss`, or one for each net."""
        values = self.mean_losses()
        if len(values) == 1:
            return {"train_loss": values[0]}
        named = {f"train_loss_{name}": v for name, v in zip(self.nets, values, strict=True)}
        return {"train_loss": sum(values), **named}

    def end_epoch(self, stop: StopSignal) -> None:
        """Validate, note, keep the best, decide whether to go on, save."""
        metrics = self.validate(stop) if self.val is not None else {}
        if metrics is None:
            self.stop_here()
            return
        row: dict[str, float] = {
            "epoch": self.epoch + 1,
            "lr": self.lr_at((self.epoch + 1) * len(self.train) - 1),
            **self.loss_row(),
            **_validation_row(metrics),
            "seconds": self.seconds,
            "clips_per_s": len(self.train) * self.train.batch_size / max(self.seconds, 1e-9),
            "data_wait": self.wait_s / max(self.seconds, 1e-9),
        }
        self.history.epochs.append(row)
        self.epoch, self.step = self.epoch + 1, 0
        self.loss_sums, self.loss_count = [0.0] * len(self.nets), 0
        self.seconds, self.wait_s = 0.0, 0.0
        if metrics:
            self.keep_best(score_of(metrics, self.learner.monitor), row)
        if self.epoch == self.config.epochs:
            self.history.stopped = "finished"
        elif self.config.patience is not None and self.since_best >= self.config.patience:
            self.history.stopped = "early"
        over = self.history.stopped != "running"
        if over or time.monotonic() - self.saved_at >= self.config.checkpoint_every_s:
            self.save()
        if self.fabric.is_global_zero:
            self.history.save(self.out / "history.json")

    def finish_at_once(self) -> None:
        """Keep the weights as they came."""
        self.history.stopped = "finished"
        self.save()
        if self.fabric.is_global_zero:
            self.history.save(self.out / "history.json")

    def validate(self, stop: StopSignal) -> dict[str, float] | None:
        """Rank 0 evaluates the averaged weights in full precision; None: a stop signal came."""
        metrics: dict[str, float] | None = None
        if self.fabric.is_global_zero:
            seed_everything(self.rng, self.config.seed, self.epoch, -1, 0)
            nets = {name: one.evaluated.eval() for name, one in self.trained.items()}
            try:
                with torch.no_grad():
                    metrics = self.learner.evaluate(nets, self.val_batches(stop))
            except _Stopped:
                metrics = None
        if self.fabric.world_size > 1:
            metrics = self.fabric.broadcast(metrics, src=0)
        return metrics

    def val_batches(self, stop: StopSignal) -> Iterator[Batch]:
        """The validation batches, until a stop signal comes."""
        assert self.val is not None
        for batch in self.val.epoch(0):
            if stop.received:
                raise _Stopped
            yield to_device(batch, self.fabric.device)

    def keep_best(self, score: float, row: dict[str, float]) -> None:
        """Keep the averaged weights if the metric is the best so far; of equals, the lower loss."""
        best, before = self.history.best, self.history.best_row
        better = score > (float("-inf") if best is None else best)
        self.since_best = 0 if better else self.since_best + 1
        equal = score == best and row.get("val_loss", 0.0) < before.get("val_loss", 0.0)
        if not (better or equal):
            return
        self.history.best, self.history.best_epoch = score, self.epoch
        if self.fabric.is_global_zero:
            state = {"epoch": self.epoch, "score": score}
            parts = {name: one.evaluated.state_dict() for name, one in self.trained.items()}
            checkpoint.save(self.out / checkpoint.BEST, parts, state)

    # -- saving and resuming -------------------------------------------------------------------

    def save(self) -> None:
        """Write the checkpoint (rank 0; the other processes hold the same weights)."""
        self.saved_at = time.monotonic()
        if not self.fabric.is_global_zero:
            return
        state: dict[str, Any] = {name: getattr(self, name) for name in _SAVED}
        state |= {"history": self.history.to_json(), "fingerprint": self.fingerprint}
        parts: dict[str, checkpoint.Tensors] = {}
        for name, one in self.trained.items():
            parts[name] = one.net.state_dict()
            parts[f"{name}.optimizer"] = checkpoint.optimizer_tensors(one.optimizer)
            if one.average is not None:
                parts[f"{name}.average"] = one.average.module.state_dict()
        checkpoint.save(self.out / checkpoint.CHECKPOINT, parts, state)

    def restore(self) -> None:
        """Go on from the checkpoint, if there is one."""
        path = self.out / checkpoint.CHECKPOINT
        if not path.exists():
            return
        parts, state = checkpoint.load(path)
        checkpoint.check_same(state.pop("fingerprint"), self.fingerprint, self.out)
        self.history = History.from_json(state.pop("history"))
        for name in _SAVED:
            setattr(self, name, state[name])
        self.resumed = True
        if self.history.stopped != "running" and not set(self.trained) <= set(parts):
            return  # finished, and only what was kept is left: there is nothing to go on with
        for name, one in self.trained.items():
            one.net.load_state_dict(parts[name])
            if one.average is not None:
                one.average.module.load_state_dict(parts[f"{name}.average"])
                steps = self.epoch * len(self.train) + self.step
                one.average.n_averaged.fill_(1 + steps)
            # Without moments yet, there are no tensors of it.
            checkpoint.restore_optimizer(one.optimizer, parts.get(f"{name}.optimizer", {}))

    def stop_here(self) -> None:
        """Save, say how to resume, and leave."""
        self.save()
        if self.fabric.is_global_zero:
            self.history.save(self.out / "history.json")
        self.fabric.barrier()
        where = f"epoch {self.epoch + 1} of {self.config.epochs}, step {self.step}"
        raise TrainingInterrupted(
            f"stopped at {where}; everything is saved", file=self.out, fix=RESUME
        )

    def where(self) -> str:
        """What a resumed training says first."""
        if self.history.stopped != "running":
            after = f" after {plural(self.epoch, 'epoch')}" if self.epoch else ""
            return f"{self.out} holds this training, finished{after}"
        return f"going on in {self.out} at epoch {self.epoch + 1}, step {self.step}"


def _validation_row(metrics: dict[str, float]) -> dict[str, float]:
    """The metrics of a validation as they stand in the history; JSON has no NaN."""
    found = {("val_loss" if k == "loss" else k): float(v) for k, v in metrics.items()}
    return {k: v for k, v in found.items() if np.isfinite(v)}


class _Stopped(Exception):
    """A stop signal came during validation."""
