"""Train: read the folder, choose the recipe, split, train, save, score; the same for every task."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import open_in_browser
from tympan._words import plural
from tympan.errors import ArgumentError, ModelError
from tympan.tasks import contract, cross
from tympan.tasks.cleaned import check_task, inherited
from tympan.tasks.continuing import check_same_data, continued, held_epochs
from tympan.tasks.contract import ArrangesRows, Evaluation, Log, ReadsRows, Recipe, Task
from tympan.tasks.job import Job, keep_apart, make_job
from tympan.tasks.out_folder import check_not_recordings, check_out, empty_folder_removed
from tympan.tasks.phases import base_of, clear_phases, log_epochs, log_gain, run_phases
from tympan.tasks.recipes import SMALL, TEST_FRACTION, gather
from tympan.tasks.registry import get, verb, verbs
from tympan.tasks.saving import draft_card, finish, with_training
from tympan.tasks.trial import clear_trial, decided
from tympan.training.threads import compute_threads

if TYPE_CHECKING:
    from tympan.data import Split, Table
    from tympan.models import LoadedModel
    from tympan.training import History

SCRATCH = "scratch"


@dataclass(frozen=True)
class TrainingResult:
    """What `train` leaves behind.

    Attributes:
        folder: the model: weights, card, history, report.
        evaluation: the scores on the held-out test set, or of all folds.
        job: the decoded and split recordings.
        history: of the training.
        log: the lines about each choice made.
    """

    folder: Path
    evaluation: Evaluation
    job: Job
    history: History
    log: tuple[str, ...] = field(default=(), repr=False)

    @property
    def metrics(self) -> dict[str, float]:
        """The value of each score by its name."""
        return self.evaluation.metrics

    @property
    def split(self) -> str:
        """How the recordings were split."""
        return self.job.split.reason

    @property
    def cross_validated(self) -> bool:
        """Whether the scores are of a cross-validation."""
        return any(one.folds for one in self.evaluation.scores)

    def open(self) -> None:
        """Open the training report, which `tympan.train` wrote, in the browser."""
        open_in_browser(self.folder / "report.html")

    def __str__(self) -> str:
        found = self.evaluation
        how = "in cross-validation" if self.cross_validated else "held out"
        lines = [f"{found.counted_text} {how}", *found.score_lines()]
        headline = found.scores[0]
        if headline.folds:
            folds = ", ".join(replace(headline, value=one).text for one in headline.folds)
            lines.append(f"{headline.title} of each fold: {folds}")
        return "\n".join([*lines, f"model in {self.folder}"])


def train(
    folder: str | os.PathLike[str] | Table | None = None,
    *,
    task: str | None = None,
    from_: str | None = None,
    out: str | os.PathLike[str] | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    folds: int | None = None,
    augment: str | None = None,
    metadata: str | os.PathLike[str] | None = None,
    file_column: str | None = None,
    label_column: str | None = None,
    settings: Mapping[str, Any] | None = None,
    threads: int | None = None,
    clean: bool | None = None,
    resume: bool = True,
    progress: bool = True,
    say: Log = lambda line: None,
) -> TrainingResult:
    """Train a model on a folder of recordings, and score it on a part that it was not trained on.

    Args:
        folder: one sub-folder for each label, or `metadata.csv`/`.jsonl` with `file_name` and more;
            or the table of one, of which rows were chosen or columns changed. None: that of
            `metadata`.
        task: the question; guessed from the folder by default.
        from_: model to start from (name or folder), or `"scratch"`; the shipped one by default.
        out: folder of the model; `<folder>-<task>` in the working directory by default.
        epochs: passes over the training set.
        seed: same seed and device, same weights; 0 by default.
        folds: score every recording by cross-validation in so many folds, instead of a test set;
            the model that is kept is trained on all of them. It takes `folds` trainings more.
        augment: how recordings are varied in training, in place of the task's own way: a preset
            (`"light"`, `"speech"`, `"machine"`, `"music"`) or a TOML file, see `tympan.augment`.
        metadata: the table of the recordings, if it is not in the folder.
        file_column: its column of file names, if it has another name than usual.
        label_column: its column of labels, likewise.
        settings: fields of `TrainingConfig` and of the task's configuration, by name.
        threads: threads to compute with; by default those of PyTorch, shared with other trainings
            that run on this machine.
        clean: take the noise from the recordings before, with the model `voice`; what the model
            answers about will be cleaned in the same way. By default as the model does that it
            starts from, if it answers the same question.
        resume: go on with an unfinished training in `out`; False starts over.
        progress: show a progress bar.
        say: called with one line for each choice made.

    Returns:
        Where the model is, and its scores on the test set.

    Raises:
        DataError: the folder cannot be trained on, or not be cut into so many folds.
        ArgumentError: an unknown setting, fewer than two folds, or `out` is in use.
        ModelError: `from_` cannot be used, or `out` holds a training with other settings or data.
    """
    lines: list[str] = []

    def log(line: str) -> None:
        lines.append(line)
        say(line)

    from tympan.data import Table, cut_parts, read_folder, suggest_folds

    # What can be seen without PyTorch comes first: a mistake is answered at once.
    _check_names(task, from_)
    if not isinstance(folder, Table):
        folder = read_folder(
            folder, metadata=metadata, file_column=file_column, label_column=label_column
        )
    if out is not None:
        check_not_recordings(Path(out), folder.root)
    table, name = folder, _question(folder, task, log)
    cleaning = check_task(name, bool(clean))
    _check_installed()
    question = get(name)
    target = Path(out) if out is not None else Path(f"{table.root.resolve().name}-{name}")
    with empty_folder_removed(target):
        check_out(target, table.root)
        values = gather(settings, epochs=epochs, seed=seed, augment=augment)
        if isinstance(question, ArrangesRows) and folds is None:
            table = question.divided(table, values)
        if getattr(question, "cuts_parts", False) and any(one.supervisions for one in table):
            known = {*table.notes, *table.warnings}
            table = cut_parts(table)
            for line in (*table.notes, *table.warnings):
                if line not in known:
                    log(line)
        if isinstance(question, ReadsRows):
            table = question.rows_of(table)
        if folds is not None:
            cross.check_folds(table, folds)
        start = _start_model(name, from_, table, log)
        if clean is None:
            cleaning = inherited(start, name)
        recipe = _recipe(question, table, start, values, target if resume else None, log)
        whole = continued(recipe, target, log) if resume else recipe
        if cleaning:
            log(f"recordings are cleaned first, by {cleaning}; those it answers about will be too")
        splitter = _split if folds is None else cross.keep_all
        job = make_job(question, recipe, table, splitter, log, cleaning)
        jobs = None if folds is None else cross.plan(job, folds, start, log)
        if start is not None:
            job = keep_apart(job, start, log, leave_out=None if folds is None else False)
        job = replace(job, recipe=whole)
        if resume:
            check_same_data(job, target, start)
        card = draft_card(job, target, start)
    if not resume:
        cross.clear_folds(target)
        clear_phases(target)
        clear_trial(target)
    how: dict[str, Any] = {"start": start, "resume": resume, "progress": progress, "log": log}
    with compute_threads(threads):
        job = decided(job, target, **how)
        card = with_training(card, job.recipe)
        log_epochs(job.recipe, log)
        learner, history = run_phases(job, target, **how)
        log_gain(history, log, base_of(job.recipe))
        scored = None
        if jobs is not None:
            scored = cross.cross_validate(jobs, target, **how), cross.scored_split(job, jobs)
        evaluation, job = finish(job, learner, target, card, start, scored, log)
    if folds is None and (hint := suggest_folds(job.table)):
        log(hint)
    return TrainingResult(target, evaluation, job, history, tuple(lines))


def _recipe(
    question: Task[Any, Any],
    table: Table,
    start: LoadedModel | None,
    values: dict[str, Any],
    out: Path | None,
    log: Log,
) -> Recipe[Any]:
    """How to train; without a word about epochs, as many as `out` holds, if these are more."""
    recipe = question.recipe(table, start, values)
    have = 0 if out is None or "epochs" in values or len(recipe.phases) > 1 else held_epochs(out)
    if have > recipe.phases[0].training.epochs:
        log(f"{out} holds a training of {plural(have, 'epoch')}, which is kept")
        recipe = question.recipe(table, start, {**values, "epochs": have})
    for line in recipe.reasons:
        log(line)
    return recipe


def _split(table: Table, keys: Sequence[str], recipe: Recipe[Any]) -> Split:
    """Training, validation and test set; of a small data set none is held out for validation."""
    from tympan.data import split_table

    held_out = recipe.val_fraction
    split = split_table(
        table, val_fraction=held_out, test_fraction=TEST_FRACTION, seed=recipe.seed, keys=keys
    )
    if split.indices["val"] or held_out:
        return split
    why = f"under {SMALL} recordings for each label, so none is held out for validation"
    return replace(split, reason=f"{split.reason}; {why}")


def _check_names(task: str | None, from_: str | None) -> None:
    """See that the question and the model to start from exist."""
    from tympan.models import find_model

    if task is not None:
        verb(task)
    if from_ is not None and from_ != SCRATCH:
        find_model(from_)


def _check_installed() -> None:
    """Say what is missing before the recordings are decoded, not after."""
    from tympan.training.launch import import_fabric

    import_fabric()


def _question(table: Table, task: str | None, log: Log) -> str:
    """The name of the task that a table answers, or that was given; what is known of the table."""
    from tympan.data import guess_task

    name, reason = task, "as given"
    if name is not None:
        verb(name)
    else:
        claims = ((one, get(one).claims(table)) for one in verbs())
        name, reason = next(((one, why) for one, why in claims if why), (None, ""))
        reason = f"because {reason}"
    guess, many = None if name else guess_task(table), plural(len(table), "recording")
    log(
        f"{many}; task: {name}, {reason}"
        if guess is None
        else f"{many}; task: {guess.task}, because {guess.reason}"
    )
    for line in (*table.notes, *table.warnings):
        log(line)
    if name is not None:
        return name
    assert guess is not None
    fix = f"what can be trained: {', '.join(verbs())}; --task NAME chooses it"
    raise ArgumentError(f"{guess.task!r} cannot be trained yet", file=table.place, fix=fix)


def _start_model(task: str, from_: str | None, table: Table, log: Log) -> LoadedModel | None:
    """The model to start from; the shipped one by default, where it suits the folder."""
    from tympan.models import list_models, load_model

    question = get(task)

    if from_ == SCRATCH:
        log("starting from random weights")
        return None
    if from_ is None:
        from_ = question.default_start
        if isinstance(question, contract.ChoosesStart):
            from_ = question.start_for(table)
        if from_ is None or not any(card.name == from_ for card in list_models()):
            log("starting from random weights: no model is shipped")
            return None
    if isinstance(from_, str):
        from_ = verb(task).aliases.get(from_, from_)
    model = load_model(from_)
    if model.card.task not in question.start_tasks:
        raise ModelError(f"is a model for {model.card.task!r}, not for {task!r}", file=from_)
    log(f"starting from the encoder of {model.card.name}")
    return model
