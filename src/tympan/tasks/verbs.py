"""A verb: how a question is put, the same from Python, the command line and a server.

Nothing heavy is imported here: `tympan --help` loads the verb of every question.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from tympan.tasks.contract import Task


@dataclass(frozen=True)
class Option:
    """One option of a verb.

    Args:
        name: as in Python, `"every_s"`; the command line shows `--every`.
        kind: `int`, `float`, `str` or `bool`.
        default: its value unless given; None: the model decides.
        help: one sentence.
        flag: the command line's name if it is not the name without its unit.
        short: one letter, `"k"` for `-k`.
        low: smallest value allowed.
        high: largest value allowed.
        choices: the values allowed, if they are few.

    >>> Option("every_s", float, None, "Seconds from one step to the next.").flags
    ('--every',)
    """

    name: str
    kind: type
    default: Any
    help: str
    flag: str = ""
    short: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """`--every`, and `-e` where there is a short form."""
        name = self.name
        for unit in ("_s", "_hz", "_db"):
            name = name.removesuffix(unit)
        long = self.flag or f"--{name.replace('_', '-')}"
        return (long, f"-{self.short}") if self.short else (long,)


@dataclass(frozen=True)
class Verb:
    """How a question is put: its name, its options, and where its task is.

    Args:
        name: `"classify"`; the name of the task, the command, the function and the route.
        help: one sentence.
        task: `module:NAME` of the `tympan.tasks.contract.Task`, imported when it is needed.
        options: what may be given with a recording.
        default_model: name of the model that answers unless another is given.
        save_as: the file endings that an answer of it can be saved as.
        trains_on: what a folder must hold to be trained on, for the help page.

    >>> from tympan.tasks.registry import verbs
    >>> verbs()["classify"].default_model
    'sounds'
    """

    name: str
    help: str
    task: str
    options: tuple[Option, ...] = ()
    default_model: str | None = None
    save_as: tuple[str, ...] = (".json",)
    trains_on: str = ""

    def load_task(self) -> Task[Any, Any]:
        """The task itself.

        Raises:
            ArgumentError: it is not where the verb says.
        """
        module, _, name = self.task.partition(":")
        try:
            task: Task[Any, Any] = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError) as error:
            what = f"the question {self.name!r} cannot be loaded: {error}"
            raise ArgumentError(what, fix="install or repair the package that brings it") from error
        return task
