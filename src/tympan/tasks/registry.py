"""All questions by name: those of tympan and those that other packages bring.

A package brings a question by an entry point of the group `tympan.tasks` that names a
`tympan.tasks.verbs.Verb`:

    [project.entry-points."tympan.tasks"]
    myquestion = "mypackage.mymodule:VERB"
"""

from __future__ import annotations

import importlib
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from tympan.errors import ArgumentError
from tympan.tasks.verbs import Verb

if TYPE_CHECKING:
    from tympan.models import LoadedModel
    from tympan.tasks.commands import Command
    from tympan.tasks.contract import Task

GROUP = "tympan.tasks"
# A question of tympan is a package in tasks/ with a `VERB`. The order is that of the help page.
BUILT_IN = (
    "tympan.tasks.classify",
    "tympan.tasks.tag",
    "tympan.tasks.segment",
    "tympan.tasks.identify",
    "tympan.tasks.monitor",
    "tympan.tasks.transcribe",
    "tympan.tasks.separate",
    "tympan.tasks.embed",
    "tympan.tasks.speak",
    "tympan.tasks.notes",
    "tympan.tasks.compose",
)
# Commands and functions of tympan that no question may be called.
RESERVED = frozenset(
    (
        "answer",
        "audio",
        "batch",
        "book",
        "doctor",
        "enroll",
        "evaluate",
        "explain",
        "export",
        "find",
        "hear",
        "label",
        "listen",
        "load",
        "load_model",
        "models",
        "questions",
        "recordings",
        "serve",
        "show",
        "studio",
        "train",
        "verify",
        "watch",
    )
)


@cache
def _found() -> tuple[dict[str, Verb], dict[str, str]]:
    """The questions by name, and why other packages' questions cannot be used."""
    found: dict[str, Verb] = {}
    for module in BUILT_IN:
        own: Verb = importlib.import_module(module).VERB
        found[own.name] = own
    broken: dict[str, str] = {}
    taken: set[str] = set()
    for point in entry_points(group=GROUP):
        try:
            verb = point.load()
            if not isinstance(verb, Verb):
                raise TypeError(f"is a {type(verb).__name__}, not a Verb")
            for name in (verb.name, *(one.name for one in verb.commands)):
                if name in RESERVED or name in found or name in taken:
                    raise ValueError(f"the name {name!r} is taken")
        except Exception as error:  # whatever it is: it must not cost the other questions
            broken[point.value] = " ".join(f"{type(error).__name__}: {error}".split())
            continue
        found[verb.name] = verb
        taken |= {one.name for one in verb.commands}
    return found, broken


def verbs() -> dict[str, Verb]:
    """Every question that is installed, by name.

    >>> "classify" in verbs()
    True
    """
    return dict(_found()[0])


def broken_verbs() -> dict[str, str]:
    """Entry points of other packages that bring no usable question, each with the reason.

    >>> broken_verbs()
    {}
    """
    return dict(_found()[1])


def commands() -> dict[str, Command]:
    """What models do beside their questions, by name.

    >>> "verify" in commands()
    True
    """
    return {one.name: one for verb in verbs().values() for one in verb.commands}


def verb(name: str) -> Verb:
    """The verb of that name.

    Raises:
        ArgumentError: there is none.
    """
    found = _found()[0]
    if name not in found:
        raise ArgumentError(f"no task is called {name!r}", fix=f"one of {', '.join(found)}")
    return found[name]


def get(name: str) -> Task[Any, Any]:
    """The task of that name.

    Raises:
        ArgumentError: there is none.

    >>> get("classify").name
    'classify'
    """
    return verb(name).load_task()


def own_model(model: LoadedModel, device: str) -> Any:
    """A model ready for the question that it is for: the one that is held already, if it is.

    Args:
        model: checked, asked by another question.
        device: where it computes.

    Raises:
        ModelError: card and weights do not fit.
    """
    return model.own() if model.own is not None else get(model.card.task).load(model, device)
