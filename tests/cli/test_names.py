"""The table of names in the documentation is whole, and true on both sides."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
import typer

import tympan
from tympan.cli.main import COMMANDS, app
from tympan.tasks import list_settings
from tympan.tasks.registry import verbs

PAGE = Path(__file__).resolve().parents[2] / "docs" / "verbs" / "names.md"
ROWS = re.findall(r"^\| (\w+) \| (.+?) \| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)[1:]


def of(verb: str) -> list[tuple[str, str]]:
    return [(shell, python) for name, shell, python in ROWS if name == verb]


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_option_stands_in_the_table(verb: str) -> None:
    command = typer.main.get_command(app).commands[verb]
    options = {opt for p in command.params for opt in p.opts if p.param_type_name == "option"}
    arguments = {p.name.upper() for p in command.params if p.param_type_name == "argument"}
    told = re.findall(r"`(--?[\w-]+)", " ".join(shell for shell, _ in of(verb)))
    assert sorted(told) == sorted(options)
    words = re.findall(r"`([A-Z]+)`", " ".join(shell for shell, _ in of(verb)))
    assert set(words) == arguments


@pytest.mark.parametrize("verb", ["hear", "classify", "show", "explain", "train", "evaluate"])
def test_every_argument_stands_in_the_table(verb: str) -> None:
    arguments = set(inspect.signature(getattr(tympan, verb)).parameters)
    listed = {found[1] for _, cell in of(verb) if (found := re.match(r"`(\w+)(=[^`]+)?`", cell))}
    # Options of the command line that `tympan.train` takes with the new training.
    coming = {"augment", "metadata", "file_column", "label_column", "threads"} - arguments
    assert listed - (coming if verb == "train" else set()) == arguments


@pytest.mark.parametrize("verb", list(verbs()))
def test_the_function_of_a_verb_takes_what_the_verb_says(verb: str) -> None:
    given = inspect.signature(getattr(tympan, verb)).parameters
    options = {one.name: one.default for one in verbs()[verb].options}
    shared = {"source": inspect.Parameter.empty, "model": None, "device": "auto"}
    assert {name: one.default for name, one in given.items()} == shared | options
    # All but the recording are given by name.
    kinds = {one.kind for name, one in given.items() if name != "source"}
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
