"""Train: what all questions share, from a folder to a model."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks.ask import DEFAULT_MODELS, TASKS, get
from tympan.tasks.base import Prepared, Report, TrainingResult
from tympan.tasks.course import (
    FEW,
    TEST_FRACTION,
    configured,
    gathered,
    scarce_labels,
    val_fraction,
)
from tympan.tasks.cross import (
    all_teach,
    check_folds,
    clear_folds,
    cross_validate,
    plan,
    tested,
)
from tympan.tasks.finish import draft_card, finish, keep_apart

if TYPE_CHECKING:
    from torch import nn

    from tympan.data import Batches, Split, Table, WaveCache
    from tympan.models import LoadedModel
    from tympan.training import History, TrainingConfig

SCRATCH = "scratch"


def train(
    folder: str | os.PathLike[str] | Table,
    *,
    task: str | None = None,
    from_: str | None = None,
    out: str | os.PathLike[str] | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    folds: int | None = None,
    settings: Mapping[str, Any] | None = None,
    resume: bool = True,
    progress: bool = True,
    say: Report = lambda line: None,
) -> TrainingResult:
    """Train a model on a folder of recordings, and score it on a part that it never heard.

    Args:
        folder: one sub-folder for each label, or `metadata.csv`/`.jsonl` with `file_name` and more;
            or the table of one, of which rows were chosen or columns changed.
        task: the question; guessed from the folder by default.
        from_: model to start from (name or folder), or `"scratch"`; the shipped one by default.
        out: folder of the model; `<folder>-<task>` in the working directory by default.
        epochs: passes over the training side.
        seed: same seed and device, same weights; 0 by default.
        folds: score every recording by cross-validation in so many folds, instead of a test side;
            the model that is kept learns from all of them. It takes `folds` trainings more.
        settings: fields of `TrainingConfig` and of the task's configuration, by name.
        resume: go on with an unfinished training in `out`; False starts over.
        progress: show a progress bar.
        say: called with one line for each choice made.

    Returns:
        Where the model is, and its metrics on the test side.

    Raises:
        DataError: the folder cannot be trained on, or not be cut into so many folds.
        ArgumentError: an unknown setting, fewer than two folds, or `out` is in use.
        ModelError: `from_` cannot be used, or `out` holds a training with other settings or data.
    """
    _check_installed()
    table, name = _read(folder, task, say)
    question = get(name)
    if folds is not None:
        check_folds(table, folds)
    target = Path(out) if out is not None else Path(f"{table.root.resolve().name}-{name}")
    with _nothing_left(target):
        _check_out(target, table.root)
        start = _start_model(name, from_, say)
        values = gathered(settings, epochs=epochs, seed=seed)
        config, training, chosen = configured(question, table, start, values, say)
        deal = _split if folds is None else all_teach
        job = prepare_job(question, table, config, chosen, training.seed, say, deal)
        plans = None if folds is None else plan(job, folds, training.seed, start, say)
        if start is not None:
            job = keep_apart(job, start, say, given=None if folds is None else False)
        card = draft_card(job, training, target, start)
    how: dict[str, Any] = {"start": start, "resume": resume, "progress": progress, "say": say}
    if not resume:
        clear_folds(target)
    net, history = run_job(job, training, target, **how)
    scored = None
    if plans is not None:
        scored = cross_validate(plans, training, target, **how), tested(job, plans)
    return finish(job, net, history, training, target, card, start, scored)


@dataclass(frozen=True)
class Job:
    """A table made ready: decoded, numbered and split."""

    task: Any
    table: Table
    cache: WaveCache
    prepared: Prepared
    split: Split

    def batches(self, side: str, training: TrainingConfig) -> Batches | None:
        """The batches of a side; None where it is empty."""
        from tympan.data import Batches

        rows = list(self.split.indices[side])
        if not rows:
            return None
        config, learning = self.prepared.config, side == "train"
        return Batches(
            self.cache.subset(rows),
            self.prepared.targets[rows],
            batch_size=training.batch_size,
            crop_s=config.clip_s,
            training=learning,
            seed=training.seed,
            balance=config.balance if learning else False,
        )


def prepare_job(
    question: Any,
    table: Table,
    config: Any,
    chosen: frozenset[str],
    seed: int,
    say: Report,
    deal: Callable[[Table, WaveCache, int], Split],
) -> Job:
    """Decode the recordings once, number the labels and split them.

    Args:
        question: the task.
        table: the recordings.
        config: the task's configuration.
        chosen: fields of it that the user set.
        seed: of the split.
        say: called with one line for each choice made.
        deal: from the decoded table and the seed to the sides.
    """
    from tympan.data import WaveCache

    def progress(done: int, total: int) -> None:
        if done == 0 or done == total or done % 500 == 0:
            say(f"decoding, once: {done} of {total} recordings")

    cache = WaveCache.open(table, config.rate_hz, progress=progress, on_error="skip")
    for error in cache.skipped:
        say(f"left out: {error.file}: {error.what}")
    table = cache.table
    prepared = question.prepare(table, cache, config, chosen)
    split = deal(table, cache, seed)
    for line in (*prepared.notes, f"split: {split.reason}", scarce_labels(table)):
        if line:
            say(line)
    return Job(question, table, cache, prepared, split)


def _split(table: Table, cache: WaveCache, seed: int) -> Split:
    """The sides; with few recordings none is held out for validation, all teach."""
    from tympan.data import split_table

    held_out = val_fraction(table)
    split = split_table(
        table, val_fraction=held_out, test_fraction=TEST_FRACTION, seed=seed, cache=cache
    )
    if split.indices["val"] or held_out:
        return split
    why = f"under {FEW} recordings for each label, so none is held out for validation"
    return replace(split, reason=f"{split.reason}; {why}")


def run_job(
    job: Job,
    training: TrainingConfig,
    out: Path,
    *,
    start: LoadedModel | None = None,
    resume: bool = True,
    progress: bool = True,
    say: Report = lambda line: None,
) -> tuple[nn.Module, History]:
    """Build the net and train it; a killed run goes on where it was."""
    import torch

    from tympan.training import fit
    from tympan.training.checkpoint import CHECKPOINT

    torch.manual_seed(training.seed)
    net = job.task.build(job.prepared.config, job.prepared.labels)
    rows = list(job.split.indices["train"])
    if not rows:
        raise DataError("has no recordings to train on", file=job.table.root)
    # What is gone on with brings its own weights.
    if not (resume and (out / CHECKPOINT).exists()):
        heard = job.cache.subset(rows), job.prepared.targets[rows]
        job.task.warm_start(net, start, job.prepared.labels, *heard, say=say)
    learner = job.task.learner(net, job.prepared.config, job.prepared.labels)
    learner.answers_at_start = job.task.fits_head(job.prepared.config, start)
    learner.start = "" if start is None else str(start.card.weights.get("sha256", ""))
    train, val = job.batches("train", training), job.batches("val", training)
    assert train is not None
    learner.val_cache = None if val is None else val.cache
    history = fit(learner, train, val, training, out, resume=resume, progress=progress)
    return net, history


def _check_installed() -> None:
    """Say what is missing before the recordings are decoded, not after."""
    from tympan.training.launch import import_fabric

    import_fabric()


@contextlib.contextmanager
def _nothing_left(out: Path) -> Iterator[None]:
    """Take away the folder that was made for a training that could not begin."""
    made = not out.exists()
    try:
        yield
    except BaseException:
        if made:
            with contextlib.suppress(OSError):
                out.rmdir()  # an empty one only
        raise


def _check_out(out: Path, folder: Path) -> None:
    """A model never lands among other files."""
    ours = {"card.json", "checkpoint.safetensors", "history.json", ".lock"}
    if out.exists() and not out.is_dir():
        raise ArgumentError("is a file, not a folder for a model", file=out, fix="--out elsewhere")
    if out.is_dir() and out.resolve() == folder.resolve():
        raise ArgumentError("holds the recordings", file=out, fix="--out elsewhere")
    if out.is_dir() and any(out.iterdir()) and not ours & {p.name for p in out.iterdir()}:
        fix = "name a new or an empty folder with --out"
        raise ArgumentError("holds other files, a model would mix with them", file=out, fix=fix)
    # Better known now than when the training is over.
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        what = f"cannot be made or written: {error.strerror}"
        raise ArgumentError(what, file=out, fix="--out elsewhere") from error


def _read(
    folder: str | os.PathLike[str] | Table, task: str | None, say: Report
) -> tuple[Table, str]:
    from tympan.data import Table, guess_task, read_folder

    table = folder if isinstance(folder, Table) else read_folder(folder)
    if task is not None:
        get(task)
        say(f"{len(table)} recordings; task: {task}, as told")
        return table, task
    guess = guess_task(table)
    say(f"{len(table)} recordings; task: {guess.task}, because {guess.reason}")
    if guess.task not in TASKS:
        fix = f"what can be trained: {', '.join(TASKS)}; --task NAME asks for it"
        if guess.task == "monitor":
            fix = "classify can: add recordings of what is not normal, under labels of their own"
        raise ArgumentError(f"{guess.task!r} cannot be trained yet", file=table.root, fix=fix)
    return table, guess.task


def _start_model(task: str, from_: str | None, say: Report) -> LoadedModel | None:
    """The model to start from; the shipped one unless told otherwise."""
    from tympan.models import list_models, load_model

    if from_ == SCRATCH:
        say("starting from random weights")
        return None
    if from_ is None:
        from_ = DEFAULT_MODELS[task]
        if not any(card.name == from_ for card in list_models()):
            say("starting from random weights: no model is shipped")
            return None
    model = load_model(from_)
    if model.card.task != task:
        raise ModelError(f"is a model for {model.card.task!r}, not for {task!r}", file=from_)
    say(f"starting from the encoder of {model.card.name}")
    return model
