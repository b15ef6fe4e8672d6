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
    from tympan.tasks.contract import Task

GROUP = "tympan.tasks"
# A question of tympan is a package in tasks/ with a `VERB`. The order is that of the help page.
BUILT_IN = ("tympan.tasks.classify",)


@cache
def verbs() -> dict[str, Verb]:
    """Every question that is installed, by name.

    Raises:
        ArgumentError: two packages bring a question of the same name.

    >>> "classify" in verbs()
    True
    """
    found: dict[str, Verb] = {}
    for module in BUILT_IN:
        verb: Verb = importlib.import_module(module).VERB
        found[verb.name] = verb
    for point in entry_points(group=GROUP):
        verb = point.load()
        if verb.name in found:
            what = f"{point.value} brings the question {verb.name!r}, which is there already"
            raise ArgumentError(what, fix="uninstall one of the two packages")
        found[verb.name] = verb
    return found


def verb(name: str) -> Verb:
    """The verb of that name.

    Raises:
        ArgumentError: there is none.
    """
    if name not in verbs():
        raise ArgumentError(f"no task is called {name!r}", fix=f"one of {', '.join(verbs())}")
    return verbs()[name]


def get(name: str) -> Task[Any, Any]:
    """The task of that name.

    Raises:
        ArgumentError: there is none.

    >>> get("classify").name
    'classify'
    """
    return verb(name).load_task()
