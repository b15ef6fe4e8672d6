"""Cross-validation: every recording is scored once, by a model that has not heard it.

The test side of a small folder is a handful of recordings, and its score a matter of luck. With `k`
folds all of them are tested, at `k` times the work (Kohavi, *A Study of Cross-Validation and
Bootstrap for Accuracy Estimation and Model Selection*, IJCAI 1995).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError
from tympan.tasks.base import Report
from tympan.tasks.course import VAL_FRACTION, teach_few
from tympan.tasks.finish import draft_card, finish, keep_apart

if TYPE_CHECKING:
    from tympan.data import Split, Table, WaveCache
    from tympan.models import LoadedModel
    from tympan.tasks.run import Job
    from tympan.training import TrainingConfig

FOLDER = "folds"


def all_teach(table: Table, cache: WaveCache, seed: int) -> Split:
    """The sides of the model that is kept: no test side, as the folds have tested.

    Raises:
        ArgumentError: the folder says itself which recordings are the test.
    """
    from tympan.data import Split, split_table

    if table.has("split"):
        what = "names its test side itself, in a split column or folders of that name"
        raise ArgumentError(what, file=table.root, fix="leave out --folds, or the column")
    if not teach_few(table):
        return split_table(table, val_fraction=VAL_FRACTION, seed=seed, cache=cache)
    none, rows = table.subset([]), tuple(range(len(table)))
    return Split(table, none, none, "all recordings teach", {"train": rows, "val": (), "test": ()})


def cross_validate(
    job: Job,
    training: TrainingConfig,
    out: Path,
    k: int,
    *,
    start: LoadedModel | None = None,
    resume: bool = True,
    progress: bool = True,
    say: Report = lambda line: None,
) -> tuple[list[Any], Split]:
    """Train once for each fold, on the others, and score it.

    Args:
        job: the recordings, ready; its own split is not used.
        training: how to train.
        out: the folder of the model; each fold's model is kept in `folds/1` … of it, so that the
            same command goes on after a stop.
        k: number of folds, dealt by sources, speakers and labels; a `fold` column is obeyed.
        start: the model to start from.
        resume: go on with unfinished folds.
        progress: show a progress bar.
        say: called with one line for each fold.

    Returns:
        The evaluation of each fold, and a split whose test side they are, in the same order.

    Raises:
        ArgumentError: the folder has another number of folds.
        DataError: it cannot be cut into so many.
    """
    from tympan.data import folds
    from tympan.tasks.run import run_job

    _check_count(job.table, k)
    held_out = 0.0 if teach_few(job.table) else VAL_FRACTION
    parts = folds(job.table, k=k, val_fraction=held_out, seed=training.seed, cache=job.cache)
    evaluations, rows = [], []
    for number, (name, split) in enumerate(parts, 1):
        one = replace(job, split=split)
        if start is not None:
            one = keep_apart(one, start, lambda line: None)
        place = out / FOLDER / str(number)
        place.mkdir(parents=True, exist_ok=True)
        card = draft_card(one, training, place, start)
        net, history = run_job(
            one, training, place, start=start, resume=resume, progress=progress, say=_quiet
        )
        result = finish(one, net, history, training, place, card, start)
        told = f"{result.metrics['accuracy']:.1%} of {len(one.split.test)} right"
        say(f"fold {name}, {number} of {k}: {told}")
        evaluations.append(result.evaluation)
        rows += one.split.indices["test"]
    return evaluations, tested(job, rows, k)


def tested(job: Job, rows: Sequence[int], k: int) -> Split:
    """The split of the kept model, and on the test side what the folds have tested."""
    split = job.split
    reason = f"{k} folds: each recording is scored by a model that learned from the others only"
    missing = len(job.table) - len(rows)
    if missing:
        reason += f"; {missing} that the start model was trained on are not scored"
    indices = {**split.indices, "test": tuple(rows)}
    return replace(split, test=job.table.subset(rows), reason=reason, indices=indices)


def _check_count(table: Table, k: int) -> None:
    """A fold column has its own number of folds."""
    count = len(set(table.column("fold"))) if table.has("fold") else k
    if count != k:
        what = f"has {count} folds in its fold column, not {k}"
        raise ArgumentError(what, file=table.root, fix=f"--folds {count}")


def _quiet(line: str) -> None:
    """The folds say the same."""
