"""Whether epochs are worth it: a trial on a part of a small training set, before the training.

A pretrained encoder with a fitted head can become worse by training on a few recordings, and of a
few that are held out for good the model learns less. So a part is held out for a trial only; what
wins there is then done with all of them.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.errors import DataError
from tympan.tasks.contract import Log, Recipe
from tympan.tasks.job import Job, with_rows
from tympan.tasks.phases import run_phases

if TYPE_CHECKING:
    from tympan.models import LoadedModel

FOLDER = "trial"


def decided(
    job: Job,
    out: Path,
    *,
    start: LoadedModel | None = None,
    resume: bool = True,
    progress: bool = True,
    log: Log = lambda line: None,
) -> Job:
    """The job with the epochs that are worth it: those of its recipe, or none.

    Args:
        job: the training; without `trial_fraction` in its recipe it is returned as it is.
        out: the folder of the model; the trial works in `out/trial`.
        start: the model that the weights come from.
        resume: go on with an unfinished trial.
        progress: show a progress bar.
        log: called with what was found.
    """
    fraction = job.recipe.trial_fraction
    if not fraction:
        return job
    trial = _trial(job, fraction)
    if trial is None:
        return _without_epochs(job, "too few sources to try out epochs: the head is fitted", log)
    place = out / FOLDER
    if not resume:
        shutil.rmtree(place, ignore_errors=True)
    log(f"trying on {len(trial.split.val)} held-out recordings whether epochs are worth it")
    _, history = run_phases(trial, place, start=start, resume=resume, progress=progress)
    monitor = history.monitor
    name = monitor.lstrip("-")
    before, after = history.start.get(name), history.best
    if before is None or after is None:
        return job
    after = -after if monitor.startswith("-") else after
    needed = standard_error(before, len(trial.split.val))
    found = f"{name} {before:.3f} with the fitted head alone, {after:.3f} with epochs"
    gain = before - after if monitor.startswith("-") else after - before
    if gain > needed:
        log(f"{found}: the epochs are worth it, and follow with all recordings")
        return job
    return _without_epochs(job, f"{found}: no clear gain, so only the head is fitted to all", log)


def standard_error(share: float, count: int) -> float:
    """How far a share of `count` recordings is off by chance; 0 for what is no share.

    >>> round(standard_error(0.8, 25), 2), standard_error(3.2, 25)
    (0.08, 0.0)
    """
    return math.sqrt(share * (1 - share) / count) if 0 <= share <= 1 and count else 0.0


def _trial(job: Job, fraction: float) -> Job | None:
    """The job on its training set alone, of which a part is for validation."""
    from tympan.data import split_table

    rows = job.split.indices["train"]
    # The columns that say what is for what have been obeyed already.
    bare = [
        replace(e, columns={k: v for k, v in e.columns.items() if k not in ("split", "fold")})
        for e in job.split.train
    ]
    table = replace(job.split.train, examples=tuple(bare))
    keys = [job.keys[i] for i in rows]
    try:
        split = split_table(table, val_fraction=fraction, seed=job.recipe.seed, keys=keys)
    except DataError:
        return None
    parts = {part: [rows[i] for i in split.indices[part]] for part in ("train", "val")}
    return job.with_split(with_rows(job.table, job.split, {**parts, "test": ()}))


def _without_epochs(job: Job, line: str, log: Log) -> Job:
    log(line)
    first = job.recipe.phases[0]
    phase = replace(first, training=replace(first.training, epochs=0))
    recipe: Recipe[Any] = replace(job.recipe, phases=(phase,))
    return replace(job, recipe=recipe)


def clear_trial(out: Path) -> None:
    """Remove the trial of a training that is started over or finished."""
    if (out / FOLDER / ".lock").exists():
        shutil.rmtree(out / FOLDER)
