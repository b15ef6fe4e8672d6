"""Whether epochs are worth it: a trial on a part of a small training set, before the training.

A pretrained encoder with a fitted head can become worse by training on a few recordings, and of a
few that are held out for good the model learns less. So a part is held out for a trial only; what
wins there is then done with all of them.
"""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._files import atomic_write
from tympan._words import agrees, plural
from tympan.errors import DataError
from tympan.tasks.contract import Log, Recipe
from tympan.tasks.job import Job, with_rows
from tympan.tasks.phases import base_of, folder_of, run_phases, weights_of
from tympan.training.signals import TrainingInterrupted

if TYPE_CHECKING:
    from tympan.models import LoadedModel
    from tympan.training import History

FOLDER = "trial"
# What came of it: the same command does not try again.
OUTCOME = "trial.json"
WORTH = "better with the epochs, so they follow with all recordings"


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
    from tympan.training.checkpoint import CHECKPOINT

    recipe = job.recipe
    begun = (folder_of(out, recipe.held + 1) / CHECKPOINT).exists()
    if not recipe.trial_fraction or begun or recipe.held == len(recipe.phases):
        return job
    request = _request(job, start)
    found = _finding(out, request) if resume else None
    if found is None:
        trial = _trial(job, recipe.trial_fraction)
        if trial is None:
            log(f"too few sources to hold some out and try epochs on: {_kept(recipe)}")
            return without_epochs(job)
        place = out / FOLDER
        if not resume:
            shutil.rmtree(place, ignore_errors=True)
        held_out, added = len(trial.split.val), recipe.phases[recipe.held].training.epochs
        base = "what is there" if recipe.held else "the fitted head"
        log(
            f"trying on {plural(held_out, 'held-out recording')} whether "
            f"{plural(added, 'epoch')} of training {agrees(added, 'is', 'are')} better than {base}"
        )
        try:
            _, history = run_phases(trial, place, start=start, resume=resume, progress=progress)
            found = {"request": request, **_outcome(trial, place, history)}
        except TrainingInterrupted:
            raise  # the same command goes on with it
        except Exception:
            shutil.rmtree(place, ignore_errors=True)
            raise
        with atomic_write(out / OUTCOME) as beside:
            beside.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
        shutil.rmtree(place)
    worth = bool(found["worth"])
    log(f"{found['scores']}: " + (WORTH if worth else f"no clear gain; {_kept(recipe)}"))
    return job if worth else without_epochs(job)


def _kept(recipe: Recipe[Any]) -> str:
    """What a training without the epochs of its last phase is."""
    return f"what is kept is {base_of(recipe)}"


def _request(job: Job, start: LoadedModel | None) -> str:
    """What the outcome of a trial is about: settings, recordings and labels."""
    from tympan.data.examples import digest
    from tympan.training.setup import settings_of

    rows = job.split.indices["train"]
    about = [
        [settings_of(phase.training) for phase in job.recipe.phases],
        job.prepared.config.to_dict(),
        [(job.keys[i], job.table[i].label) for i in rows],
        weights_of(start, job.cleaning),
    ]
    return digest(about)


def _finding(out: Path, request: str) -> dict[str, Any] | None:
    """The outcome of the same trial, which was finished before; None: there is none."""
    try:
        found = json.loads((out / OUTCOME).read_text("utf-8"))
        return found if found["request"] == request and {"worth", "scores"} <= set(found) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _outcome(trial: Job, place: Path, history: History) -> dict[str, Any]:
    """Whether the epochs of the last phase are worth it, and the scores that say so."""
    from tympan.training import History

    recipe, monitor = trial.recipe, history.monitor
    name = monitor.lstrip("-")
    # The first phases of several are there already: what the last one adds is in its own history.
    last = History.load(folder_of(place, len(recipe.phases)) / "history.json")
    before, after = (last if recipe.held else history).start.get(name), history.best
    if before is None or after is None:
        return {"worth": True, "scores": f"there is no {name} to compare"}
    after = -after if monitor.startswith("-") else after
    gain = before - after if monitor.startswith("-") else after - before
    base = "without the added epochs" if recipe.held else "with the fitted head alone"
    scores = f"{name} {before:.3f} {base}, {after:.3f} after the epochs"
    return {"worth": gain > standard_error(before, len(trial.split.val)), "scores": scores}


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


def without_epochs(job: Job) -> Job:
    """The job with what is there already, else with the fitted head alone."""
    phases = job.recipe.phases[: job.recipe.held]
    if not phases:
        first = job.recipe.phases[0]
        phases = (replace(first, training=replace(first.training, epochs=0)),)
    return replace(job, recipe=replace(job.recipe, phases=phases))


def clear_trial(out: Path) -> None:
    """Remove the trial of a training that is started over."""
    (out / OUTCOME).unlink(missing_ok=True)
    if (out / FOLDER / ".lock").exists():
        shutil.rmtree(out / FOLDER)
