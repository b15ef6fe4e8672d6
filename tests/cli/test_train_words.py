"""`tympan train --words`: from a list of words to a model that hears them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests_speak import steady_voice
from tympan.cli.main import app
from tympan.models import load_card
from tympan.tasks import load
from tympan.tasks.transcribe import own_words
from tympan.tasks.transcribe.command_net import NONE
from tympan.tasks.transcribe.command_session import CommandTranscriber


@pytest.fixture(autouse=True)
def few_recordings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made = partial(
        own_words.made_recordings, each=6, others=8, voice=steady_voice.__wrapped__()
    )  # fmt: skip
    monkeypatch.setattr(own_words, "made_recordings", made)
    monkeypatch.chdir(tmp_path)


def run(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, ["train", *arguments])
    return found.exit_code, found.output + repr(found.exception or "")


def test_words_alone_make_a_model() -> None:
    small = ("--set", "size=8", "--set", "blocks=1", "--epochs", "1", "--threads", "1")
    code, said = run("--task", "transcribe", "--words", "Tea, light on", "--out", "mine", *small)
    assert code == 0, said
    assert "tympan transcribe FILE --model mine" in said
    assert sorted(load_card("mine").labels) == sorted([NONE, "tea", "light on"])
    recordings = {one.parent.name for one in Path("mine-recordings").rglob("*.flac")}
    assert recordings == {NONE, "tea", "light on"}
    model = load("mine", "transcribe", "cpu")
    assert isinstance(model, CommandTranscriber)
    assert model.session().score_labels() == tuple(load_card("mine").labels[1:])


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("folder", "--words", "tea", "--out", "x"), "makes its own recordings"),
        (("--words", "tea"), "leave out FOLDER, and give --out"),
        (("--words", "tea", "--out", "x", "--task", "classify"), "makes its own recordings"),
        (("--words", " , ", "--out", "x"), "are 0 words"),
    ],
)
def test_what_does_not_go_with_words_is_said(arguments: tuple[str, ...], what: str) -> None:
    code, said = run(*arguments)
    assert code != 0
    assert what in said
    assert not list(Path().iterdir())
