"""`train` with its report: the same work as in `tympan.tasks`, and the page about it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tympan.tasks.contract import Log
from tympan.tasks.cross import FITS
from tympan.tasks.training import TrainingResult

if TYPE_CHECKING:
    from tympan.audio import Clip
    from tympan.data import Table
    from tympan.report.parts import Part
    from tympan.training import History

LONGEST_S = 10
# Lines that tell how far the work is; whoever reads the page later wants the choices.
_PASSING = ("decoding, once", "fitting the head", "starting from")
_PURPOSE = {"train": "to train on", "val": "to choose the best epoch", "test": "to score"}

_FOLDED = "of these scored by the models of the folds"


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
    """Train a model on a folder of recordings, and write `report.html` beside it.

    The arguments, the result and the errors are those of `tympan.tasks.train`: *folder* in
    AudioFolder layout, *task* guessed by default, *from_* the shipped model by default or
    `"scratch"`, *out* the model's folder, *folds* for cross-validation, *augment* a preset or file,
    *clean* to take the noise away before.

    Returns:
        Where the model is, and its scores on recordings that it was not trained on.
    """
    from tympan.tasks import train as train_model

    result = train_model(
        folder,
        task=task,
        from_=from_,
        out=out,
        epochs=epochs,
        seed=seed,
        folds=folds,
        augment=augment,
        metadata=metadata,
        file_column=file_column,
        label_column=label_column,
        settings=settings,
        threads=threads,
        clean=clean,
        resume=resume,
        progress=progress,
        say=say,
    )
    write_training_report(result, result.log)
    from tympan.training import checkpoint

    for place in FITS:
        for path in sorted(result.folder.glob(f"{place}{checkpoint.CHECKPOINT}")):
            checkpoint.drop_resume_state(path.parent)
    return result


def write_training_report(result: TrainingResult, notes: Sequence[str]) -> None:
    """Write the page about a finished training into its folder."""
    from tympan.report.training import training_report

    training_report(
        result.folder,
        title=result.folder.resolve().name,
        evaluation=result.evaluation,
        history=result.history.epochs,
        facts=_facts(result),
        notes=[line for line in notes if not line.startswith(_PASSING)],
        recording=_recordings(result),
        more=_augmented(result),
    )


def _augmented(result: TrainingResult) -> list[Part]:
    """What the augmentation does, where it was used."""
    from tympan.report.training_augmented import augmented_part

    if not result.history.epochs:
        return []  # a head was fitted to the recordings as they are
    part = augmented_part(result.job)
    return [] if part is None else [part]


def _facts(result: TrainingResult) -> dict[str, str]:
    job, history = result.job, result.history
    sets = {part: len(rows) for part, rows in job.split.indices.items()}
    seconds = sum(row["seconds"] for row in history.epochs)
    found: dict[str, str] = {}
    headline = result.evaluation.scores[0]
    if headline.folds:
        found["cross-validation"] = job.split.reason
        each = ", ".join(replace(headline, value=one).text for one in headline.folds)
        found[f"{headline.title} of each fold"] = each
    found["recordings"] = ", ".join(
        f"{n} {_FOLDED if headline.folds and part == 'test' else _PURPOSE[part]}"
        for part, n in sets.items()
        if n
    )
    if job.prepared.vocabulary:
        found["labels"] = str(len(job.prepared.vocabulary))
    found["epochs"] = _epochs(history)
    if history.epochs:
        found["training time"] = f"{seconds:.0f} s"
    config = job.prepared.config.to_dict()
    if "encoder" in config:
        found["encoder"] = str(config["encoder"])
    if "rate_hz" in config:
        found["sampling rate"] = f"{config['rate_hz']:,} Hz"
    return found


def _epochs(history: History) -> str:
    count = len(history.epochs)
    if not count:
        return "none: only the head was fitted"
    if history.kept_start:
        return f"{count}, but what was there before them was best and is what is kept"
    return f"{count}, the weights of epoch {history.best_epoch or count} are kept"


def _recordings(result: TrainingResult) -> Callable[[str], Clip | None]:
    """What gives the beginning of a recording that was scored, by its name."""
    job = result.job
    rows = {job.table.relative(example.path): example for example in job.split.test}

    def recording(name: str) -> Clip | None:
        from tympan.audio import Clip

        rate_hz = job.store.rate_hz
        if name not in rows or rate_hz is None:
            return None
        wave = job.store.mono(rows[name].path, 0, LONGEST_S * rate_hz)
        return Clip(wave[None], rate_hz, name=name)

    return recording
