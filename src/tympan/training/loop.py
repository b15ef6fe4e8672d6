"""The training loop of all tasks, to be read from top to bottom; its steps are in `run`.

What makes a training resumable to the bit: nothing random has a state of its own. Before each step
all generators are seeded from (seed, epoch, step, rank), the batches depend on (seed, epoch, step)
only, and the learning rate on the step number. So weights, averaged weights, optimiser moments and
a few numbers are the whole state, and they are saved together in one file.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tympan.augment.memory import reuse_memory
from tympan.data.batches import Batches
from tympan.training import checkpoint, launch
from tympan.training.config import TrainingConfig
from tympan.training.ema import set_layout
from tympan.training.history import History
from tympan.training.learner import Learner
from tympan.training.progress import Display, TensorBoardLog
from tympan.training.run import RESUME, Run
from tympan.training.setup import repeatable
from tympan.training.signals import StopSignal, TrainingInterrupted


def fit(
    learner: Learner,
    train: Batches,
    val: Batches | None,
    config: TrainingConfig,
    out: Path,
    *,
    resume: bool = True,
    start: str = "",
    score_start: bool = False,
    progress: bool = True,
) -> History:
    """Train the nets of `learner`; afterwards they hold the best averaged weights.

    Writes into `out`: `checkpoint.safetensors` (everything, for the resume), `best.safetensors`
    (the averaged weights of the best epoch), `history.json`, `tensorboard/`.
    Call it again with the same arguments after a crash and it goes on where the checkpoint is; the
    final weights are those of an undisturbed run, bit for bit, on the same device.

    Args:
        learner: the nets, their losses and their metrics.
        train: the training batches.
        val: the validation batches; None keeps the last averaged weights.
        config: how to train.
        out: the folder to write to; made if need be.
        resume: go on from a checkpoint in `out`; False starts over.
        start: what names the weights that the nets come with; others do not resume this training.
        score_start: the weights are trained already, so they are scored before the first epoch,
            and kept where no epoch is better.
        progress: show a progress bar, or a line for each epoch where there is no terminal.

    Returns:
        What happened in each epoch.

    Raises:
        TrainingInterrupted: Ctrl-C or SIGTERM; everything is saved.
        ModelError: the checkpoint in `out` belongs to other settings or data.
        TympanError: the loss became infinite or NaN.

    A learner in small, on two tones:

    >>> import tempfile
    >>> import numpy as np
    >>> from tympan.training import whole_nets
    >>> class Tones:
    ...     sizes, weights, padding = np.array([800, 800]), None, {}
    ...     def item(self, row, rng):
    ...         wave = torch.sin(torch.arange(800) * (0.1 + 0.2 * row))
    ...         return {"wave": wave, "label": torch.tensor(row)}
    ...     def fingerprint(self):
    ...         return {}
    >>> class Small:
    ...     nets, monitor = {"net": torch.nn.Linear(800, 2)}, "accuracy"
    ...     def groups(self):
    ...         return whole_nets(self.nets)
    ...     def losses(self, nets, batch, rng):
    ...         scores = nets["net"](batch["wave"])
    ...         yield "net", torch.nn.functional.cross_entropy(scores, batch["label"])
    ...     def evaluate(self, nets, batches):
    ...         right = [nets["net"](b["wave"]).argmax(1) == b["label"] for b in batches]
    ...         return {"accuracy": float(torch.cat(right).float().mean())}
    ...     def fingerprint(self):
    ...         return {}
    >>> train, val = (Batches(Tones(), batch_size=2, training=t) for t in (True, False))
    >>> config = TrainingConfig(epochs=20, batch_size=2)
    >>> fit(Small(), train, val, config, Path(tempfile.mkdtemp()), progress=False).best
    1.0
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    history = launch.run(
        config, _train, learner, train, val, config, out, resume, start, score_start, progress
    )
    # Several processes trained copies; the weights come from the files in any case.
    weights = final_weights(out, history)
    for name, net in learner.nets.items():
        set_layout(net.to("cpu"), torch.contiguous_format)
        net.load_state_dict(weights[name])
        net.eval()
    return history


def _train(
    fabric: Any,
    learner: Learner,
    train: Batches,
    val: Batches | None,
    config: TrainingConfig,
    out: Path,
    resume: bool,
    start: str,
    score_start: bool,
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
        run = Run(fabric, learner, train, val, config, out, start)
        run.restore()
        stop = stack.enter_context(StopSignal())
        epochs = config.epochs if run.history.stopped == "running" else 0
        display = stack.enter_context(
            Display(progress and leads, epochs, len(train), learner.monitor)
        )
        if run.resumed:
            display.print(run.where())
        if config.epochs == 0 and run.history.stopped == "running":
            run.finish_at_once()
        if run.history.stopped != "running":
            return run.history
        if score_start:
            run.validate_start(stop, display)
        board = TensorBoardLog(out, run.epoch, leads)
        stack.callback(board.close)
        while run.history.stopped == "running":
            run.train_epoch(stop, display)
            run.end_epoch(stop)
            display.epoch(run.history)
            board.epoch(run.history.epochs[-1])
        fabric.barrier()
        if stop.received:  # in the last moment: all is done, but what follows is not wanted
            raise TrainingInterrupted("stopped after the last epoch", file=out, fix=RESUME)
        return run.history


def final_weights(out: Path, history: History) -> dict[str, dict[str, Tensor]]:
    """The weights that a finished training in `out` keeps, for each net by its name.

    Raises:
        ModelError: its files are damaged.
    """
    if history.best is not None:
        return checkpoint.load(out / checkpoint.BEST)[0]
    parts, _ = checkpoint.load(out / checkpoint.CHECKPOINT)
    return {name: parts[part] for name, part in checkpoint.final_parts(parts).items()}
