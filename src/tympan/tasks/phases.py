"""The phases of a training, one after another on the same nets; a killed one goes on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._words import plural
from tympan.tasks.contract import Log, Recipe
from tympan.tasks.job import Job

if TYPE_CHECKING:
    from tympan.models import LoadedModel
    from tympan.training import History, Learner

FOLDER = "phases"


def run_phases(
    job: Job,
    out: Path,
    *,
    start: LoadedModel | None = None,
    resume: bool = True,
    progress: bool = True,
    log: Log = lambda line: None,
) -> tuple[Learner, History]:
    """Build the nets, initialise them, and train them phase by phase.

    The first phase works in `out`, the others in `out/phases/2` ….

    Args:
        job: what to train, and on what.
        out: the folder of the model.
        start: the model that the weights come from, if there is one.
        resume: go on with an unfinished training in `out`; False starts over.
        progress: show a progress bar.
        log: called with a line before what takes time.

    Returns:
        The learner, whose nets hold the final weights, and what happened in all epochs.

    Raises:
        TrainingInterrupted: Ctrl-C or SIGTERM; everything is saved.
        ModelError: `out` holds a training with other settings or data.
    """
    import torch

    from tympan.training import fit
    from tympan.training.checkpoint import CHECKPOINT

    recipe = job.recipe
    torch.manual_seed(recipe.seed)
    learner = job.task.learner(job.prepared)
    # What is resumed brings its own weights.
    if recipe.initialize is not None and not (resume and (out / CHECKPOINT).exists()):
        examples = job.examples("train")
        assert examples is not None
        recipe.initialize(learner, examples, log)
    weights = weights_of(start, job.cleaning)
    histories: list[History] = []
    for number, phase in enumerate(recipe.phases, 1):
        if number > 1:  # the losses of a phase are those of its configuration
            state = {name: net.state_dict() for name, net in learner.nets.items()}
            learner = job.task.learner(job.in_phase(phase))
            for name, net in learner.nets.items():
                net.load_state_dict(state[name])
        train, val = job.batches("train", phase), job.batches("val", phase)
        assert train is not None
        history = fit(
            learner,
            train,
            val,
            phase.training,
            folder_of(out, number),
            resume=resume,
            start=weights,
            score_start=recipe.initialize is not None or number > 1,
            progress=progress,
        )
        histories.append(history)
    history = joined(histories)
    if len(histories) > 1:
        history.save(out / "history.json")
    return learner, history


def weights_of(start: LoadedModel | None, cleaning: str = "") -> str:
    """What a resume compares of the model that a training starts from, and of the cleaning."""
    weights = "" if start is None else str(start.card.weights.get("sha256", ""))
    return f"{weights} cleaned by {cleaning}" if cleaning else weights


def base_of(recipe: Recipe[Any]) -> str:
    """What the epochs of a training begin with, in words."""
    if recipe.held:
        return "the model that was there"
    return str(getattr(recipe.initialize, "leaves", "what the training began with"))


def log_epochs(recipe: Recipe[Any], log: Log) -> None:
    """Say how many epochs there are in all, where they are those of several phases."""
    numbers = [phase.training.epochs for phase in recipe.phases]
    if len(numbers) > 1:
        log(
            f"{len(numbers)} phases of {' + '.join(map(str, numbers))} epochs, "
            f"{sum(numbers)} in all"
        )


def log_gain(history: History, log: Log, base: str) -> None:
    """Say it where a training gained nothing, or was stopped for that.

    Args:
        history: of the training.
        log: called with the line.
        base: what it began with, see `base_of`.
    """
    name = history.monitor.lstrip("-")
    if history.kept_start and history.column(name) and name in history.start:
        sign = -1 if history.monitor.startswith("-") else 1
        before, best = history.start[name], max(sign * v for v in history.column(name))
        log(
            f"{base} was best and is what is kept: {name} {before:.3f}, "
            f"{sign * best:.3f} in the best of {plural(len(history.epochs), 'epoch')}"
        )
    elif history.stopped == "early":
        log(
            f"stopped after {plural(len(history.epochs), 'epoch')}: no gain since epoch "
            f"{history.best_epoch}"
        )


def folder_of(out: Path, number: int) -> Path:
    """Where a phase works.

    >>> folder_of(Path("model"), 1).as_posix(), folder_of(Path("model"), 2).as_posix()
    ('model', 'model/phases/2')
    """
    return out if number == 1 else out / FOLDER / str(number)


def clear_phases(out: Path) -> None:
    """Remove the later phases of a training that is started over; nothing else is touched."""
    for place in (out / FOLDER).glob("*"):
        if place.name.isdigit() and (place / ".lock").exists():
            shutil.rmtree(place)


def joined(histories: list[History]) -> History:
    """One history of several phases; its best epoch is the one whose weights are kept.

    >>> from tympan.training import History
    >>> first, second = (History("a", [{"epoch": 1, "a": v}], 1, v, "finished") for v in (0.5, 0.6))
    >>> both = joined([first, second])
    >>> [row["epoch"] for row in both.epochs], both.best_epoch
    ([1, 2], 2)
    """
    from tympan.training import History

    rows: list[dict[str, float]] = []
    best_epoch = 0
    for one in histories:
        # A phase that kept its start kept what the one before it had chosen.
        if not one.kept_start:
            best_epoch = len(rows) + one.best_epoch if one.best is not None else 0
        rows += [{**row, "epoch": len(rows) + row["epoch"]} for row in one.epochs]
    last = histories[-1]
    return History(last.monitor, rows, best_epoch, last.best, last.stopped, histories[0].start)
