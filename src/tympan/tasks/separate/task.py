"""The task `separate`: which sources does a mix consist of?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError, DataError, ModelError
from tympan.tasks.contract import Evaluation, Model, Phase, Prepared, Recipe
from tympan.tasks.separate import recipe as recipes
from tympan.tasks.separate.config import SeparateConfig

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import AudioStore, Table
    from tympan.data import Examples as AnyExamples
    from tympan.models import LoadedModel
    from tympan.tasks.results import Separation
    from tympan.tasks.separate.examples import SeparateExamples
    from tympan.tasks.separate.learner import SeparateLearner
    from tympan.tasks.separate.model import SeparateModel
    from tympan.training.learner import Learner


class SeparateTask:
    """One clip per source, see `tympan.tasks.contract.Task`."""

    name = "separate"
    pretrained_fields = recipes.PRETRAINED_FIELDS
    accepts = ("separate",)
    start_tasks = ("separate",)
    default_start = "voice"

    def defaults(self) -> Mapping[str, Phase[SeparateConfig]]:
        """How it is trained unless the user says otherwise."""
        return {
            "": Phase(recipes.TUNED, SeparateConfig()),
            "from scratch": Phase(recipes.USUAL, SeparateConfig()),
        }

    def start_for(self, table: Table) -> str | None:
        """`voice` where a voice is to be taken from something else; else random weights."""
        names = recipes.sources_of(recipes.with_voice(table))
        return "voice" if "voice" in names else None

    def claims(self, table: Table) -> str:
        """Why the columns of a folder ask for this question; empty: they do not."""
        from tympan.data import possible_task

        guess = possible_task(table)
        return guess.reason if guess is not None and guess.task == self.name else ""

    def rows_of(self, table: Table) -> Table:
        """The rows with the voice called `voice`."""
        return recipes.with_voice(table)

    def recipe(
        self, table: Table, start: LoadedModel | None, settings: Mapping[str, Any]
    ) -> Recipe[SeparateConfig]:
        """How to train on a folder."""
        return recipes.recipe(recipes.with_voice(table), start, settings)

    def store_rate_hz(self, config: SeparateConfig) -> int:
        """Recordings are decoded at the rate of the net."""
        return config.rate_hz

    def check(self, table: Table, store: AudioStore) -> tuple[str, ...]:
        """Sources that are shorter or longer than their mixture."""
        if not recipes.has_stems(table):
            return ()
        odd = 0
        for one in table:
            lengths = [store.length(path) for role, path in one.files.items() if role != "midi"]
            odd += max(lengths) - min(lengths) > (store.rate_hz or 1) // 20
        if not odd:
            return ()
        return (f"warning: {odd} mixtures have sources of another length: are they aligned?",)

    def prepare(
        self, train: Table, store: AudioStore, recipe: Recipe[SeparateConfig]
    ) -> Prepared[SeparateConfig]:
        """Name the sources: those of the start model, else all of the folder.

        Raises:
            DataError: there are none, or a source of the start model is missing.
        """
        names = recipes.sources_of(train)
        start = getattr(recipe.initialize, "start", None)
        if start is not None:
            labels = tuple(start.card.labels)
            missing = [one for one in labels if one not in names]
            if missing and not recipe.config.permute:
                what = f"has no {missing[0]!r}, a source of {start.card.name}"
                fix = "name it so, or --from scratch"
                raise DataError(what, file=train.root, fix=fix)
            return Prepared(recipe.config, labels)
        if recipe.config.permute and recipe.config.learn_from == "isolated":
            return Prepared(recipe.config, ("voice 1", "voice 2"))
        if not names:
            raise DataError("has no sources to train on", file=train.root)
        return Prepared(recipe.config, names, (f"sources: {', '.join(names)}",))

    def examples(
        self, table: Table, store: AudioStore, prepared: Prepared[SeparateConfig]
    ) -> SeparateExamples:
        """Mixes and their sources."""
        from tympan.tasks.separate.examples import SeparateExamples

        return SeparateExamples(table, store, prepared.config, prepared.vocabulary)

    def learner(self, prepared: Prepared[SeparateConfig]) -> SeparateLearner:
        """A new net with random weights, and its loss."""
        from tympan.tasks.separate.learner import SeparateLearner
        from tympan.tasks.separate.separators import build_net

        net = build_net(prepared.config, prepared.vocabulary)
        return SeparateLearner(net, prepared.config, prepared.vocabulary)

    def calibrate(
        self, learner: Learner, prepared: Prepared[SeparateConfig], validation: AnyExamples
    ) -> SeparateConfig:
        """Nothing is left to calibrate."""
        return prepared.config

    def state(self, learner: Learner) -> dict[str, Tensor]:
        """The weights of the net."""
        from tympan.tasks.separate.learner import SeparateLearner

        assert isinstance(learner, SeparateLearner)
        return dict(learner.net.state_dict())

    def load(self, model: LoadedModel, device: str = "cpu") -> SeparateModel:
        """Build the net of a loaded model, ready to answer.

        Raises:
            ModelError: card and weights do not fit.
        """
        from tympan.tasks.separate.model import SeparateModel
        from tympan.tasks.separate.separators import build_net, stitcher_of

        config = SeparateConfig.from_dict(model.card.config, str(model.path))
        labels = tuple(model.card.labels)
        try:
            net = build_net(config, labels)
            net.load_state_dict({k: v.float() for k, v in model.state.items()})
        except (ArgumentError, RuntimeError) as error:
            what = f"its weights do not fit its card: {str(error).splitlines()[-1].strip()[:160]}"
            raise ModelError(what, file=model.path, fix="get or train the model again") from error
        stitcher = stitcher_of(config)
        return SeparateModel(net, config, labels, model.card.name, device, stitcher=stitcher)

    def evaluate(
        self,
        parts: Sequence[tuple[Model[Separation], Table]],
        store: AudioStore,
        *,
        calibrate: bool = False,
    ) -> Evaluation:
        """SI-SDR, its improvement, and SDR of a table's sources.

        Raises:
            DataError: no rows, or a source that the model does not know.
        """
        from tympan.tasks.separate.evaluation import evaluate
        from tympan.tasks.separate.model import SeparateModel

        ours = [(one, rows) for one, rows in parts if isinstance(one, SeparateModel)]
        return evaluate(ours, store)


TASK = SeparateTask()
