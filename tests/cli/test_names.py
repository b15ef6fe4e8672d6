"""The table of names in the documentation is whole, and true on both sides."""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

import pytest
import typer

import tympan
from tympan.cli.main import COMMANDS, app
from tympan.tasks import list_settings
from tympan.tasks.registry import verbs

DOCS = Path(__file__).resolve().parents[2] / "docs"
sys.path.insert(0, str(DOCS / "_ext"))

from verb_names import rows  # noqa: E402

PAGE = DOCS / "verbs" / "names.md"
ROWS = re.findall(r"^\| (\w+) \| (.+?) \| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)


def of(verb: str) -> list[tuple[str, str]]:
    return [(shell, python) for name, shell, python in ROWS if name == verb]


def options_of(verb: str) -> set[str]:
    command = typer.main.get_command(app).commands[verb]
    return {opt for p in command.params for opt in p.opts if p.param_type_name == "option"}


def arguments_of(verb: str) -> set[str]:
    command = typer.main.get_command(app).commands[verb]
    return {p.name.upper() for p in command.params if p.param_type_name == "argument"}


def listed_options(verb: str) -> list[str]:
    return re.findall(r"`(--?[\w-]+)", " ".join(shell for shell, _ in of(verb)))


def listed_arguments(verb: str) -> set[str]:
    return set(re.findall(r"`([A-Z]+)`", " ".join(shell for shell, _ in of(verb))))


QUESTIONS = [name for name, one in verbs().items() if one.takes == "recording"]
OTHERS = [name for name in COMMANDS if name not in QUESTIONS]


@pytest.mark.parametrize("verb", OTHERS)
def test_every_option_stands_in_the_table(verb: str) -> None:
    assert sorted(listed_options(verb)) == sorted(options_of(verb))
    assert listed_arguments(verb) == arguments_of(verb)


@pytest.mark.parametrize("verb", QUESTIONS)
def test_a_question_has_its_own_options_and_those_that_all_have(verb: str) -> None:
    own = re.findall(r"--?[\w-]+", " ".join(shell for name, shell, _ in rows() if name == verb))
    shared = [*listed_options("question"), *listed_options(verb)]
    assert sorted([*own, *shared]) == sorted(options_of(verb))
    assert listed_arguments("question") == arguments_of(verb) == {"FILES"}


@pytest.mark.parametrize("verb", [name for name in OTHERS if hasattr(tympan, name)])
def test_every_argument_stands_in_the_table(verb: str) -> None:
    if verb in ("models", "serve"):  # a package of that name, too
        return
    parameters = inspect.signature(getattr(tympan, verb)).parameters
    arguments = {name for name, one in parameters.items() if one.kind is not one.VAR_KEYWORD}
    listed = {found[1] for _, cell in of(verb) if (found := re.match(r"`(\w+)(=[^`]+)?`", cell))}
    # What else it takes are options of questions.
    extra = {one.name for question in verbs().values() for one in question.options}
    takes_more = len(arguments) < len(parameters)
    assert arguments <= listed
    assert listed - arguments <= (extra if takes_more else set())


@pytest.mark.parametrize("verb", list(verbs()))
def test_the_function_of_a_verb_takes_what_the_verb_says(verb: str) -> None:
    given = inspect.signature(getattr(tympan, verb)).parameters
    options = {one.name: one.default for one in verbs()[verb].options}
    first, model = ("source", "model") if verb in QUESTIONS else ("text", "voice")
    shared = {first: inspect.Parameter.empty, model: None, "device": "auto"}
    if verb in QUESTIONS and verb != "separate":
        shared |= {"clean": None}
    if verbs()[verb].takes == "nothing":
        first, shared = "", {"model": None, "device": "auto"}
    assert {name: one.default for name, one in given.items()} == shared | options
    # All but the recording, or the text, are given by name.
    kinds = {one.kind for name, one in given.items() if name != first}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


def test_methods_in_the_table_are_there() -> None:
    from tympan.models import Card
    from tympan.report.hear import Report
    from tympan.tasks.contract import Evaluation
    from tympan.tasks.results import Classification

    for owner, name in (
        (Report, "open"),
        (Classification, "to_json"),
        (Evaluation, "to_json"),
        (Card, "to_json"),
        (tympan, "list_models"),
        (tympan, "explain"),
    ):
        assert callable(getattr(owner, name))


def test_the_epochs_that_help_tells_are_those_of_the_settings() -> None:
    command = typer.main.get_command(app).commands["train"]
    told = next(p.help or "" for p in command.params if p.name == "epochs")
    setting = next(one for one in list_settings() if one.name == "epochs")
    assert re.findall(r"\d+", told) == re.findall(r"\d+", setting.default)
