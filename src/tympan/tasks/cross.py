"""Cross-validation: every recording is scored once, by a model that has not heard it.

The test side of a small folder is a handful of recordings, and its score a matter of luck. With `k`
folds all of them are tested, at `k` times the work (Kohavi, *A Study of Cross-Validation and
Bootstrap for Accuracy Estimation and Model Selection*, IJCAI 1995).
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError, DataError
from tympan.tasks.base import Report
from tympan.tasks.course import teach_few, val_fraction
from tympan.tasks.finish import draft_card, finish, keep_apart

if TYPE_CHECKING:
    from tympan.data import Split, Table, WaveCache
    from tympan.models import LoadedModel
    from tympan.tasks.run import Job
    from tympan.training import TrainingConfig

FOLDER = "folds"


def check_folds(table: Table, k: int) -> None:
    """See whether a table can be cut into `k` folds, before anything is decoded.

    Raises:
        ArgumentError: fewer than two, another number than in its `fold` column, or the folder says
            itself which recordings are for training and which for the test.
        DataError: the `fold` column has gaps.
    """
    from tympan.data.split import side_of

    if k < 2:
        raise ArgumentError(f"{k} folds are no cross-validation", fix="--folds 5")
    if table.has("split") and any(map(side_of, table.column("split"))):
        what = (
            "says itself which recordings are for training or the test (a split column or folder)"
        )
        raise ArgumentError(what, file=table.root, fix="leave out --folds")
    if not table.has("fold"):
        return
    names = set(table.column("fold"))
    if "" in names:
        fix = "fill in its fold column, or leave the column out"
        raise DataError("has recordings without a fold", file=table.root, fix=fix)
    if len(names) != k:
        what = f"has {len(names)} folds in its fold column, not {k}"
        fix = f"--folds {len(names)}" if len(names) > 1 else "leave the column out"
        raise ArgumentError(what, file=table.root, fix=fix)


def all_teach(table: Table, cache: WaveCache, seed: int) -> Split:
    """The sides of the model that is kept: no test, as the folds test all.

    With enough recordings some are held out to choose the best epoch, as always.
    """
    from tympan.data import Split, split_table

    none, rows = table.subset([]), tuple(range(len(table)))
    if teach_few(table):
        sides = {"train": rows, "val": (), "test": ()}
        return Split(table, none, none, "all recordings teach", sides)
    # A fold is for the test; here it would be lost as a validation side.
    columns = [{k: v for k, v in e.columns.items() if k != "fold"} for e in table]
    bare = replace(
        table,
        examples=tuple(replace(e, columns=c) for e, c in zip(table, columns, strict=True)),
    )
    return split_table(bare, val_fraction=val_fraction(table), seed=seed, cache=cache)


def plan(job: Job, k: int, seed: int, start: LoadedModel | None, say: Report) -> dict[str, Job]:
    """The job of each fold, by its name; folds that have nothing to test are left out.

    Args:
        job: the recordings, ready; its own split is not used.
        k: number of folds, dealt by sources, speakers and labels; a `fold` column is obeyed.
        seed: of the dealing.
        start: the model to start from; what it was trained on is not scored.
        say: called with a line about what cannot be scored.

    Raises:
        DataError: there are too few recordings or sources, or nothing can be scored.
    """
    from tympan.data import folds

    held_out = val_fraction(job.table)
    parts = folds(job.table, k=k, val_fraction=held_out, seed=seed, cache=job.cache)
    found, untaught = {}, set()
    for name, split in list(parts):
        one = replace(job, split=split)
        if start is not None:
            # Left out, not taught: another recording of the same source may be tested.
            one = keep_apart(one, start, given=True, may_be_empty=True)
        # A label of one source only cannot be taught and tested.
        taught = {example.label for example in one.split.train}
        rows = one.split.indices["test"]
        kept = [i for i in rows if job.table[i].label in taught]
        untaught |= {job.table[i].label for i in rows} - taught
        if kept:
            found[name] = replace(one, split=_with_test(job.table, one.split, kept))
    if untaught:
        say(f"not scored, as all recordings come from one source: {', '.join(sorted(untaught))}")
    if len(found) < 2:
        raise DataError(
            "has nothing to score in folds: the model that it starts from was trained on it, or "
            "each label comes from one source",
            file=job.table.root,
            fix="--from scratch, or more recordings",
        )
    return found


def _with_test(table: Table, split: Split, rows: Sequence[int], reason: str = "") -> Split:
    """The same training sides, and these rows to test."""
    indices = {**split.indices, "test": tuple(rows)}
    test = table.subset(rows)
    return replace(split, test=test, indices=indices, reason=reason or split.reason)


def cross_validate(
    jobs: Mapping[str, Job],
    training: TrainingConfig,
    out: Path,
    *,
    start: LoadedModel | None = None,
    resume: bool = True,
    progress: bool = True,
    say: Report = lambda line: None,
) -> list[Any]:
    """Train once for each fold, on the others, and score it.

    Args:
        jobs: see `plan`.
        training: how to train.
        out: the folder of the model; each fold's model is kept in `folds/1` … of it, so that the
            same command goes on after a stop.
        start: the model to start from.
        resume: go on with unfinished folds.
        progress: show a progress bar.
        say: called with one line for each fold.

    Returns:
        The evaluation of each fold.

    Raises:
        ModelError: a fold in `out` was trained with other settings or data.
        TrainingInterrupted: Ctrl-C or SIGTERM; everything is saved.
    """
    from tympan.tasks.run import run_job

    found = []
    for number, (name, job) in enumerate(jobs.items(), 1):
        place = out / FOLDER / str(number)
        place.mkdir(parents=True, exist_ok=True)
        card = draft_card(job, training, place, start)
        where = f"fold {name}, {number} of {len(jobs)}"
        if training.epochs:  # its epochs are told next
            say(f"{where}: learning from the others")
        net, history = run_job(
            job, training, place, start=start, resume=resume, progress=progress, say=_quiet
        )
        result = finish(job, net, history, training, place, card, start)
        told = f"{result.metrics['accuracy']:.1%} of {len(job.split.test)} right"
        say(f"{where}: {told}")
        found.append(result.evaluation)
    return found


def tested(job: Job, jobs: Mapping[str, Job]) -> Split:
    """The split of the kept model, and on the test side what the folds have tested, in order."""
    rows = [i for one in jobs.values() for i in one.split.indices["test"]]
    reason = f"{len(jobs)} folds: each recording is scored by a model that has not heard it"
    missing = len(job.table) - len(rows)
    if missing:
        reason += f"; {missing} that cannot be tested so are not scored"
    return _with_test(job.table, job.split, rows, reason)


def clear_folds(out: Path) -> None:
    """Remove the folds of a training that is started over; nothing else is touched."""
    for place in (out / FOLDER).glob("*"):
        if place.name.isdigit() and (place / ".lock").exists():
            shutil.rmtree(place)


def _quiet(line: str) -> None:
    """The folds say the same."""
