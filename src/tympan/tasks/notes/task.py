"""The task `notes`: which notes were played?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError, ModelError
from tympan.tasks.contract import VAL_FRACTION, Log, Model, Phase, Prepared, Recipe
from tympan.tasks.notes.config import NotesConfig
from tympan.tasks.recipes import configured
from tympan.training.learner import Learner

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import AudioStore, Examples, Table
    from tympan.models import LoadedModel
    from tympan.tasks.notes.answer import NotesModel
    from tympan.tasks.notes.evaluation import NotesEvaluation
    from tympan.tasks.notes.learner import NoteLearner
    from tympan.tasks.results import Notes
    from tympan.training import TrainingConfig

# What pretrained weights need as it was.
PRETRAINED_FIELDS = (
    "rate_hz", "hop", "n_fft_long", "n_fft_short", "lowest", "highest", "width",
    "dilations",
)  # fmt: skip
BATCH = 8
STEPS, MOST_EPOCHS, LEAST_EPOCHS = 1500, 200, 4


class NotesTask:
    """Notes with their times, see `tympan.tasks.contract.Task`."""

    name = "notes"
    pretrained_fields = PRETRAINED_FIELDS
    accepts = ("notes",)
    start_tasks = ("notes",)
    default_start = "notes"

    def defaults(self) -> Mapping[str, Phase[NotesConfig]]:
        """How it is trained unless the user says otherwise."""
        return {
            "from `notes`": Phase(replace(usual_training(), lr=5e-4), NotesConfig()),
            "from scratch": Phase(usual_training(), NotesConfig()),
        }

    def claims(self, table: Table) -> str:
        """Why a folder asks for this question; empty: it does not."""
        scored = sum("midi" in one.files and "audio" in one.files for one in table)
        if scored == 0 or scored < len(table) / 2:
            return ""
        return f"{scored} of {len(table)} recordings have a score (.mid)"

    def recipe(
        self, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
    ) -> Recipe[NotesConfig]:
        """How to train on a folder."""
        config, usual, reasons = NotesConfig(), usual_training(), []
        if start is not None:
            other = NotesConfig.from_dict(start.card.config, str(start.path))
            config = replace(config, **{n: getattr(other, n) for n in PRETRAINED_FIELDS})
            usual = replace(usual, lr=5e-4)
            reasons.append(f"from the weights of {start.card.name}, at a lower rate")
        settings = dict(settings)
        if settings.pop("augment", None) is not None:
            what = "notes has its own augmentation: what moves or blurs sounds would move notes"
            raise ArgumentError(what, fix="--set gain_db=… tilt_db=… noise_db=… change it")
        rows = max(1.0, len(table) * 0.8)
        epochs = int(np.clip(round(STEPS * BATCH / rows), LEAST_EPOCHS, MOST_EPOCHS))
        config, training, user_set = configured(config, replace(usual, epochs=epochs), settings)
        return Recipe(
            phases=(Phase(training, config),),
            reasons=tuple(reasons),
            user_set=user_set,
            val_fraction=VAL_FRACTION,
            initialize=None if start is None else Initialize(start),
        )

    def store_rate_hz(self, config: NotesConfig) -> int:
        """Recordings are decoded at the rate of the net."""
        return config.rate_hz

    def rows_of(self, table: Table) -> Table:
        """The recordings whose scores can be read, before anything is decoded.

        Raises:
            DataError: there are no recordings, one has no score, or no score can be read.
        """
        from tympan.tasks.notes.truth import readable

        return readable(table)

    def check(self, table: Table, store: AudioStore) -> tuple[str, ...]:
        """What was left out."""
        return tuple(one for one in table.warnings if one.startswith("left out: "))

    def prepare(
        self, train: Table, store: AudioStore, recipe: Recipe[NotesConfig]
    ) -> Prepared[NotesConfig]:
        """Nothing but the configuration."""
        return Prepared(recipe.config)

    def examples(
        self, table: Table, store: AudioStore, prepared: Prepared[NotesConfig]
    ) -> Examples:
        """Crops of recordings with their notes."""
        from tympan.tasks.notes.examples import NoteExamples
        from tympan.tasks.notes.net import around_of

        return NoteExamples(table, store, prepared.config, around_of(prepared.config))

    def learner(self, prepared: Prepared[NotesConfig]) -> NoteLearner:
        """A new net with random weights, and its loss."""
        from tympan.tasks.notes.learner import NoteLearner
        from tympan.tasks.notes.net import NoteNet

        return NoteLearner(NoteNet(prepared.config), prepared.config)

    def calibrate(
        self, learner: Learner, prepared: Prepared[NotesConfig], validation: Examples
    ) -> NotesConfig:
        """Choose the rules that make notes of scores, on validation recordings."""
        from tympan.tasks.notes.answer import NotesModel
        from tympan.tasks.notes.examples import NoteExamples
        from tympan.tasks.notes.fitting import fitted
        from tympan.tasks.notes.learner import NoteLearner

        assert isinstance(learner, NoteLearner)
        assert isinstance(validation, NoteExamples)
        model = NotesModel(learner.net.eval(), prepared.config, "")
        return fitted(model, validation.table, validation.store)

    def state(self, learner: Learner) -> dict[str, Tensor]:
        """The weights of the net."""
        return dict(learner.nets["net"].state_dict())

    def load(self, model: LoadedModel, device: str = "cpu") -> NotesModel:
        """Build the net of a loaded model, ready to answer.

        Raises:
            ModelError: card and weights do not fit.
        """
        from tympan.tasks.notes.answer import NotesModel
        from tympan.tasks.notes.net import NoteNet

        config = NotesConfig.from_dict(model.card.config, str(model.path))
        try:
            net = NoteNet(config)
            net.load_state_dict(dict(model.state))
        except (ArgumentError, RuntimeError) as error:
            what = f"its weights do not fit its card: {str(error).splitlines()[-1].strip()[:160]}"
            fix = "get or train the model again"
            raise ModelError(what, file=model.path, fix=fix) from error
        return NotesModel(net.eval(), config, model.card.name, device)

    def evaluate(
        self,
        parts: Sequence[tuple[Model[Notes], Table]],
        store: AudioStore,
        *,
        calibrate: bool = False,
    ) -> NotesEvaluation:
        """Score a model on a table, or the models of a cross-validation each on its fold.

        Raises:
            DataError: a table has no rows, or a row without a score.
        """
        from tympan.tasks.notes.answer import NotesModel
        from tympan.tasks.notes.scoring import evaluate

        ours = [(model, rows) for model, rows in parts if isinstance(model, NotesModel)]
        return evaluate(ours, store)


def usual_training() -> TrainingConfig:
    """How long and how fast, before it is known how many recordings there are."""
    from tympan.training import TrainingConfig

    return TrainingConfig(
        epochs=40, batch_size=BATCH, lr=3e-3, weight_decay=0.02, warmup_epochs=1.0, ema_decay=0.995
    )


class Initialize:
    """Copy the weights of a model.

    Args:
        model: what to start from.
    """

    def __init__(self, model: LoadedModel) -> None:
        self.model = model

    def __call__(self, learner: Learner, examples: Examples, log: Log) -> None:
        """Initialise the net of `learner`."""
        from tympan.tasks.notes.learner import NoteLearner

        assert isinstance(learner, NoteLearner)
        learner.net.load_state_dict(dict(self.model.state))
        log(f"took over the weights of {self.model.card.name}")


TASK = NotesTask()
