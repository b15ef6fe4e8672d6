"""The task `classify`: what sound is it? One label for each recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from tympan.errors import ArgumentError
from tympan.tasks.classify import recipe as recipes
from tympan.tasks.classify.clip_task import ClipTask
from tympan.tasks.classify.config import ClassifyConfig
from tympan.tasks.classify.recordings import (
    check_contradictions,
    check_labels,
    silent_recordings,
)
from tympan.tasks.contract import Model, Phase, Prepared, Recipe
from tympan.tasks.recipes import scarce_labels
from tympan.training.learner import Learner

if TYPE_CHECKING:
    from tympan.data import AudioStore, Examples, Table
    from tympan.models import LoadedModel
    from tympan.tasks.classify.answer import ClassifyModel
    from tympan.tasks.classify.evaluation import ClassifyEvaluation
    from tympan.tasks.classify.examples import ClassifyExamples
    from tympan.tasks.classify.learner import ClassifyLearner
    from tympan.tasks.results import Classification

SHORTEST_CLIP_S, LONGEST_CLIP_S = 0.5, 5.0
Config = TypeVar("Config", bound=ClassifyConfig)


class ClassifyTask(ClipTask[ClassifyConfig]):
    """One label for each recording, see `tympan.tasks.contract.Task`."""

    name = "classify"
    accepts = ("classify",)
    start_tasks = ("classify", "tag")

    def defaults(self) -> Mapping[str, Phase[ClassifyConfig]]:
        """How it is trained unless the user says otherwise."""
        return recipes.defaults(ClassifyConfig())

    def recipe(
        self, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
    ) -> Recipe[ClassifyConfig]:
        """How to train on a folder."""
        check_labels(table)
        return recipes.recipe(table, start, settings, ClassifyConfig(), table.labels)

    def check(self, table: Table, store: AudioStore) -> tuple[str, ...]:
        """Silent recordings, contradictions and scarce labels.

        Raises:
            DataError: a recording without a label, fewer than two labels, or two labels for the
                same sound.
        """
        check_labels(table)
        check_contradictions(table, store.keys(table))
        notes = (*silent_recordings(table, store), scarce_labels(table))
        return tuple(note for note in notes if note)

    def prepare(
        self, train: Table, store: AudioStore, recipe: Recipe[ClassifyConfig]
    ) -> Prepared[ClassifyConfig]:
        """Number the labels, and fit the clip length to the training set.

        Raises:
            DataError: fewer than two labels.
        """
        check_labels(train)
        config, notes = clip_length(train, store, recipe)
        return Prepared(config, tuple(train.labels), notes)

    def examples(
        self, table: Table, store: AudioStore, prepared: Prepared[ClassifyConfig]
    ) -> ClassifyExamples:
        """Waves and numbers of labels."""
        from tympan.tasks.classify.examples import ClassifyExamples

        return ClassifyExamples(table, store, prepared.config, prepared.vocabulary)

    def learner(self, prepared: Prepared[ClassifyConfig]) -> ClassifyLearner:
        """A new net with random weights, and its loss."""
        from tympan.tasks.classify.learner import ClassifyLearner
        from tympan.tasks.classify.net import Classifier

        net = Classifier(prepared.config, len(prepared.vocabulary))
        return ClassifyLearner(net, prepared.config, prepared.vocabulary)

    def calibrate(
        self, learner: Learner, prepared: Prepared[ClassifyConfig], validation: Examples
    ) -> ClassifyConfig:
        """Fit the temperature to validation recordings, so that scores mean what they say.

        Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017.
        """
        from tympan.tasks.classify.learner import ClassifyLearner
        from tympan.tasks.classify.scoring import validated_temperature

        assert isinstance(learner, ClassifyLearner)
        return replace(prepared.config, temperature=validated_temperature(learner, validation))

    def load(self, model: LoadedModel, device: str = "cpu") -> ClassifyModel:
        """Build the net of a loaded model, ready to answer.

        Raises:
            ModelError: card and weights do not fit.
        """
        from tympan.errors import ModelError
        from tympan.tasks.classify.answer import ClassifyModel
        from tympan.tasks.classify.ensemble import Ensemble, configs_of, nets_of
        from tympan.tasks.classify.net import Classifier
        from tympan.tasks.familiarity import parted

        configs = configs_of(model.card.config, str(model.path))
        labels = tuple(model.card.labels)
        try:
            several = len(configs) > 1
            net = Ensemble(configs, len(labels)) if several else Classifier(configs[0], len(labels))
        except ArgumentError as error:
            what = f"its configuration cannot be built: {error.what}"
            raise ModelError(what, file=model.path) from error
        distances = configs[0].held_out_distances
        widths = nets_of(net)[0].encoder.config.widths
        state, known = parted(model.state, len(labels), widths, distances, model.path)
        try:
            net.load_state_dict(state)
        except RuntimeError as error:
            what = f"its weights do not fit its card: {str(error).splitlines()[-1].strip()[:160]}"
            raise ModelError(what, file=model.path, fix="get or train the model again") from error
        return ClassifyModel(net.eval().to(device), labels, model.card.name, known=known)

    def evaluate(
        self,
        parts: Sequence[tuple[Model[Classification], Table]],
        store: AudioStore,
        *,
        calibrate: bool = False,
    ) -> ClassifyEvaluation:
        """Score a model on a table, or the models of a cross-validation each on its fold.

        Raises:
            DataError: a table has a label that the model does not know, or no rows.
        """
        from tympan.tasks.classify.answer import ClassifyModel
        from tympan.tasks.classify.scoring import evaluate

        ours = [(model, rows) for model, rows in parts if isinstance(model, ClassifyModel)]
        return evaluate(ours, store, calibrate=calibrate)


def clip_length(
    train: Table, store: AudioStore, recipe: Recipe[Config]
) -> tuple[Config, tuple[str, ...]]:
    """Fit the length of a clip to training recordings, unless the user set it; and say so."""
    if "clip_s" in recipe.user_set:
        return recipe.config, ()
    lengths = store.lengths(train.paths)
    longest_s = float(np.percentile(lengths, 90)) / recipe.config.rate_hz
    clip_s = min(LONGEST_CLIP_S, max(SHORTEST_CLIP_S, float(np.ceil(longest_s * 10)) / 10))
    why = (
        f"the net gets {clip_s:g} s at a time (nine of ten recordings last {longest_s:.1f} s or "
        "less)"
    )
    return replace(recipe.config, clip_s=clip_s), (why,)


TASK = ClassifyTask()
