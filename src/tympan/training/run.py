"""The state of a training, and what changes it: a step, an epoch, a stop, a resume."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tympan.data.batches import Batch, Batches
from tympan.training import checkpoint
from tympan.training.config import Learner, TrainingConfig
from tympan.training.ema import AveragedNet, lr_factor, set_layout
from tympan.training.history import History
from tympan.training.progress import Display
from tympan.training.setup import (
    diverged,
    make_fingerprint,
    make_optimizer,
    score_of,
    seed_everything,
)
from tympan.training.signals import StopSignal, TrainingInterrupted

# On a GPU the loss is looked at every so many steps: each look waits for the device.
GPU_LOOK_EVERY = 16
RESUME = "the same command goes on from here"


class Run:
    """The state of a training and the steps that change it.

    Args:
        fabric: the process and its device.
        learner, train, val, config, out: see `tympan.training.fit`.
    """

    def __init__(
        self,
        fabric: Any,
        learner: Learner,
        train: Batches,
        val: Batches | None,
        config: TrainingConfig,
        out: Path,
    ) -> None:
        self.fabric, self.learner, self.val, self.config, self.out = (
            fabric, learner, val, config, out,
        )  # fmt: skip
        self.train = train.shard(fabric.global_rank, fabric.world_size)
        set_layout(learner.net, torch.channels_last)
        self.average = AveragedNet(learner.net, config.ema_decay)
        self.optimizer = make_optimizer(learner, config)
        self.net, optimizer = fabric.setup(learner.net, self.optimizer)
        self.fabric_optimizer = optimizer
        self.average.net.to(fabric.device)
        self.average.follow(learner.net)
        self.parameters = [p for p in learner.net.parameters() if p.requires_grad]
        self.generator = torch.Generator()
        self.fingerprint = make_fingerprint(learner, train, val, config)
        self.epoch, self.step, self.since_best = 0, 0, 0
        self.loss_sum, self.loss_count, self.seconds, self.wait_s = 0.0, 0, 0.0, 0.0
        self.history = History(learner.monitor)
        self.pending: list[Tensor] = []
        self.saved_at = time.monotonic()
        self.resumed = False

    def validate_start(self, stop: StopSignal, display: Display) -> None:
        """Score the weights as they come, if they answer already: training may make them worse."""
        new = self.epoch == self.step == 0 and not self.history.start
        if not (new and self.val is not None and getattr(self.learner, "answers_at_start", False)):
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
        self.net.train()
        steps = len(self.train)
        self.train.wait_s, before_s, started = 0.0, self.seconds, time.perf_counter()
        before_wait_s = self.wait_s
        look_every = 1 if self.fabric.device.type == "cpu" else GPU_LOOK_EVERY
        batches = self.train.epoch(self.epoch, self.step)
        for batch in batches:
            self.train_step(batch)
            self.seconds = before_s + time.perf_counter() - started
            self.wait_s = before_wait_s + self.train.wait_s
            if self.step % look_every and self.step < steps:
                continue
            asked = self.look(stop)
            if asked:
                batches.close()  # type: ignore[attr-defined]
                self.stop_here()
            if time.monotonic() - self.saved_at >= self.config.checkpoint_every_s:
                self.save()
            clips = self.step * self.train.batch_size / max(self.seconds, 1e-9)
            wait = self.wait_s / max(self.seconds, 1e-9)
            display.step(self.epoch, self.step, self.loss_sum / self.loss_count, clips, wait)

    def train_step(self, batch: Batch) -> None:
        """Loss, gradient, clip, optimiser, average."""
        number = self.epoch * len(self.train) + self.step
        seed_everything(
            self.generator, self.config.seed, self.epoch, self.step, self.fabric.global_rank
        )
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr_at(number) * group["lr_scale"]
        loss = self.learner.loss(self.net, batch.to(self.fabric.device), self.generator)
        self.fabric.backward(loss)
        limit = self.config.grad_clip or float("inf")
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, limit)
        self.fabric_optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.average.update(number)
        self.step += 1
        self.pending.append(torch.stack([loss.detach().float(), norm.float()]))

    def lr_at(self, number: int) -> float:
        """The learning rate of a step, counted from the start of the training."""
        steps = len(self.train)
        warmup = round(self.config.warmup_epochs * steps)
        total, cycles = self.config.epochs * steps, self.config.cycles
        return self.config.lr * lr_factor(number, total, warmup, cycles)

    def look(self, stop: StopSignal) -> bool:
        """Read the losses since the last look; whether any process was asked to stop."""
        seen = torch.stack(self.pending)
        asked = torch.full((1, 2), float(stop.asked), device=seen.device)
        rows = torch.cat([seen, asked])
        if self.fabric.world_size > 1:  # the mean over the processes, so that all decide alike
            rows = self.fabric.all_reduce(rows, reduce_op="mean")
        *losses, (flag, _) = rows.tolist()
        self.pending.clear()
        for loss, norm in losses:
            if not (np.isfinite(loss) and np.isfinite(norm)):
                raise diverged(self.epoch, self.step, loss, norm, self.config)
            self.loss_sum += loss
            self.loss_count += 1
        return flag > 0

    def end_epoch(self, stop: StopSignal) -> None:
        """Validate, note, keep the best, decide whether to go on, save."""
        metrics = self.validate(stop) if self.val is not None else {}
        if metrics is None:
            self.stop_here()
            return
        row: dict[str, float] = {
            "epoch": self.epoch + 1,
            "lr": self.lr_at((self.epoch + 1) * len(self.train) - 1),
            "train_loss": self.loss_sum / max(1, self.loss_count),
            **_validation_row(metrics),
            "seconds": self.seconds,
            "clips_per_s": len(self.train) * self.train.batch_size / max(self.seconds, 1e-9),
            "data_wait": self.wait_s / max(self.seconds, 1e-9),
        }
        self.history.epochs.append(row)
        self.epoch, self.step, self.loss_sum, self.loss_count = self.epoch + 1, 0, 0.0, 0
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
        """Rank 0 evaluates the averaged weights in full precision; None: asked to stop."""
        metrics: dict[str, float] | None = None
        if self.fabric.is_global_zero:
            seed_everything(self.generator, self.config.seed, self.epoch, -1, 0)
            self.average.net.eval()
            try:
                with torch.no_grad():
                    metrics = self.learner.evaluate(self.average.net, self.val_batches(stop))
            except _Asked:
                metrics = None
        if self.fabric.world_size > 1:
            metrics = self.fabric.broadcast(metrics, src=0)
        return metrics

    def val_batches(self, stop: StopSignal) -> Iterator[Batch]:
        """The validation batches, until the training is asked to stop."""
        assert self.val is not None
        for batch in self.val.epoch(0):
            if stop.asked:
                raise _Asked
            yield batch.to(self.fabric.device)

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
            checkpoint.save(
                self.out / checkpoint.BEST, {"net": self.average.net.state_dict()}, state
            )

    # -- saving and resuming -------------------------------------------------------------------

    def save(self) -> None:
        """Write the checkpoint (rank 0; the other processes hold the same weights)."""
        self.saved_at = time.monotonic()
        if not self.fabric.is_global_zero:
            return
        names = ("epoch", "step", "since_best", "loss_sum", "loss_count", "seconds", "wait_s")
        state = {name: getattr(self, name) for name in names}
        state |= {"history": self.history.to_json(), "fingerprint": self.fingerprint}
        parts = {
            "net": self.learner.net.state_dict(),
            "optimizer": checkpoint.optimizer_tensors(self.optimizer),
        }
        if self.config.ema_decay is not None:
            parts["average"] = self.average.net.state_dict()
        checkpoint.save(self.out / checkpoint.CHECKPOINT, parts, state)

    def restore(self) -> None:
        """Go on from the checkpoint, if there is one."""
        path = self.out / checkpoint.CHECKPOINT
        if not path.exists():
            return
        parts, state = checkpoint.load(path)
        checkpoint.check_same(state.pop("fingerprint"), self.fingerprint, self.out)
        self.history = History.from_json(state.pop("history"))
        for name, value in state.items():
            setattr(self, name, value)
        self.resumed = True
        if "net" not in parts and self.history.stopped != "running":
            return  # finished and slimmed: there is nothing to go on with
        self.learner.net.load_state_dict(parts["net"])
        self.average.net.load_state_dict(parts.get("average", parts["net"]))
        checkpoint.restore_optimizer(self.optimizer, parts.get("optimizer", {}))

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
            after = f" after {self.epoch} epochs" if self.epoch else ""
            return f"{self.out} holds this training, finished{after}"
        return f"going on in {self.out} at epoch {self.epoch + 1}, step {self.step}"


def _validation_row(metrics: dict[str, float]) -> dict[str, float]:
    """The metrics of a validation as they stand in the history; JSON has no NaN."""
    found = {("val_loss" if k == "loss" else k): float(v) for k, v in metrics.items()}
    return {k: v for k, v in found.items() if np.isfinite(v)}


class _Asked(Exception):
    """A stop signal came during validation."""
