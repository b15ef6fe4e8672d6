"""Train: what all questions share, from a folder to a model."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks.ask import DEFAULT_MODELS, TASKS, get
from tympan.tasks.base import Prepared, Report, TrainingResult, apply_settings

if TYPE_CHECKING:
    from torch import nn

    from tympan.data import Batches, Split, Table, WaveCache
    from tympan.models import LoadedModel
    from tympan.training import History, TrainingConfig

VAL_FRACTION = TEST_FRACTION = 0.15
SCRATCH = "scratch"


def train(
    folder: str | os.PathLike[str],
    *,
    task: str | None = None,
    from_: str | None = None,
    out: str | os.PathLike[str] | None = None,
    epochs: int | None = None,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    resume: bool = True,
    progress: bool = True,
    say: Report = lambda line: None,
) -> TrainingResult:
    """Train a model on a folder of recordings, and score it on a part that it never heard.

    Args:
        folder: one sub-folder for each label, or `metadata.csv`/`.jsonl` with `file_name` and more.
        task: the question; guessed from the folder by default.
        from_: model to start from (name or folder), or `"scratch"`; the shipped one by default.
        out: folder of the model; `<folder>-<task>` in the working directory by default.
        epochs: passes over the training side.
        seed: same seed and device, same weights.
        settings: fields of `TrainingConfig` and of the task's configuration, by name.
        resume: go on with an unfinished training in `out`; False starts over.
        progress: show a progress bar.
        say: called with one line for each choice made.

    Returns:
        Where the model is, and its metrics on the test side.

    Raises:
        DataError: the folder cannot be trained on.
        ArgumentError: an unknown setting, or `out` is in use.
    """
    from tympan.training import TrainingConfig

    table, name = _read(folder, task, say)
    question = get(name)
    target = Path(out) if out is not None else Path(f"{Path(folder).resolve().name}-{name}")
    _check_out(target, Path(folder))
    start = _start_model(name, from_, say)
    config = question.config_type()
    if start is not None:
        config = question.start_from(config, start)
    values = dict(settings or {}) | {"seed": seed} | ({"epochs": epochs} if epochs else {})
    defaults = TrainingConfig(epochs=40, batch_size=32, lr=1e-3 if start else 2e-3, ema_decay=0.995)
    training, used = apply_settings(defaults, values)
    config, chosen = apply_settings(config, values)
    unknown = sorted(set(values) - used - chosen)
    if unknown:
        known = sorted(vars(training) | vars(config))
        raise ArgumentError(
            f"no setting is called {unknown[0]!r}", fix=f"one of {', '.join(known)}"
        )

    job = prepare_job(question, table, config, frozenset(chosen), seed, say)
    net, history = run_job(job, training, target, start=start, resume=resume, progress=progress)
    return _finish(job, net, history, training, target, say)


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
    split: Split | None = None,
) -> Job:
    """Decode the recordings once, number the labels and split them.

    Args:
        question: the task.
        table: the recordings.
        config: the task's configuration.
        chosen: fields of it that the user set.
        seed: of the split.
        say: called with one line for each choice made.
        split: a given split of the table, for cross-validation.
    """
    from tympan.data import WaveCache, split_table

    cache = WaveCache.open(table, config.rate_hz, on_error="raise" if split else "skip")
    for error in cache.skipped:
        say(f"left out: {error}")
    table = cache.table
    prepared = question.prepare(table, cache, config, chosen)
    if split is None:
        split = split_table(
            table, val_fraction=VAL_FRACTION, test_fraction=TEST_FRACTION, seed=seed, cache=cache
        )
    for line in (*prepared.notes, f"split: {split.reason}"):
        say(line)
    return Job(question, table, cache, prepared, split)


def run_job(
    job: Job,
    training: TrainingConfig,
    out: Path,
    *,
    start: LoadedModel | None = None,
    resume: bool = True,
    progress: bool = True,
) -> tuple[nn.Module, History]:
    """Build the net and train it; a killed run goes on where it was."""
    import torch

    from tympan.training import fit

    torch.manual_seed(training.seed)
    net = job.task.build(job.prepared.config, job.prepared.labels)
    if start is not None:
        job.task.warm_start(net, start, job.prepared.labels)
    learner = job.task.learner(net, job.prepared.config, job.prepared.labels)
    train, val = job.batches("train", training), job.batches("val", training)
    if train is None:
        raise DataError("has no recordings to train on", file=job.table.root)
    history = fit(learner, train, val, training, out, resume=resume, progress=progress)
    return net, history


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


def _read(folder: str | os.PathLike[str], task: str | None, say: Report) -> tuple[Table, str]:
    from tympan.data import guess_task, read_folder

    table = read_folder(folder)
    if task is not None:
        get(task)
        say(f"{len(table)} recordings; task: {task}, as told")
        return table, task
    guess = guess_task(table)
    say(f"{len(table)} recordings; task: {guess.task}, because {guess.reason}")
    if guess.task not in TASKS:
        raise ArgumentError(
            f"{guess.task!r} cannot be trained yet",
            file=table.root,
            fix=f"--task with one of {', '.join(TASKS)}",
        )
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


def _finish(
    job: Job,
    net: nn.Module,
    history: History,
    training: TrainingConfig,
    out: Path,
    say: Report,
) -> TrainingResult:
    """Calibrate, save, and score on the test side."""
    from dataclasses import asdict

    from tympan.models import Card, load_model, save_model
    from tympan.nets import count_parameters

    config = job.task.finish(net, job.batches("val", training))
    heard = [*job.split.indices["train"], *job.split.indices["val"]]
    card = Card(
        name=out.resolve().name,
        task=job.task.name,
        description=f"Trained on {len(job.split.train)} recordings of {job.table.root.name}.",
        config=config.to_dict(),
        labels=list(job.prepared.labels),
        data={
            "folder": job.table.root.name,
            "digest": job.table.digest,
            "recordings": {s: len(rows) for s, rows in job.split.indices.items()},
            "split": job.split.reason,
            "training": asdict(training),
            "trained_on": sorted({job.cache.content_key(i)[:16] for i in heard}),
        },
        parameters=count_parameters(net),
    )
    save_model(out, net.state_dict(), card)
    model = job.task.load(load_model(out))
    evaluation = job.task.evaluate(model, job.split.test)
    card = _with_metrics(card, evaluation.metrics, job.split.reason)
    save_model(out, net.state_dict(), card)
    return TrainingResult(out, evaluation.metrics, job.split.reason, evaluation, job, history)


def _with_metrics(card: Any, metrics: dict[str, Any], split: str) -> Any:
    from dataclasses import replace

    kept = ("accuracy", "macro_f1", "ece", "examples", "intervals", "per_class")
    weak = [
        f"{n}: F1 {row['f1']:.0%}" for n, row in metrics["per_class"].items() if row["f1"] < 0.5
    ]
    failures = [f"Weak labels on the test side: {', '.join(weak)}."] if weak else []
    return replace(
        card, metrics={k: metrics[k] for k in kept} | {"side": split}, known_failures=failures
    )
