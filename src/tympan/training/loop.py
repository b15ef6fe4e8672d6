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
from tympan.training.config import Learner, TrainingConfig
from tympan.training.curves import save_curves
from tympan.training.ema import set_layout
from tympan.training.history import History
from tympan.training.progress import Board, Display
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
        run = Run(fabric, learner, train, val, config, out)
        run.restore()
        stop = stack.enter_context(StopSignal())
        epochs = config.epochs if run.history.stopped == "running" else 0
        display = stack.enter_context(
            Display(progress and leads, epochs, len(train), learner.monitor)
        )
        if run.resumed:
            display.say(run.where())
        if config.epochs == 0 and run.history.stopped == "running":
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
            raise TrainingInterrupted("stopped after the last epoch", file=out, fix=RESUME)
        return run.history


def _final_weights(out: Path, history: History) -> dict[str, Tensor]:
    if history.best is not None:
        return checkpoint.load(out / checkpoint.BEST)[0]["net"]
    parts, _ = checkpoint.load(out / checkpoint.CHECKPOINT)
    return parts["average"] if "average" in parts else parts["net"]
