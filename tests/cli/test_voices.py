"""`tympan enroll`, `identify`, `verify` and `book` as commands, with a model of random weights."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from tympan.audio import Clip
from tympan.cli.main import app
from tympan.errors import TympanError
from tympan.models import Card, save_model
from tympan.tasks.identify.book import read_book
from tympan.tasks.identify.config import IdentifyConfig
from tympan.tasks.identify.net import VoiceNet


def wave(seed: int, seconds: float = 2.0) -> Clip:
    rng = np.random.default_rng(seed)
    return Clip((0.2 * rng.standard_normal((1, round(16000 * seconds)))).astype("f4"), 16000)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models that know nothing, and four recordings."""
    root = tmp_path_factory.mktemp("home")
    config = IdentifyConfig(encoder="small", features=16, size=16)
    for seed, name in enumerate(("mine", "other")):
        torch.manual_seed(seed)
        state = {f"voice.{k}": v for k, v in VoiceNet(config).state_dict().items()}
        cohort = torch.nn.functional.normalize(torch.randn(12, 16), dim=1)
        card = Card(name=name, task="identify", config=config.to_dict())
        save_model(root / name, {**state, "cohort": cohort}, card)
    for seed in range(4):
        wave(seed).save(root / f"{seed}.wav")
    Clip(np.zeros((1, 16000), np.float32), 16000).save(root / "silent.wav")
    return root


def done(home: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.chdir(home)
    found = CliRunner().invoke(app, list(arguments))
    assert found.exit_code == 0, found.exception
    return found.stdout


def refused(home: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.chdir(home)
    found = CliRunner().invoke(app, list(arguments))
    assert isinstance(found.exception, TympanError)
    assert "\n" not in str(found.exception)
    return str(found.exception)


def test_a_book_from_beginning_to_end(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = done(home, monkeypatch, "enroll", "Ann", "0.wav", "1.wav", "-m", "mine")
    assert said.splitlines()[0] == "Ann  2 recordings, 4 s of speech, in voices.tympan"
    assert "expected false accepts" in said
    assert "expected false rejects" in said
    assert "a probability of" in said.splitlines()[-1]
    assert said.splitlines()[-1].startswith("threshold: log odds ")
    answer = json.loads(done(home, monkeypatch, "identify", "0.wav", "-m", "mine", "--json"))
    assert answer["candidates"][0]["speaker"] == "Ann"
    assert "not scored (is silent)" in done(
        home, monkeypatch, "identify", "silent.wav", "-m", "mine"
    )
    assert "Bob" in done(home, monkeypatch, "book", "rename", "Ann", "Bob")
    done(home, monkeypatch, "book", "export", "some.tympan", "Bob")
    assert read_book(home / "some.tympan").names == ("Bob",)
    assert done(home, monkeypatch, "book", "forget", "Bob") == "no voices\n"
    assert "Bob" in done(home, monkeypatch, "book", "merge", "some.tympan")


def test_mistakes_are_one_line(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done(home, monkeypatch, "enroll", "Ann", "0.wav", "-m", "mine", "--book", "b.tympan")
    told = refused(home, monkeypatch, "identify", "0.wav", "-m", "other", "--book", "b.tympan")
    assert "was made with the model mine" in told
    assert "is silent: not enrolled" in refused(
        home, monkeypatch, "enroll", "Cy", "silent.wav", "-m", "mine", "--book", "b.tympan"
    )
    assert read_book(home / "b.tympan").names == ("Ann",)
    assert "no action 'lst'" in refused(home, monkeypatch, "book", "lst")
    assert "no such voice book" in refused(
        home, monkeypatch, "book", "list", "--book", "none.tympan"
    )


def test_two_recordings_are_compared(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = json.loads(done(home, monkeypatch, "verify", "0.wav", "0.wav", "-m", "mine", "--json"))
    assert answer["similarity"] == pytest.approx(1.0, abs=1e-5)
    assert answer["other"] == "0.wav"
    assert "not compared" in done(home, monkeypatch, "verify", "0.wav", "silent.wav", "-m", "mine")


def test_the_exit_code_of_a_comparison_is_that_of_its_documentation(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "verbs" / "verify.md"
    assert "The exit code is 0 wherever two recordings were compared" in page.read_text("utf-8")
    assert "Exits with 0 whatever the answer is" in done(home, monkeypatch, "verify", "--help")
    for threshold, same in (("0", True), ("1", False)):
        given = ["verify", "0.wav", "1.wav", "-m", "mine", "--threshold", threshold, "--json"]
        assert json.loads(done(home, monkeypatch, *given))["same"] is same
    told = CliRunner().invoke(app, ["verify", "0.wav", "gone.wav", "-m", "mine"])
    assert isinstance(told.exception, TympanError)
    assert told.exception.exit_code == 2


def test_the_page_of_a_recording_takes_a_voice_book(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(home, monkeypatch, "enroll", "Zoe", "2.wav", "-m", "mine", "--book", "z.tympan")
    given = ["hear", "2.wav", "-m", "mine", "--book", "z.tympan", "-o", "page.html"]
    assert "Zoe" in done(home, monkeypatch, *given)
    told = refused(home, monkeypatch, *given[:4], "--book", "none.tympan", "-o", "page.html")
    assert "there is no such voice book" in told
