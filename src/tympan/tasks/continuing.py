"""More epochs on a training that an output folder holds already."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._words import plural
from tympan.errors import ModelError
from tympan.tasks.contract import Log, Recipe
from tympan.tasks.job import Job
from tympan.tasks.phases import folder_of, weights_of

if TYPE_CHECKING:
    from tympan.models import LoadedModel

RESTART = "another output folder, or start over: --restart"


@dataclass(frozen=True)
class HeldPhase:
    """A phase that an output folder holds.

    Attributes:
        epochs: how many it has, or is to have.
        finished: whether all of them are done (or it was stopped early).
        fingerprint: its settings and data.
    """

    epochs: int
    finished: bool
    fingerprint: dict[str, Any]


def held_phases(out: Path) -> list[HeldPhase]:
    """The phases of the training in a folder, in order; none if there is no training."""
    from tympan.training import checkpoint

    found: list[HeldPhase] = []
    while (path := folder_of(out, len(found) + 1) / checkpoint.CHECKPOINT).exists():
        state = checkpoint.load_state(path)
        fingerprint = state["fingerprint"]
        finished = state["history"].get("stopped", "running") != "running"
        found.append(HeldPhase(int(fingerprint.get("epochs", 0)), finished, fingerprint))
    return found


def held_epochs(out: Path) -> int:
    """How many epochs the training in a folder has, or is to have; 0 if there is none."""
    return sum(one.epochs for one in held_phases(out))


def continued(recipe: Recipe[Any], out: Path, log: Log = lambda line: None) -> Recipe[Any]:
    """A recipe that goes on from the training in `out`, to which it adds the epochs it lacks.

    The learning rate begins again for the epochs that are added, as in another cycle.

    Args:
        recipe: of one phase; another one is returned as it is.
        out: the folder of the model.
        log: called with a line if epochs are added.

    Raises:
        ModelError: the training there has more epochs than the recipe, is unfinished and has
            fewer, or has other settings.
    """
    from tympan.training import checkpoint
    from tympan.training.setup import settings_of

    phases = held_phases(out)
    first, *others = recipe.phases
    if others or not phases:
        return recipe
    wanted, have = first.training.epochs, sum(one.epochs for one in phases)
    if wanted < have:
        what = f"holds a training of {plural(have, 'epoch')}, more than the {wanted} wanted now"
        raise ModelError(what, file=out, fix=f"--epochs {have} or more, {RESTART}")
    if wanted > have and not phases[-1].finished:
        what = f"holds an unfinished training of {plural(have, 'epoch')}, not of {wanted}"
        raise ModelError(what, file=out, fix=f"--epochs {have} goes on with it, {RESTART}")
    numbers = [one.epochs for one in phases] + [wanted - have] * (wanted > have)
    found = tuple(replace(first, training=replace(first.training, epochs=n)) for n in numbers)
    for one, phase in zip(phases, found, strict=False):
        settings = settings_of(phase.training)
        saved = {name: one.fingerprint[name] for name in settings if name in one.fingerprint}
        checkpoint.check_same(saved, settings, out)
    if wanted > have:
        there = f"a training of {plural(have, 'epoch')}" if have else "a fitted head"
        log(f"{out} holds {there}; {plural(wanted - have, 'more epoch')} to add, {wanted} in all")
    return replace(recipe, phases=found, held=len(phases))


def check_same_data(job: Job, out: Path, start: LoadedModel | None = None) -> None:
    """See that the training in `out` is one of these recordings, before any time is spent.

    Raises:
        ModelError: it has other settings or data.
    """
    from tympan.training import checkpoint
    from tympan.training.setup import make_fingerprint

    for one, phase in zip(held_phases(out), job.recipe.phases, strict=False):
        learner = job.task.learner(job.in_phase(phase))
        train, val = job.batches("train", phase), job.batches("val", phase)
        assert train is not None
        now = {
            "start": weights_of(start, job.cleaning),
            **make_fingerprint(learner, train, val, phase.training),
        }
        checkpoint.check_same(one.fingerprint, now, out)
