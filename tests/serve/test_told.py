"""What clients are told: which field is wrong, and nothing that only a command line has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tympan
from tests_serve import Running
from tympan.errors import ArgumentError, AudioFileError
from tympan.serve.refusals import refusal_of

SOURCES = Path(tympan.__file__).parent
# What a server comes through while it answers, and not what only a training or a command does.
ROOMS = ("audio", "models", "nets", "notation", "serve", "spectra", "tasks", "text")
ELSEWHERE = re.compile(
    r"serve/running|tasks/(continuing|cross|job|out_folder|recipes|settings|training|cleaned)\.py"
    r"|/(task|recipe|recordings|commands_task|labelling|graph)\.py"
)
FLAG = re.compile(r"(?<![\w`-])--(?!force-reinstall|no-deps)[a-z]")


def fixes(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what a source says of how an error is mended, and what went wrong."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "").endswith("Error"):
            yield from node.args
            yield from (one.value for one in node.keywords if one.arg == "fix")
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("fix", "what"):
            yield node.value


def test_no_error_of_an_answer_names_an_option_of_the_command_line() -> None:
    found = []
    for path in (one for room in ROOMS for one in (SOURCES / room).rglob("*.py")):
        name = path.relative_to(SOURCES).as_posix()
        if ELSEWHERE.search(name):
            continue
        for value in fixes(ast.parse(path.read_text("utf-8"))):
            texts = [one.value for one in ast.walk(value) if isinstance(one, ast.Constant)]
            found += [f"{name}:{value.lineno}: {one}" for one in texts if FLAG.search(str(one))]
    assert found == []


def test_what_only_a_command_line_has_is_for_the_command_line() -> None:
    error = ArgumentError("is cut short", fix="record it again", local="--partial takes the rest")
    assert str(error) == "is cut short (record it again; --partial takes the rest)"
    assert refusal_of(error).message == "Is cut short: record it again."
    assert refusal_of(ArgumentError("it has no x", local="see --help")).message == "It has no x."


def test_the_error_says_which_field_is_concerned() -> None:
    said = refusal_of(ArgumentError("loud=9 is too much", option="scale"))
    assert (said.param, said.code) == ("scale", "invalid_value")
    assert refusal_of(ArgumentError("loud=9 is too much")).param is None
    assert refusal_of(AudioFileError("is no sound")).param == "file"


@pytest.mark.parametrize(
    ("verb", "data", "param"),
    [
        ("segment", {"speakers": "2"}, "speakers"),  # of another model than the default one
        ("segment", {"offset": "0.9", "onset": "0.1"}, "offset"),
        ("speak", {"text": "Hello.", "speaker": "nobody"}, "speaker"),
        ("embed", {"every_s": "0.001"}, "every_s"),
    ],
)
def test_a_model_says_which_field_it_cannot_use(
    server: Running, short: bytes, verb: str, data: dict[str, str], param: str
) -> None:
    files = {} if verb == "speak" else {"files": {"file": ("x.wav", short)}}
    with server.client() as client:
        found = client.post(f"/v1/{verb}", data=data, **files)
    told = found.json()["error"]
    assert (found.status_code, told["param"]) == (400, param), told
    assert not FLAG.search(told["message"])


def test_a_recording_that_was_cut_short_is_refused_without_a_command(
    server: Running, short: bytes
) -> None:
    with server.client() as client:
        found = client.post("/v1/classify", files={"file": ("x.wav", short[: len(short) // 2])})
    told = found.json()["error"]
    assert told["code"] == "unreadable_audio"
    assert "--partial" not in told["message"]
    assert "copy or record it again" in told["message"]
