"""The task `tag`: which labels apply? Several for each recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks.classify import recipe as recipes
from tympan.tasks.classify.clip_task import ClipTask
from tympan.tasks.classify.recordings import silent_recordings
from tympan.tasks.classify.task import clip_length
from tympan.tasks.contract import Model, Phase, Prepared, Recipe
from tympan.tasks.tag.config import TagConfig
from tympan.training.learner import Learner

if TYPE_CHECKING:
    from tympan.data import AudioStore, Examples, Table
    from tympan.models import LoadedModel
    from tympan.tasks.identify.heads import VoiceTagModel
    from tympan.tasks.results import Tags
    from tympan.tasks.tag.answer import TagModel
    from tympan.tasks.tag.evaluation import TagEvaluation
    from tympan.tasks.tag.learner import TagExamples, TagLearner


class TagTask(ClipTask[TagConfig]):
    """Several labels for each recording, see `tympan.tasks.contract.Task`."""

    name = "tag"
    accepts = ("tag",)
    start_tasks = ("tag", "classify")

    def defaults(self) -> Mapping[str, Phase[TagConfig]]:
        """How it is trained unless the user says otherwise."""
        return recipes.defaults(TagConfig())

    def recipe(
        self, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
    ) -> Recipe[TagConfig]:
        """How to train on a folder."""
        check_tags(table)
        return recipes.recipe(table, start, settings, TagConfig(), names=table.tags)

    def check(self, table: Table, store: AudioStore) -> tuple[str, ...]:
        """Silent recordings; labels that are hardly there."""
        check_tags(table)
        return silent_recordings(table, store)

    def prepare(
        self, train: Table, store: AudioStore, recipe: Recipe[TagConfig]
    ) -> Prepared[TagConfig]:
        """Number the labels, and fit the clip length to the training set."""
        check_tags(train)
        config, notes = clip_length(train, store, recipe)
        return Prepared(config, tuple(train.tags), notes)

    def examples(
        self, table: Table, store: AudioStore, prepared: Prepared[TagConfig]
    ) -> TagExamples:
        """Waves, and which labels apply."""
        from tympan.tasks.tag.learner import TagExamples

        return TagExamples(table, store, prepared.config, prepared.vocabulary)

    def learner(self, prepared: Prepared[TagConfig]) -> TagLearner:
        """A new net with random weights, and its loss."""
        from tympan.tasks.tag.learner import Tagger, TagLearner

        net = Tagger(prepared.config, len(prepared.vocabulary))
        return TagLearner(net, prepared.config, prepared.vocabulary)

    def calibrate(
        self, learner: Learner, prepared: Prepared[TagConfig], validation: Examples
    ) -> TagConfig:
        """Choose the threshold of each label on validation recordings."""
        from tympan.tasks.tag.learner import TagLearner
        from tympan.tasks.tag.scoring import validated_thresholds

        assert isinstance(learner, TagLearner)
        return replace(prepared.config, thresholds=validated_thresholds(learner, validation))

    def load(self, model: LoadedModel, device: str = "cpu") -> TagModel | VoiceTagModel:
        """Build the net of a loaded model, ready to answer; or a head on a model of voices.

        Raises:
            ModelError: card and weights do not fit.
        """
        from tympan.tasks.familiarity import parted
        from tympan.tasks.tag.answer import TagModel
        from tympan.tasks.tag.learner import Tagger

        if "voices" in model.card.config:
            from tympan.tasks.identify.heads import load_head

            return load_head(model, device)
        config = TagConfig.from_dict(model.card.config, str(model.path))
        labels = tuple(model.card.labels)
        if config.thresholds and len(config.thresholds) != len(labels):
            what = f"has {len(config.thresholds)} thresholds for {len(labels)} labels"
            raise ModelError(what, file=model.path, fix="get or train the model again")
        try:
            net = Tagger(config, len(labels))
            distances, widths = config.held_out_distances, net.encoder.config.widths
            state, known = parted(model.state, len(labels), widths, distances, model.path)
            net.load_state_dict(state)
        except (ArgumentError, RuntimeError) as error:
            what = f"its weights do not fit its card: {str(error).splitlines()[-1].strip()[:160]}"
            raise ModelError(what, file=model.path, fix="get or train the model again") from error
        return TagModel(net.eval(), config, labels, model.card.name, device, known)

    def evaluate(
        self,
        parts: Sequence[tuple[Model[Tags], Table]],
        store: AudioStore,
        *,
        calibrate: bool = False,
    ) -> TagEvaluation:
        """Score a model on a table, or the models of a cross-validation each on its fold.

        Raises:
            DataError: a table has a label that the model does not know, or no rows.
        """
        from tympan.tasks.tag.answer import TagModel
        from tympan.tasks.tag.scoring import evaluate

        ours = [(model, rows) for model, rows in parts if isinstance(model, TagModel)]
        return evaluate(ours, store, calibrate=calibrate)


def check_tags(table: Table) -> None:
    """Two labels or more among the recordings.

    Raises:
        DataError: there are fewer.
    """
    if len(table.tags) < 2:
        what = f"has only the label {table.tags[0]!r}" if table.tags else "has no labels"
        fix = "write several labels of a recording as a;b in a column label"
        raise DataError(f"{what}, tag needs two", file=table.place, fix=fix)


TASK = TagTask()
