"""What stands at the end of a training: calibration, the card, the saved model, its scores."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan._words import plural
from tympan.tasks.contract import Evaluation, LearnsKnown, Log, Model, Recipe
from tympan.tasks.job import Job, file_keys, trained_on

if TYPE_CHECKING:
    from tympan.data import Split, Table
    from tympan.models import Card, LoadedModel
    from tympan.models.scores import Score
    from tympan.training import Learner

# With fewer scored recordings the card says that its figures are a rough guess.
FEW_TESTED = 50
# A card is read whole before its model is trusted, so it has a limit; a larger list is left out.
MOST_KEYS = 200_000


def draft_card(job: Job, out: Path, start: LoadedModel | None) -> Card:
    """The card but for what is measured; made before the training, so that nothing fails after."""
    from tympan.models import Card

    # What chose the best epoch has shaped the model as well.
    rows = [*job.split.indices["train"], *job.split.indices["val"]]
    keys = {one for i in rows for one in file_keys(job.keys[i])}
    data: dict[str, Any] = {
        "folder": job.table.place.name,
        "digest": job.table.digest,
        "recordings": {part: len(rows) for part, rows in job.split.indices.items()},
        "split": job.split.reason,
        "training": [asdict(phase.training) for phase in job.recipe.phases],
    }
    if job.cleaning:
        data["cleaning"] = job.cleaning
    if start is not None:
        keys |= trained_on(start.card)
        data["started_from"] = {
            "name": start.card.name,
            "weights": start.card.weights.get("sha256", ""),
            "licence": start.card.licence,
        }
    data["trained_on"] = sorted(keys) if len(keys) <= MOST_KEYS else []
    name = "".join(c if c.isprintable() and c not in "/\\" else "-" for c in out.resolve().name)
    trained = plural(len(job.split.train), "recording")
    card = Card(
        name=name.encode("utf-8", "replace").decode() or "model",
        task=job.task.name,
        description=f"Trained on {trained} of {job.table.place.name}.",
        config=job.prepared.config.to_dict(),
        labels=list(job.prepared.vocabulary),
        data=data,
        attribution=start.card.attribution if start is not None else "",
    )
    return Card.from_json(card.to_json())


def with_training(card: Card, recipe: Recipe[Any]) -> Card:
    """The card with the training that was decided on."""
    phases = [asdict(phase.training) for phase in recipe.phases]
    data = card.data if isinstance(card.data, dict) else {}
    return replace(card, data={**data, "training": phases})


def finish(
    job: Job,
    learner: Learner,
    out: Path,
    card: Card,
    start: LoadedModel | None = None,
    folds: tuple[list[tuple[Model[Any], Table]], Split] | None = None,
    log: Log = lambda line: None,
) -> tuple[Evaluation, Job]:
    """Calibrate, save, and score.

    Args:
        job: what was trained.
        learner: with the final weights.
        out: the folder of the model.
        card: its draft.
        start: the model that it started from.
        folds: the models of a cross-validation each with the rows that it is scored on, and the
            split that says so; None: the test set is scored.
        log: called with a line about each fold.

    Returns:
        The scores, and the job with what was scored as its test set.
    """
    from tympan.models import load_model, save_model
    from tympan.nets import count_parameters

    validation = job.examples("val")
    config = calibrated(job, learner)
    if start is not None and card.attribution:
        shutil.copy(start.path / card.attribution, out / card.attribution)
    state = job.task.state(learner)
    parameters = sum(count_parameters(net) for net in learner.nets.values())
    card = replace(card, config=config.to_dict(), parameters=parameters)
    if folds is None:
        save_model(out, state, card)
        model = job.task.load(load_model(out), "cpu")
        evaluation = job.task.evaluate([(model, job.split.test)], job.store)
    else:
        parts, split = folds
        evaluation = job.task.evaluate(parts, job.store, calibrate=validation is None)
        job = replace(job, split=split)
        if evaluation.calibration:
            config = replace(config, **evaluation.calibration)
            card = replace(card, config=config.to_dict())
        for (_, rows), value in zip(parts, evaluation.scores[0].folds, strict=True):
            score = replace(evaluation.scores[0], value=value, interval=None)
            log(f"fold of {plural(len(rows), evaluation.counted.removesuffix('s'))}: {score}")
    save_model(out, state, scored_card(card, evaluation, job.split.reason))
    return evaluation, job


def calibrated(job: Job, learner: Learner) -> Any:
    """The configuration with what is learned after a training: what is known, temperature …"""
    train, validation = job.examples("train"), job.examples("val")
    prepared = job.prepared
    if isinstance(job.task, LearnsKnown) and train is not None:
        config = job.task.learn_known(learner, prepared, train, validation)
        prepared = replace(prepared, config=config)
    if validation is None:
        return prepared.config
    return job.task.calibrate(learner, prepared, validation)


def scored_card(card: Card, evaluation: Evaluation, split: str) -> Card:
    """The card with what was measured, and where the model fails."""
    limits = list(evaluation.limits)
    headline = evaluation.scores[0]
    if evaluation.count < FEW_TESTED and headline.interval is not None:
        limits.append(_rough(evaluation, headline))
    metrics = {
        "scores": [one.to_json() for one in evaluation.scores],
        "count": evaluation.count,
        "counted": evaluation.counted,
        "split": split,
        **evaluation.details(),
    }
    return replace(card, metrics=metrics, known_failures=limits)


def _rough(evaluation: Evaluation, headline: Score) -> str:
    """How little a few recordings say about a score."""
    tested = f"It was tested on {evaluation.counted_text} only"
    low, _, high = headline.interval_text.partition(" – ")
    if low == high.rstrip(" %"):  # all the same: nothing to draw an interval from
        near = f"how near that is to the true value of {headline.title} is not known"
        return f"{tested}, which all say the same: {near}."
    return (
        f"{tested}: the true value of {headline.title} "
        f"lies somewhere between {headline.interval_text.replace(' – ', ' and ')}."
    )
