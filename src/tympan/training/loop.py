"""The training loop of all tasks, to be read from top to bottom.

What makes a training resumable to the bit: nothing random has a state of its own. Before each step
all generators are seeded from (seed, epoch, step, rank), the batches depend on (seed, epoch, step)
only, and the learning rate on the step number. So weights, averaged weights, optimiser moments and
a few numbers are the whole state, and they are saved together in one file.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from tympan.augment.memory import reuse_memory
from tympan.data.batches import Batch, Batches
from tympan.training import checkpoint, launch
from tympan.training.config import Learner, TrainingConfig
from tympan.training.curves import save_curves
from tympan.training.ema import AveragedNet, lr_factor, set_layout
from tympan.training.history import History
from tympan.training.progress import Board, Display
from tympan.training.setup import (
    diverged,
    make_fingerprint,
    make_optimizer,
    repeatable,
    score_of,
    seed_everything,
)
from tympan.training.signals import StopSignal, TrainingInterrupted

# On a GPU the loss is looked at every so many steps: each look waits for the device.
GPU_LOOK_EVERY = 16
_RESUME = "the same command goes on from here"


def fit(
    learner: Learner,
    train: Batches,
    val: Batches | None,
    config: TrainingConfig,
    out: Path,
    *,
    resume: bool = True,
    progress: bool = True,
) -> History:
    """Train `learner.net`; afterwards it holds the best averaged weights.

    Writes into `out`: `checkpoint.safetensors` (everything, for the resume), `best.safetensors`
    (the averaged weights of the best epoch), `history.json`, `history.png`, `tensorboard/`.
    Call it again with the same arguments after a crash and it goes on where the checkpoint is; the
    final weights are those of an undisturbed run, bit for bit, on the same device.

    Args:
        learner: the net, its loss and its metrics.
        train: the training batches.
        val: the validation batches; None keeps the last averaged weights.
        config: how to train.
        out: the folder to write to; made if need be.
        resume: go on from a checkpoint in `out`; False starts over.
        progress: show a progress bar, or a line for each epoch where there is no terminal.

    Returns:
        The course of the training.

    Raises:
        TrainingInterrupted: Ctrl-C or SIGTERM; everything is saved.
        ModelError: the checkpoint in `out` belongs to other settings or data.
        TympanError: the loss became infinite or NaN.

    A task's learner in small, on two tones:

    >>> import tempfile
    >>> from tympan.audio import synth
    >>> from tympan.data import WaveCache, read_folder
    >>> root = Path(tempfile.mkdtemp())
    >>> for name, pitch_hz in (("a", 440), ("b", 880)):
    ...     _ = synth.sine(pitch_hz, duration_s=0.1, rate_hz=8000).save(root / f"{name}.wav")
    >>> cache = WaveCache.open(read_folder(root), rate_hz=8000, cache_dir=root / ".cache")
    >>> class Small:
    ...     net, monitor = torch.nn.Linear(800, 2), "accuracy"
    ...     def loss(self, net, batch, generator):
    ...         return torch.nn.functional.cross_entropy(net(batch.waves), batch.targets)
    ...     def evaluate(self, net, batches):
    ...         right = [net(b.waves).argmax(1).eq(b.targets).float().mean() for b in batches]
    ...         return {"accuracy": float(sum(right)) / len(right)}
    >>> train, val = (
    ...     Batches(cache, torch.tensor([0, 1]), batch_size=2, crop_s=0.1, training=training)
    ...     for training in (True, False)
    ... )
    >>> config = TrainingConfig(epochs=20, batch_size=2)
    >>> fit(Small(), train, val, config, root / ".out", progress=False).best
    1.0
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    history = launch.run(config, _train, learner, train, val, config, out, resume, progress)
    # Several processes trained copies; the weights come from the files in any case.
    set_layout(learner.net.to("cpu"), torch.contiguous_format)
    learner.net.load_state_dict(_final_weights(out, history))
    learner.net.eval()
    return history


def _train(
    fabric: Any,
    learner: Learner,
    train: Batches,
    val: Batches | None,
    config: TrainingConfig,
    out: Path,
    resume: bool,
    progress: bool,
) -> History:
    """One process's part: rank 0 also validates, saves and shows."""
    leads = fabric.is_global_zero
    with ExitStack() as stack:
        if leads:
            stack.enter_context(checkpoint.sole_writer(out))
            if not resume:
                checkpoint.clear(out)
        fabric.barrier()
        stack.enter_context(repeatable(fabric.device))
        reuse_memory()
        run = _Run(fabric, learner, train, val, config, out)
        run.restore()
        stop = stack.enter_context(StopSignal())
        display = stack.enter_context(
            Display(progress and leads, config.epochs, len(train), learner.monitor)
        )
        if run.resumed:
            display.say(run.where())
        if config.epochs == 0:
            run.finish_at_once()
        if run.history.stopped != "running":
            return run.history
        run.validate_start(stop, display)
        board = Board(out, run.epoch, leads)
        stack.callback(board.close)
        while run.history.stopped == "running":
            run.train_epoch(stop, display)
            run.end_epoch(stop)
            display.epoch(run.history)
            board.epoch(run.history.epochs[-1])
        if leads:
            save_curves(run.history, out / "history.png")
        fabric.barrier()
        if stop.asked:  # in the last moment: all is done, but what follows is not wanted
            raise TrainingInterrupted("stopped after the last epoch", file=out, fix=_RESUME)
        return run.history


class _Run:
    """The state of a training and the steps that change it."""

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
        """Loss, gradient, clip, AdamW, average."""
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
        return self.config.lr * lr_factor(number, self.config.epochs * steps, warmup)

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
            f"stopped at {where}; everything is saved", file=self.out, fix=_RESUME
        )

    def where(self) -> str:
        """What a resumed training says first."""
        if self.history.stopped != "running":
            return f"{self.out} holds this training, finished after {self.epoch} epochs"
        return f"going on in {self.out} at epoch {self.epoch + 1}, step {self.step}"


def _validation_row(metrics: dict[str, float]) -> dict[str, float]:
    """The metrics of a validation as they stand in the history; JSON has no NaN."""
    found = {("val_loss" if k == "loss" else k): float(v) for k, v in metrics.items()}
    return {k: v for k, v in found.items() if np.isfinite(v)}


class _Asked(Exception):
    """A stop signal came during validation."""


def _final_weights(out: Path, history: History) -> dict[str, Tensor]:
    if history.best is not None:
        return checkpoint.load(out / checkpoint.BEST)[0]["net"]
    parts, _ = checkpoint.load(out / checkpoint.CHECKPOINT)
    return parts["average"] if "average" in parts else parts["net"]
