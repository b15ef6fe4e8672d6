"""The task `segment`: what happens when?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks.contract import Model, Phase, Prepared, Recipe
from tympan.tasks.segment import recipe as recipes
from tympan.tasks.segment.config import SegmentConfig
from tympan.training.learner import Learner

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import AudioStore, Examples, Table
    from tympan.models import LoadedModel
    from tympan.tasks.results import Segments
    from tympan.tasks.segment.answer import SegmentModel
    from tympan.tasks.segment.evaluation import SegmentEvaluation
    from tympan.tasks.segment.learner import SegmentLearner

SHORTEST_CROP_S, LONGEST_CROP_S, FRAMES_OF_CROP = 1.0, 10.0, 250


class SegmentTask:
    """Labels with their times, see `tympan.tasks.contract.Task`."""

    name = "segment"
    pretrained_fields = recipes.PRETRAINED_FIELDS
    accepts = ("segment",)
    start_tasks = ("segment",)
    default_start = None

    def defaults(self) -> Mapping[str, Phase[SegmentConfig]]:
        """How it is trained unless the user says otherwise."""
        return {"": Phase(recipes.usual_training(), SegmentConfig())}

    def claims(self, table: Table) -> str:
        """Why the labels of a folder ask for this question; empty: they do not."""
        from tympan.data import guess_task

        try:
            guess = guess_task(table)
        except DataError:
            return ""
        return guess.reason if guess.task == self.name else ""

    def recipe(
        self, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
    ) -> Recipe[SegmentConfig]:
        """How to train on a folder."""
        return recipes.recipe(table, start, settings)

    def store_rate_hz(self, config: SegmentConfig) -> int:
        """Recordings are decoded at the rate of the net."""
        return config.rate_hz

    def check(self, table: Table, store: AudioStore) -> tuple[str, ...]:
        """Parts that lie outside their recordings."""
        assert store.rate_hz is not None
        late = 0
        for example in table:
            end_s = store.length(example.path) / store.rate_hz
            late += sum(part.start_s >= end_s for part in example.supervisions)
        if not late:
            return ()
        return (f"warning: {late} labelled parts begin after the end of their recording",)

    def prepare(
        self, train: Table, store: AudioStore, recipe: Recipe[SegmentConfig]
    ) -> Prepared[SegmentConfig]:
        """Number the labels; fit the length of a crop and the bands of labels.

        Raises:
            DataError: there is no label.
        """
        config = recipe.config
        vocabulary = recipes.vocabulary_of(train, config.background)
        if not vocabulary:
            raise DataError("has no labels to train on", file=train.root)
        notes: list[str] = []
        if "crop_s" not in recipe.user_set:
            # Frames of fast events are short: what a crop costs is their number.
            crop_s = FRAMES_OF_CROP * config.frame_s
            crop_s = float(np.clip(round(crop_s, 2), SHORTEST_CROP_S, LONGEST_CROP_S))
            config = replace(config, crop_s=crop_s)
            notes.append(f"the net gets {crop_s:g} s at a time")
        low, high, why = bands_of(train, vocabulary)
        config = replace(config, low_hz=low, high_hz=high)
        return Prepared(config, vocabulary, (*notes, *why))

    def examples(
        self, table: Table, store: AudioStore, prepared: Prepared[SegmentConfig]
    ) -> Examples:
        """Crops of recordings, or scenes mixed of them."""
        from tympan.tasks.segment.examples import SegmentExamples
        from tympan.tasks.segment.net import geometry_of
        from tympan.tasks.segment.scenes import SceneExamples

        config, labels = prepared.config, prepared.vocabulary
        kind = SceneExamples if config.learn_from == "scenes" else SegmentExamples
        return kind(table, store, config, labels, geometry_of(config))

    def learner(self, prepared: Prepared[SegmentConfig]) -> SegmentLearner:
        """A new net with random weights, and its loss."""
        from tympan.tasks.segment.learner import SegmentLearner
        from tympan.tasks.segment.net import Segmenter

        net = Segmenter(prepared.config, len(prepared.vocabulary))
        return SegmentLearner(net, prepared.config, prepared.vocabulary)

    def calibrate(
        self, learner: Learner, prepared: Prepared[SegmentConfig], validation: Examples
    ) -> SegmentConfig:
        """Choose the rules that make segments of probabilities, on validation recordings."""
        from tympan.tasks.segment.answer import SegmentModel
        from tympan.tasks.segment.examples import SegmentExamples
        from tympan.tasks.segment.fitting import fitted
        from tympan.tasks.segment.learner import SegmentLearner
        from tympan.tasks.segment.scenes import SceneExamples

        assert isinstance(learner, SegmentLearner)
        assert isinstance(validation, (SegmentExamples, SceneExamples))
        net = learner.net.eval()
        model = SegmentModel(net, prepared.config, prepared.vocabulary, "")
        return fitted(model, validation.table, validation.store)

    def state(self, learner: Learner) -> dict[str, Tensor]:
        """The weights of the net."""
        return dict(learner.nets["net"].state_dict())

    def load(self, model: LoadedModel, device: str = "cpu") -> SegmentModel:
        """Build the net of a loaded model, ready to answer.

        Raises:
            ModelError: card and weights do not fit.
        """
        from tympan.tasks.segment.answer import SegmentModel
        from tympan.tasks.segment.net import Segmenter

        config = SegmentConfig.from_dict(model.card.config, str(model.path))
        labels = tuple(model.card.labels)
        fix = "get or train the model again"
        for name in ("onset", "offset", "low_hz", "high_hz"):
            values = getattr(config, name)
            if values and len(values) != len(labels):
                what = f"has {len(values)} values of {name} for {len(labels)} labels"
                raise ModelError(what, file=model.path, fix=fix)
        try:
            net = Segmenter(config, len(labels))
            net.load_state_dict(dict(model.state))
            found = SegmentModel(net.eval(), config, labels, model.card.name, device)
            found.rules()
        except (ArgumentError, RuntimeError) as error:
            what = f"its weights do not fit its card: {str(error).splitlines()[-1].strip()[:160]}"
            raise ModelError(what, file=model.path, fix=fix) from error
        return found

    def evaluate(
        self,
        parts: Sequence[tuple[Model[Segments], Table]],
        store: AudioStore,
        *,
        calibrate: bool = False,
    ) -> SegmentEvaluation:
        """Score a model on a table, or the models of a cross-validation each on its fold.

        Raises:
            DataError: a table has labels that the model does not know, or no rows.
        """
        from tympan.tasks.segment.answer import SegmentModel
        from tympan.tasks.segment.scoring import evaluate

        ours = [(model, rows) for model, rows in parts if isinstance(model, SegmentModel)]
        return evaluate(ours, store)


def bands_of(
    table: Table, vocabulary: Sequence[str]
) -> tuple[tuple[float, ...], tuple[float, ...], tuple[str, ...]]:
    """The band in which each label was marked: medians of its boxes, 0 to 0 where it has none."""
    from tympan.tasks.segment.examples import labels_of

    low, high = [], []
    for label in vocabulary:
        boxes = [
            (part.low_hz, part.high_hz)
            for one in table
            for part in one.supervisions
            if label in labels_of(part) and part.low_hz is not None and part.high_hz
        ]
        edges = np.median(np.array(boxes, float), axis=0) if boxes else np.zeros(2)
        low.append(round(float(edges[0]), 1))
        high.append(round(float(edges[1]), 1))
    if not any(high):
        return (), (), ()
    why = "a segment has the band in which its label was marked (the medians of its boxes)"
    return tuple(low), tuple(high), (why,)


TASK = SegmentTask()
