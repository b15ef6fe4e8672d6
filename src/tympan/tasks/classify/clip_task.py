"""What the questions about whole clips share: one net of clips, one or several labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from tympan.errors import DataError
from tympan.tasks.classify import recipe as recipes
from tympan.tasks.classify.config import ClassifyConfig
from tympan.tasks.contract import Prepared
from tympan.training.learner import Learner

if TYPE_CHECKING:
    from torch import Tensor

    from tympan.data import Examples, Table

Config = TypeVar("Config", bound=ClassifyConfig)


class ClipTask(Generic[Config]):
    """The parts of a `tympan.tasks.contract.Task` that do not depend on how many labels apply."""

    name: str
    pretrained_fields = recipes.PRETRAINED_FIELDS
    default_start = "sounds"
    # Labelled parts of recordings are taken as recordings.
    cuts_parts = True

    def claims(self, table: Table) -> str:
        """Why the labels of a folder ask for this question; empty: they do not."""
        from tympan.data import guess_task

        try:
            guess = guess_task(table)
        except DataError:
            return ""
        return guess.reason if guess.task == self.name else ""

    def store_rate_hz(self, config: Config) -> int:
        """Recordings are decoded at the rate of the net."""
        return config.rate_hz

    def learn_known(
        self,
        learner: Learner,
        prepared: Prepared[Config],
        train: Examples,
        validation: Examples | None,
    ) -> Config:
        """Learn what the training recordings are like, to say of others that they are not."""
        from tympan.tasks.classify.examples import ClassifyExamples
        from tympan.tasks.classify.familiarity import learn_known
        from tympan.tasks.classify.learner import ClassifyLearner

        assert isinstance(learner, ClassifyLearner)
        assert isinstance(train, ClassifyExamples)
        assert validation is None or isinstance(validation, ClassifyExamples)
        learner.known, config = learn_known(learner, prepared.config, train, validation)
        return config

    def state(self, learner: Learner) -> dict[str, Tensor]:
        """The weights of the net, and what it knows of its training recordings."""
        from tympan.tasks.classify.learner import ClassifyLearner

        assert isinstance(learner, ClassifyLearner)
        state: dict[str, Tensor] = learner.nets["net"].state_dict()
        return state if learner.known is None else {**state, **learner.known.state()}
