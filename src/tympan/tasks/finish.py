"""What stands at the end of a training: an honest test side, the card, the saved model."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tympan.errors import DataError
from tympan.tasks.base import Report, TrainingResult

if TYPE_CHECKING:
    from torch import nn

    from tympan.data import Split
    from tympan.models import Card, LoadedModel
    from tympan.tasks.run import Job
    from tympan.training import History, TrainingConfig

KEY_DIGITS = 16
# With fewer recordings on the test side the card says that its accuracy is a rough guess.
FEW_TESTED = 50
# A card is read whole before its model is trusted, so it has a limit; a larger list is left out.
MOST_KEYS = 200_000


def trained_on(card: Card) -> set[str]:
    """Keys of the sounds that a model, and those it started from, were trained on."""
    return set(card.data.get("trained_on", ())) if isinstance(card.data, dict) else set()


def keep_apart(
    job: Job,
    start: LoadedModel,
    say: Report = lambda line: None,
    *,
    given: bool | None = None,
    may_be_empty: bool = False,
) -> Job:
    """Take what the start model was trained on out of the validation and test sides.

    With it goes what is of the same source, speaker or content.

    Args:
        job: the split recordings.
        start: the model to start from.
        say: called with a line if there are such recordings.
        given: whether they are left out, because their side is not for us to choose; else they go
            to the training side. By default: whether the folder says the sides itself.
        may_be_empty: nothing need be left to test on.

    Raises:
        DataError: nothing would be left to test on.
    """
    from tympan.data.split import same_source

    known, keys = trained_on(start.card), [job.cache.content_key(i) for i in range(len(job.table))]
    itself = [i for i, key in enumerate(keys) if key[:KEY_DIGITS] in known]
    heard = same_source(job.table, keys, itself) if itself else set()
    sides = {side: list(rows) for side, rows in job.split.indices.items()}
    moved = [i for side in ("val", "test") for i in sides[side] if i in heard]
    if not moved:
        return job
    for side in ("val", "test"):
        sides[side] = [i for i in sides[side] if i not in heard]
    if given is None:
        given = job.table.has("split") or job.table.has("fold")
    if not given:
        sides["train"] = sorted(sides["train"] + moved)
    if not sides["test"] and job.split.indices["test"] and not may_be_empty:
        raise DataError(
            f"has only recordings on its test side that {start.card.name} was trained on",
            file=job.table.root,
            fix="--from scratch, or the --seed of that training, or more recordings",
        )
    where = "left out" if given else "used for training only"
    more = " (or on others of their source)" if set(moved) - set(itself) else ""
    note = f"{len(moved)} recordings that {start.card.name} was trained on{more} are {where}"
    say(note)
    split = replace(
        job.split,
        **{side: job.table.subset(rows) for side, rows in sides.items()},
        reason=f"{job.split.reason}; {note}",
        indices={side: tuple(rows) for side, rows in sides.items()},
    )
    return replace(job, split=split)


def draft_card(job: Job, training: TrainingConfig, out: Path, start: LoadedModel | None) -> Card:
    """The card but for what is measured; made before the training, so that nothing fails after."""
    from tympan.models import Card

    heard = [*job.split.indices["train"], *job.split.indices["val"]]
    keys = {job.cache.content_key(i)[:KEY_DIGITS] for i in heard}
    data: dict[str, Any] = {
        "folder": job.table.root.name,
        "digest": job.table.digest,
        "recordings": {side: len(rows) for side, rows in job.split.indices.items()},
        "split": job.split.reason,
        "training": asdict(training),
    }
    if start is not None:
        keys |= trained_on(start.card)
        digest = start.card.weights.get("sha256", "")
        data["started_from"] = {
            "name": start.card.name,
            "weights": digest,
            "licence": start.card.licence,
        }
    data["trained_on"] = sorted(keys) if len(keys) <= MOST_KEYS else []
    name = "".join(c if c.isprintable() and c not in "/\\" else "-" for c in out.resolve().name)
    card = Card(
        name=name.encode("utf-8", "replace").decode() or "model",
        task=job.task.name,
        description=f"Trained on {len(job.split.train)} recordings of {job.table.root.name}.",
        config=job.prepared.config.to_dict(),
        labels=list(job.prepared.labels),
        data=data,
        attribution=start.card.attribution if start is not None else "",
    )
    return Card.from_json(card.to_json())


def finish(
    job: Job,
    net: nn.Module,
    history: History,
    training: TrainingConfig,
    out: Path,
    card: Card,
    start: LoadedModel | None = None,
    folds: tuple[Sequence[Any], Split] | None = None,
) -> TrainingResult:
    """Calibrate, save, and score on the test side; `folds`: what cross-validation found."""
    from tympan.models import load_model, save_model
    from tympan.nets import count_parameters

    config = job.task.finish(net, job.batches("val", training))
    evaluation = None
    if folds is not None:
        parts, split = folds
        calibrate = not job.split.indices["val"]
        evaluation, config = job.task.finish_folds(net, parts, job.cache, calibrate=calibrate)
        job = replace(job, split=split)
    if start is not None and card.attribution:
        shutil.copy(start.path / card.attribution, out / card.attribution)
    card = replace(card, config=config.to_dict(), parameters=count_parameters(net))
    if evaluation is None:
        save_model(out, net.state_dict(), card)
        evaluation = job.task.evaluate(job.task.load(load_model(out)), job.split.test)
    save_model(out, net.state_dict(), _with_metrics(card, evaluation.metrics, job.split.reason))
    return TrainingResult(out, evaluation.metrics, job.split.reason, evaluation, job, history)


def _with_metrics(card: Card, metrics: dict[str, Any], split: str) -> Card:
    kept = (
        "accuracy",
        "macro_f1",
        "ece",
        "examples",
        "intervals",
        "per_class",
        "folds",
        "fold_std",
    )
    rows = metrics["per_class"].items()
    weak = [
        f"{name}: F1 {row['f1']:.0%}" for name, row in rows if row["support"] and row["f1"] < 0.5
    ]
    untested = [name for name, row in rows if not row["support"]]
    failures = [
        f"It always answers with one of its {len(card.labels)} labels: for any other sound the "
        "answer is wrong, and its score may be high."
    ]
    if metrics["examples"] < FEW_TESTED:
        low, high = metrics["intervals"]["accuracy"]
        failures.append(
            f"It was tested on {metrics['examples']} recordings only: its true accuracy is "
            f"somewhere between {low:.0%} and {high:.0%}."
        )
    if weak:
        failures.append(f"Weak labels on the test side: {', '.join(weak)}.")
    if untested:
        failures.append(f"Not tested, for want of recordings: {', '.join(untested)}.")
    measured = {name: metrics[name] for name in kept if name in metrics} | {"side": split}
    return replace(card, metrics=measured, known_failures=failures)
