"""Train: what all questions share, from a folder to a model."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks.ask import DEFAULT_MODELS, TASKS, get
from tympan.tasks.base import Prepared, Report, TrainingResult, apply_settings
from tympan.tasks.finish import draft_card, finish, keep_apart

if TYPE_CHECKING:
    from torch import nn

    from tympan.data import Batches, Split, Table, WaveCache
    from tympan.models import LoadedModel
    from tympan.training import History, TrainingConfig

VAL_FRACTION = TEST_FRACTION = 0.15
SCRATCH = "scratch"
# With fewer training recordings for each label, all of them teach: the few that could be held out
# would choose the best epoch by chance.
FEW = 30


def train(
    folder: str | os.PathLike[str] | Table,
    *,
    task: str | None = None,
    from_: str | None = None,
    out: str | os.PathLike[str] | None = None,
    epochs: int | None = None,
    seed: int | None = None,
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
    table, name = _read(folder, task, say)
    question = get(name)
    target = Path(out) if out is not None else Path(f"{table.root.resolve().name}-{name}")
    _check_out(target, table.root)
    start = _start_model(name, from_, say)
    values = _gathered(settings, epochs=epochs, seed=seed)
    config, training, chosen = _configured(question, table, start, values, say)
    job = prepare_job(question, table, config, chosen, training.seed, say)
    if start is not None:
        job = keep_apart(job, start, say)
    card = draft_card(job, training, target, start)
    net, history = run_job(job, training, target, start=start, resume=resume, progress=progress)
    return finish(job, net, history, training, target, card, start)


def _configured(
    question: Any,
    table: Table,
    start: LoadedModel | None,
    values: Mapping[str, Any],
    say: Report,
) -> tuple[Any, TrainingConfig, frozenset[str]]:
    """What suits the recordings and the start, with what the user set; and which of it they set."""
    from tympan.training import TrainingConfig

    few = _training_rows(table) < FEW * len(table.labels)
    config = question.config_type()
    if start is not None:
        config = question.start_from(config, start)
    elif "rate_hz" not in values:
        config = question.for_rate(config, _common_rate_hz(table))
    if start is None and few:
        config = question.for_few(config)
    head_only = few and not {"epochs", "lr"} & set(values)
    if head_only:
        say(
            f"under {FEW} recordings for each label: the head is fitted, the encoder stays as it "
            "is (give a number of epochs to train it too)"
        )
    course = _course(start is not None, head_only)
    defaults = TrainingConfig(batch_size=32, ema_decay=0.995, **course)
    training, used = apply_settings(defaults, values)
    config, chosen = apply_settings(config, values)
    _check_known(values, used | chosen, vars(training) | vars(config))
    if start is not None and config.encoder != start.card.config.get("encoder"):
        what = f"the encoder of {start.card.name} is {start.card.config.get('encoder')!r}"
        raise ArgumentError(f"{what}, not {config.encoder!r}", fix="--from scratch")
    return config, training, frozenset(chosen)


def _training_rows(table: Table) -> int:
    """About how many recordings will teach."""
    if table.has("split"):
        told = sum(side.lower().startswith("train") for side in table.column("split"))
        if told:
            return told
    return round(len(table) * (1 - TEST_FRACTION))


def _common_rate_hz(table: Table, most: int = 25) -> int:
    """The sample rate that most of the files have (a few are looked at); 0: unknown."""
    from tympan.audio import probe
    from tympan.errors import TympanError

    rates: list[int] = []
    for path in table.paths[:: max(1, len(table) // most)]:
        # A file that cannot be read is reported when it is decoded.
        with contextlib.suppress(TympanError):
            rates.append(probe(path).rate_hz)
    return max(sorted(set(rates), reverse=True), key=rates.count, default=0)


def _course(tuning: bool, head_only: bool) -> dict[str, Any]:
    """How long and how fast to learn: a trained encoder needs less than a random one.

    The few steps that few recordings give do an encoder more harm than good
    (docs/experiments.md); the loop then only keeps what was fitted before it.
    """
    if head_only:
        return {"epochs": 1, "lr": 1e-6}
    return {"epochs": 20, "lr": 1e-3} if tuning else {"epochs": 40, "lr": 2e-3}


def _gathered(settings: Mapping[str, Any] | None, **named: Any) -> dict[str, Any]:
    """The settings with those that have an argument of their own.

    Raises:
        ArgumentError: one is given both ways, differently.
    """
    values = dict(settings or {})
    for name, value in named.items():
        if value is None:
            continue
        if name in values and str(values[name]) != str(value):
            raise ArgumentError(f"{name} is given twice: {value} and {values[name]}")
        values[name] = value
    return values


def _check_known(values: Mapping[str, Any], used: set[str], known: Mapping[str, Any]) -> None:
    unknown = sorted(set(values) - used)
    if unknown:
        fix = f"one of {', '.join(sorted(known))}"
        raise ArgumentError(f"no setting is called {unknown[0]!r}", fix=fix)


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
    from tympan.data import WaveCache

    def progress(done: int, total: int) -> None:
        if done == 0 or done == total or done % 500 == 0:
            say(f"decoding, once: {done} of {total} recordings")

    on_error = "raise" if split else "skip"
    cache = WaveCache.open(table, config.rate_hz, progress=progress, on_error=on_error)
    for error in cache.skipped:
        say(f"left out: {error}")
    table = cache.table
    prepared = question.prepare(table, cache, config, chosen)
    if split is None:
        split = _split(table, cache, len(prepared.labels), seed)
    for line in (*prepared.notes, f"split: {split.reason}"):
        say(line)
    return Job(question, table, cache, prepared, split)


def _split(table: Table, cache: WaveCache, k: int, seed: int) -> Split:
    """The sides; with few recordings none is held out for validation, all teach."""
    from tympan.data import split_table

    split = split_table(
        table, val_fraction=0.0, test_fraction=TEST_FRACTION, seed=seed, cache=cache
    )
    if not split.indices["val"] and len(split.train) < FEW * k:
        why = f"under {FEW} recordings for each label, so none is held out for validation"
        return replace(split, reason=f"{split.reason}; {why}")
    return split_table(
        table, val_fraction=VAL_FRACTION, test_fraction=TEST_FRACTION, seed=seed, cache=cache
    )


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
    rows = list(job.split.indices["train"])
    if not rows:
        raise DataError("has no recordings to train on", file=job.table.root)
    heard = job.cache.subset(rows), job.prepared.targets[rows]
    job.task.warm_start(net, start, job.prepared.labels, *heard)
    learner = job.task.learner(net, job.prepared.config, job.prepared.labels)
    learner.start = "" if start is None else str(start.card.weights.get("sha256", ""))
    train, val = job.batches("train", training), job.batches("val", training)
    assert train is not None
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
