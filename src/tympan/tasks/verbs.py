"""A verb: how a question is put, the same from Python, the command line and a server.

Nothing heavy is imported here: `tympan --help` loads the verb of every question.
"""

from __future__ import annotations

import difflib
import importlib
import numbers
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError

if TYPE_CHECKING:
    from pathlib import Path

    from tympan.tasks.commands import Command
    from tympan.tasks.contract import Task

# What every verb takes on the command line, so that no option of one may be called so.
SHARED_FLAGS = (
    *("--model", "-m", "--json", "--out", "-o", "--format", "--quiet", "-q"),
    *("--device", "--partial", "--clean", "--no-clean", "--help", "-h", "--debug"),
)
SHARED_NAMES = (
    *("source", "model", "device", "name"),
    *("files", "json", "out", "format", "partial", "clean", "quiet"),
)


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
        reads: the value names a `"file"`, or a `"recording"`, which is read where the question is
            answered. A server takes it as an upload, and no path from a client.

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
    reads: str = ""

    @property
    def flags(self) -> tuple[str, ...]:
        """`--every`, and `-e` where there is a short form."""
        name = self.name
        for unit in ("_s", "_hz", "_db"):
            name = name.removesuffix(unit)
        long = self.flag or f"--{name.replace('_', '-')}"
        return (long, f"-{self.short}") if self.short else (long,)

    def check(self, value: Any) -> Any:
        """The value, of this option's kind.

        Raises:
            ArgumentError: of another kind, out of range, or none of the choices.

        >>> Option("top", int, 5, "How many.", low=1).check(0)
        Traceback (most recent call last):
        tympan.errors.ArgumentError: top=0 is out of range (give 1 or more)
        """
        if value is None and self.default is None:
            return None
        wanted: tuple[type, ...] = {
            int: (numbers.Integral,),
            float: (numbers.Real,),
        }.get(self.kind, (self.kind,))
        is_kind = isinstance(value, wanted) and isinstance(value, bool) == (self.kind is bool)
        if not is_kind or value != value:
            fix = f"give {_KINDS.get(self.kind, self.kind.__name__)}"
            what = f"{self.name}={value!r} cannot be used"
            raise ArgumentError(what, fix=fix, option=self.name)
        if self.choices and value not in self.choices:
            fix = f"one of {', '.join(self.choices)}"
            what = f"{self.name}={value!r} is none of the choices"
            raise ArgumentError(what, fix=fix, option=self.name)
        too_low = self.low is not None and value < self.low
        if too_low or (self.high is not None and value > self.high):
            what = f"{self.name}={value!r} is out of range"
            raise ArgumentError(what, fix=f"give {self._range}", option=self.name)
        return self.kind(value)

    @property
    def _range(self) -> str:
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        return f"{self.high:g} or less" if self.low is None else f"{self.low:g} or more"


_KINDS = {int: "a whole number", float: "a number", str: "text", bool: "True or False"}


@dataclass(frozen=True)
class Extra:
    """What a verb's command can make beside an answer; from Python it is a function of its own.

    Args:
        name: `"explain"`; the command line shows `--explain FILE`, or `--explain` alone.
        help: one sentence.
        function: `module:name` of a function, imported when it is needed: called with the model,
            the recording, the answer and the path of the file to make, it returns why it made
            none, or an empty text.
        writes: whether it makes a file; else its path means nothing.
    """

    name: str
    help: str
    function: str
    writes: bool = True

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return f"--{self.name.replace('_', '-')}"

    def make(self, model: Any, source: Any, answer: Any, path: Path) -> str:
        """Make the file; a sentence says why there is none."""
        reason: str = imported(self.function)(model, source, answer, path)
        return reason


class Asked:
    """What has a name and options: a `Verb`, or a `tympan.tasks.commands.Command`."""

    name: str
    options: tuple[Option, ...]

    def check_names(self, *more: str) -> None:
        """Refuse options that cannot be told apart.

        Args:
            more: other names on the command line.

        Raises:
            ArgumentError: two of them have one name, or one that every verb has.
        """
        flags = [flag for one in self.options for flag in one.flags] + list(more)
        names = [one.name for one in self.options]
        for taken, given in ((SHARED_FLAGS, flags), (SHARED_NAMES, names)):
            for name in given:
                if name in taken or given.count(name) > 1:
                    what = f"the verb {self.name!r} cannot have the option {name}: it is taken"
                    raise ArgumentError(what, fix="give it another name")

    def checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All options with their values: those given, else their defaults.

        Raises:
            ArgumentError: there is no such option, or its value cannot be used.

        >>> from tympan.tasks.registry import verbs
        >>> verbs()["classify"].checked({"top": 3})
        {'top': 3, 'every_s': None, 'reject': False, 'min_familiarity': 0.05}
        """
        known = {one.name: one for one in self.options}
        for name in given:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                fix = f"did you mean {near[0]}?" if near else f"it has {', '.join(known) or 'none'}"
                raise ArgumentError(f"{self.name} has no option {name!r}", fix=fix, option=name)
        return {
            name: one.check(given[name]) if name in given else one.default
            for name, one in known.items()
        }


@dataclass(frozen=True)
class Verb(Asked):
    """How a question is put: its name, its options, and where its task is.

    Args:
        name: `"classify"`; the name of the task, the command, the function and the route.
        help: one sentence.
        task: `module:NAME` of the `tympan.tasks.contract.Task`, imported when it is needed.
        options: what may be given with a recording.
        default_model: name of the weights that answer unless another model is given or a better
            engine is installed, see `tympan.tasks.engines`.
        save_as: the file endings that an answer of it can be saved as.
        trains_on: what a folder must hold to be trained on, for the help page.
        extras: files that its command can make beside an answer.
        takes: `"recording"`; or `"text"` or `"nothing"`: then the task's models make sound.
        collect: endings of files that gather the answers about many recordings → `module:class` of
            what writes them, see `tympan.tasks.embed.index`.
        on_page: whether `hear` asks it unless other models are named.
        aliases: what else a model of it may be called, where another question has that name.
        commands: what its models do beside it.

    Raises:
        ArgumentError: two options have one name, or one that every verb has.

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
    takes: str = "recording"
    extras: tuple[Extra, ...] = ()
    collect: Mapping[str, str] = field(default_factory=dict)
    on_page: bool = True
    aliases: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[Command, ...] = ()

    def __post_init__(self) -> None:
        self.check_names(*(one.flag for one in self.extras))

    def collector(self, path: Path, options: Mapping[str, Any]) -> Any:
        """What gathers the answers about many recordings in a file; None: it is no such file."""
        place = self.collect.get(path.suffix.lower())
        return None if place is None else imported(place)(path, options)

    def load_task(self) -> Task[Any, Any]:
        """The task itself.

        Raises:
            ArgumentError: it is not where the verb says.
        """
        try:
            task: Task[Any, Any] = imported(self.task)
        except (ImportError, AttributeError) as error:
            what = f"the question {self.name!r} cannot be loaded: {error}"
            raise ArgumentError(what, fix="install or repair the package that brings it") from error
        return task


def imported(place: str) -> Any:
    """What `module:name` names.

    >>> imported("math:floor")(1.5)
    1
    """
    module, _, name = place.partition(":")
    return getattr(importlib.import_module(module), name)
