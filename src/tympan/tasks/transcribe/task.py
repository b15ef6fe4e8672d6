"""The task behind the verb, as far as it can be trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from tympan.data import Table


class TranscribeTask:
    """Answers by engines; it is not trained yet."""

    name = "transcribe"
    pretrained_fields = ()
    accepts = ("transcribe",)
    start_tasks = ()
    default_start = None

    def defaults(self) -> Mapping[str, Any]:
        """None."""
        return {}

    def claims(self, table: Table) -> str:
        """Nothing: what is written beside recordings is a voice's to learn."""
        return ""

    def recipe(self, table: Table, start: Any, settings: Mapping[str, Any]) -> NoReturn:
        """Refuse.

        Raises:
            ArgumentError: always.
        """
        what = "a recogniser cannot be trained yet"
        raise ArgumentError(
            what, fix="for a voice give --task speak; `tympan models` lists engines"
        )


TASK = TranscribeTask()
