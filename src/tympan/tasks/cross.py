"""Cross-validation: every recording is scored once, by a model that was not trained on it.

The test set of a small folder is a handful of recordings, and its score a matter of luck. With `k`
folds all of them are tested, at `k` times the work (Kohavi, *A Study of Cross-Validation and
Bootstrap for Accuracy Estimation and Model Selection*, IJCAI 1995).
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._words import listed
from tympan.errors import ArgumentError, DataError
from tympan.tasks.continuing import check_same_data, continued
from tympan.tasks.contract import Log, Model, Recipe
from tympan.tasks.job import Job, keep_apart, with_rows
from tympan.tasks.phases import FOLDER as PHASES
from tympan.tasks.phases import run_phases
from tympan.tasks.saving import calibrated, draft_card
from tympan.tasks.trial import decided

if TYPE_CHECKING:
    from tympan.data import Split, Table
    from tympan.models import LoadedModel

FOLDER = "folds"
# Where a model's folder holds fits: its own, those of phases and of folds, as patterns.
FITS = ("", f"{PHASES}/*/", f"{FOLDER}/*/", f"{FOLDER}/*/{PHASES}/*/")


def check_folds(table: Table, k: int) -> None:
    """See whether a table can be cut into `k` folds, before anything is decoded.

    Raises:
        ArgumentError: fewer than two, another number than in its `fold` column, or the folder says
            itself which recordings are for training and which for the test.
        DataError: there are fewer recordings, or the `fold` column has gaps.
    """
    from tympan.data.cross_validation import too_few
    from tympan.data.split import set_of

    if k < 2:
        raise ArgumentError(f"{k} folds are no cross-validation", fix="--folds 5")
    if table.has("split") and any(map(set_of, table.column("split"))):
        what = (
            "says itself which recordings are for training or the test (a split column or folder)"
        )
        raise ArgumentError(what, file=table.place, fix="leave out --folds")
    if not table.has("fold"):
        if len(table) < k:
            raise too_few(table, len(table), k)
        return
    names = set(table.column("fold"))
    if "" in names:
        fix = "fill in its fold column, or leave the column out"
        raise DataError("has recordings without a fold", file=table.place, fix=fix)
    if len(names) != k:
        what = f"has {len(names)} folds in its fold column, not {k}"
        fix = f"--folds {len(names)}" if len(names) > 1 else "leave the column out"
        raise ArgumentError(what, file=table.place, fix=fix)


def keep_all(table: Table, keys: Sequence[str], recipe: Recipe[Any]) -> Split:
    """The split of the model that is kept: no test set, as the folds test all.

    With enough recordings some are held out to choose the best epoch, as always.
    """
    from tympan.data import Split, split_table

    none, rows = table.subset([]), tuple(range(len(table)))
    if not recipe.val_fraction:
        parts = {"train": rows, "val": (), "test": ()}
        return Split(table, none, none, "all recordings are for training", parts)
    # A fold is for the test; here it would be lost as a validation set.
    columns = [{k: v for k, v in e.columns.items() if k != "fold"} for e in table]
    bare = replace(
        table,
        examples=tuple(replace(e, columns=c) for e, c in zip(table, columns, strict=True)),
    )
    return split_table(bare, val_fraction=recipe.val_fraction, seed=recipe.seed, keys=keys)


def plan(job: Job, k: int, start: LoadedModel | None, log: Log) -> dict[str, Job]:
    """The job of each fold, by its name; folds that have nothing to test are left out.

    Args:
        job: the recordings, ready; its own split is not used.
        k: number of folds, stratified by labels and grouped by sources and speakers; a `fold`
            column is obeyed.
        start: the model to start from; what it was trained on is not scored.
        log: called with a line about what cannot be scored.

    Raises:
        DataError: there are too few recordings or sources, or nothing can be scored.
    """
    from tympan.data import folds

    recipe = job.recipe
    parts = folds(job.table, k=k, val_fraction=recipe.val_fraction, seed=recipe.seed, keys=job.keys)
    found: dict[str, Job] = {}
    unlearned: set[str] = set()
    for name, split in list(parts):
        # A label of one source only cannot be both trained on and tested.
        split, missing = _testable(job.table, split)
        unlearned |= missing
        one = job.with_split(split)
        if start is not None:
            # Left out, not trained on: another recording of the same source may be tested.
            one = keep_apart(one, start, leave_out=True, may_be_empty=True)
        if len(one.split.test):
            one.check()
            found[name] = one
    if unlearned:
        log(f"not scored, as all recordings come from one source: {', '.join(sorted(unlearned))}")
    tested = Counter(tag for one in found.values() for tag in set(one.split.test.tags))
    few = sorted(label for label, count in tested.items() if count < len(found))
    if few:
        log(f"of fewer recordings or sources than folds, so not tested in each: {listed(few)}")
    if len(found) < 2:
        raise DataError(
            "has nothing to score in folds: the model that it starts from was trained on it, or "
            "each label comes from one source",
            file=job.table.place,
            fix="--from scratch, or more recordings",
        )
    return found


def _testable(table: Table, split: Split) -> tuple[Split, set[str]]:
    """The split without test and validation rows of labels that are not in its training set."""
    learned = set(split.train.tags)
    kept = {
        part: [i for i in split.indices[part] if set(table[i].tags) <= learned]
        for part in ("val", "test")
    }
    missing = set(split.test.tags) - learned
    return with_rows(table, split, kept), missing


def cross_validate(
    jobs: Mapping[str, Job],
    out: Path,
    *,
    start: LoadedModel | None = None,
    resume: bool = True,
    progress: bool = True,
    log: Log = lambda line: None,
) -> list[tuple[Model[Any], Table]]:
    """Train once for each fold, on the others.

    Args:
        jobs: see `plan`.
        out: the folder of the model; each fold's model is kept in `folds/1` … of it, so that the
            same command goes on after a stop.
        start: the model to start from.
        resume: go on with unfinished folds.
        progress: show a progress bar.
        log: called with one line for each fold.

    Returns:
        The model of each fold with the rows that it was not trained on.

    Raises:
        ModelError: a fold in `out` was trained with other settings or data.
        TrainingInterrupted: Ctrl-C or SIGTERM; everything is saved.
    """
    from tympan.models import load_model, save_model

    parts: list[tuple[Model[Any], Table]] = []
    for number, (name, job) in enumerate(jobs.items(), 1):
        place = out / FOLDER / str(number)
        place.mkdir(parents=True, exist_ok=True)
        log(f"fold {name}, {number} of {len(jobs)}: training on the others")
        if resume:
            job = replace(job, recipe=continued(job.recipe, place))
            check_same_data(job, place, start)
        job = decided(job, place, start=start, resume=resume, progress=progress)
        learner, _ = run_phases(job, place, start=start, resume=resume, progress=progress)
        config = calibrated(job, learner)
        card = replace(draft_card(job, place, start), config=config.to_dict(), attribution="")
        save_model(place, job.task.state(learner), card)
        parts.append((job.task.load(load_model(place), "cpu"), job.split.test))
    return parts


def scored_split(job: Job, jobs: Mapping[str, Job]) -> Split:
    """The split of the model that is kept, its test set what the folds have tested, in order."""
    rows = [i for one in jobs.values() for i in one.split.indices["test"]]
    reason = f"{len(jobs)} folds: each recording is scored by a model that was not trained on it"
    missing = len(job.table) - len(rows)
    if missing:
        reason += f"; {missing} that cannot be tested so are not scored"
    return replace(with_rows(job.table, job.split, {"test": rows}), reason=reason)


def clear_folds(out: Path) -> None:
    """Remove the folds of a training that is started over; nothing else is touched."""
    for place in (out / FOLDER).glob("*"):
        if place.name.isdigit() and (place / ".lock").exists():
            shutil.rmtree(place)
