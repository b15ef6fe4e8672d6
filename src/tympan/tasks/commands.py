"""What is asked of recordings beside the questions: of two of them, of all questions at once.

A question is put to one recording and one model answers it. A command such as `verify` or `find`
is put in another way, but it too has a name, options and an answer; a server makes its route from
what stands here. Nothing heavy is imported, see `tympan.tasks.verbs`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from inspect import isgenerator
from typing import TYPE_CHECKING, Any, ClassVar

from tympan.errors import ArgumentError
from tympan.tasks.verbs import Asked, Option, imported

if TYPE_CHECKING:
    from tympan.tasks.contract import Model

# Not the models of one question, but one for each that stands on a page of `hear`.
EACH = "*"


@dataclass(frozen=True)
class Command(Asked):
    """What can be asked of a recording beside the questions.

    Args:
        name: `"verify"`; the name of the route.
        help: one sentence.
        function: `module:name` of a function, imported when it is needed: called with the
            recording, the loaded models and the options, it gives an answer; or a generator of the
            seconds that are done, in which others have their turn, and which returns the answer.
            An answer has `to_json` and `save`, as those of the questions.
        models: the question whose models do it; `EACH`: one of each question on a page of `hear`;
            empty: it needs none.
        options: what may be given with a recording; one that `reads` a recording or file is given
            as its path, or as an opened file that has the client's name of it.
        needs: names of those options without which nothing can be done.
        save_as: the file endings that an answer of it can be saved as.
        cleans: its models take the noise away from recordings before, where that is wanted.
        refused: why no server can do it; empty: one can.

    Raises:
        ArgumentError: two options have one name, or one that every verb has.

    >>> Command("loudest", "Which is louder?", function="mine:loudest", models="classify").takes
    'recording'
    """

    name: str
    help: str
    function: str = ""
    models: str = ""
    options: tuple[Option, ...] = ()
    needs: tuple[str, ...] = ()
    save_as: tuple[str, ...] = (".json",)
    cleans: bool = False
    refused: str = ""
    takes: ClassVar[str] = "recording"

    def __post_init__(self) -> None:
        self.check_names()

    def begun(
        self, source: Any, models: Sequence[Model[Any]], **options: Any
    ) -> Generator[float, None, Any]:
        """Do it step by step: yields the seconds that are done, returns the answer.

        Args:
            source: the recording: path, bytes, binary file object or `Clip`.
            models: loaded, of the question that `models` names.
            options: checked.
        """
        found = imported(self.function)(source, models, **options)
        if isgenerator(found):
            return (yield from found)
        return found

    def checked(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All options with their values: those given, else their defaults.

        Raises:
            ArgumentError: there is no such option, its value cannot be used, or one is missing.
        """
        for name in self.needs:
            if given.get(name) is None:
                (help_,) = [one.help for one in self.options if one.name == name]
                fix = f"{help_[:1].lower()}{help_[1:].rstrip('.')}"
                raise ArgumentError(f"{self.name} needs {name}", fix=fix, option=name)
        return super().checked(given)
