"""A question that has no training of its own: it takes the models of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from tympan.data import Table


class UntrainedTask:
    """The half of `tympan.tasks.contract.Task` that trains, refused.

    A subclass has `name`, `load`, and says in `accepts` the models of which tasks it takes, and in
    `instead` what to train.
    """

    name = ""
    accepts: tuple[str, ...] = ()
    instead = ""
    pretrained_fields: tuple[str, ...] = ()
    start_tasks: tuple[str, ...] = ()
    default_start: str | None = None

    def defaults(self) -> Mapping[str, Any]:
        """There is nothing to set."""
        return {}

    def claims(self, table: Table) -> str:
        """No folder asks for it."""
        return ""

    def recipe(self, *_: Any) -> NoReturn:
        """It is not trained.

        Raises:
            ArgumentError: always.
        """
        raise ArgumentError(f"{self.name} is not trained", fix=self.instead)

    store_rate_hz = check = prepare = examples = learner = calibrate = state = recipe

    def evaluate(self, *_: Any, **__: Any) -> NoReturn:
        """It has no right answers.

        Raises:
            ArgumentError: always.
        """
        raise ArgumentError(f"{self.name} has nothing to be scored against", fix=self.instead)
