"""`train` with its report: the same work as in `tympan.tasks`, and the page about it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tympan.report.page import percent
from tympan.tasks.contract import Log as Report
from tympan.tasks.cross import FOLDER
from tympan.tasks.phases import FOLDER as PHASES
from tympan.tasks.training import TrainingResult

if TYPE_CHECKING:
    from tympan.report.training import Mistake

MOST_MISTAKES = 12
# Lines that tell how far the work is; whoever reads the page later wants the choices.
_PASSING = ("decoding, once", "fitting the head", "starting from")
_PURPOSE = {"train": "to learn from", "val": "to choose the best epoch", "test": "to score"}

_FOLDED = "of these scored by the models of the folds"


def train(
    folder: str | os.PathLike[str],
    *,
    task: str | None = None,
    from_: str | None = None,
    out: str | os.PathLike[str] | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    folds: int | None = None,
    settings: Mapping[str, Any] | None = None,
    resume: bool = True,
    progress: bool = True,
    say: Report = lambda line: None,
) -> TrainingResult:
    """Train a model on a folder of recordings, and write `report.html` beside it.

    The arguments, the result and the errors are those of `tympan.tasks.train`: *folder* in
    AudioFolder layout, *task* guessed by default, *from_* the shipped model by default or
    `"scratch"`, *out* the model's folder, *folds* for cross-validation.

    Returns:
        Where the model is, and its metrics on recordings that it never heard.
    """
    from tympan.tasks import train as train_model
    from tympan.training import checkpoint

    said: list[str] = []

    def note(line: str) -> None:
        said.append(line)
        say(line)

    result = train_model(
        folder,
        task=task,
        from_=from_,
        out=out,
        epochs=epochs,
        seed=seed,
        folds=folds,
        settings=settings,
        resume=resume,
        progress=progress,
        say=note,
    )
    write_training_report(result, said)
    for place in ("", f"{PHASES}/*/", f"{FOLDER}/*/", f"{FOLDER}/*/{PHASES}/*/"):
        for path in sorted(result.folder.glob(f"{place}{checkpoint.CHECKPOINT}")):
            checkpoint.drop_resume_state(path.parent)
    return result


def write_training_report(result: TrainingResult, notes: list[str]) -> None:
    """Write the page about a finished training into its folder."""
    from tympan.report.training import training_report

    evaluation: Any = result.evaluation
    training_report(
        result.folder,
        title=result.folder.resolve().name,
        labels=evaluation.labels,
        confusion=evaluation.confusion,
        metrics={one.title: (one.value, *(one.interval or ())) for one in evaluation.scores},
        history=result.history.epochs,
        confidence=evaluation.probabilities.max(1),
        correct=evaluation.predictions == evaluation.truth,
        mistakes=_mistakes(result),
        facts=_facts(result),
        notes=[line for line in notes if not line.startswith(_PASSING)],
        folds=result.cross_validated,
    )


def _facts(result: TrainingResult) -> dict[str, str]:
    job, history = result.job, result.history
    sides = {side: len(rows) for side, rows in job.split.indices.items()}
    seconds = sum(row["seconds"] for row in history.epochs)
    each = ", ".join(percent(one, 1) for one in evaluation_folds(result))
    folds = {"cross-validation": job.split.reason, "accuracy of each fold": each} if each else {}
    return folds | {
        "recordings": ", ".join(
            f"{n} {_FOLDED if each and side == 'test' else _PURPOSE[side]}"
            for side, n in sides.items()
            if n
        ),
        "labels": str(len(job.prepared.vocabulary)),
        "epochs": _epochs(history),
        **({"training time": f"{seconds:.0f} s"} if history.epochs else {}),
        "encoder": f"{job.prepared.config.encoder} at {job.prepared.config.rate_hz} Hz",
    }


def evaluation_folds(result: TrainingResult) -> tuple[float, ...]:
    """The headline score of each fold."""
    return result.evaluation.scores[0].folds


def _epochs(history: Any) -> str:
    count = len(history.epochs)
    if not count:
        return "none: only the head was fitted"
    if history.kept_start:
        return f"{count}, but none was better than the fitted head alone, which is kept"
    return f"{count}, the weights of epoch {history.best_epoch or count} are kept"


def _mistakes(result: TrainingResult) -> list[Mistake]:
    """The most confident wrong answers, with what the model heard."""
    from tympan.audio import Clip
    from tympan.report.training import Mistake
    from tympan.tasks.classify.evaluation import ClassifyEvaluation

    job, evaluation = result.job, result.evaluation
    assert isinstance(evaluation, ClassifyEvaluation)
    rows, rate_hz = job.split.test, job.store.rate_hz
    assert rate_hz is not None
    guess = evaluation.predictions
    longest = 10 * rate_hz
    return [
        Mistake(
            Clip(job.store.mono(rows[i].path, 0, longest)[None], rate_hz, name=evaluation.files[i]),
            evaluation.labels[evaluation.truth[i]],
            evaluation.labels[guess[i]],
            float(evaluation.probabilities[i].max()),
        )
        for i in evaluation.mistakes(MOST_MISTAKES)
    ]
