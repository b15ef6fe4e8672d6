"""`tympan models`: the list, one card, JSON, and names that lead nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from tympan.cli.main import app
from tympan.errors import ModelError
from tympan.models import Card, catalogue, save_model


@pytest.fixture(autouse=True)
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue of two models in place of the package's own, and no engines."""
    from tympan.tasks import engines

    for name, count in (("sounds", 50), ("birds", 2)):
        card = Card(
            name=name,
            task="classify",
            labels=[f"label {number}" for number in range(count)],
            parameters=1_250_000,
            metrics={"accuracy": 0.8125, "per_class": {}},
            licence="CC-BY-4.0",
            known_failures=["deaf to bats"],
        )
        save_model(tmp_path / name, {"w": torch.ones(1)}, card)
    monkeypatch.setattr(catalogue, "_SHIPPED", tmp_path)
    monkeypatch.setattr(engines, "_found", lambda: ((), {}))
    return tmp_path


def run(*arguments: str):
    return CliRunner().invoke(app, ["models", *arguments])


def test_the_list_has_a_row_for_each() -> None:
    head, birds, sounds = run().output.splitlines()
    assert head.split() == [
        *("model", "task", "kind", "labels", "parameters", "size", "scores", "licence")
    ]
    row = " ".join(sounds.split())
    assert row.startswith("sounds classify weights 50 1.2 M 0.0 MB ")
    assert row.endswith(" CC-BY-4.0")
    assert birds.startswith("birds ")


def test_a_pattern_that_fits_one_is_still_a_list() -> None:
    assert len(run("s*").output.splitlines()) == 2


def test_a_name_shows_the_whole_card() -> None:
    text = run("birds").output
    assert text.startswith("birds 0.1 (classify)\n")
    assert "label 0, label 1" in text
    assert "deaf to bats" in text
    assert max(map(len, run("sounds").output.splitlines())) <= 88


def test_a_folder_shows_its_card(shipped: Path) -> None:
    assert run(str(shipped / "birds")).output == run("birds").output


def test_a_folder_here_needs_no_slash(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (shipped / "birds").rename(shipped / "mine")
    monkeypatch.chdir(shipped)
    assert "deaf to bats" in run("mine").output


def test_json_is_one_object_a_line() -> None:
    cards = [json.loads(line) for line in run("--json").output.splitlines()]
    assert [card["name"] for card in cards] == ["birds", "sounds"]
    assert cards[0]["metrics"]["accuracy"] == 0.8125
    assert [(card["kind"], card["installed"]) for card in cards] == [("weights", True)] * 2


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that is installed, and one that is not."""
    from tympan.tasks import engines

    here = engines.Engine("owl", "classify", "numpy", "owl", "MIT", 12.5, "Birds.", "math:sqrt")
    away = engines.Engine("bat", "classify", "no-such-package", "", "", 3, "Bats.", "math:sqrt")
    monkeypatch.setattr(engines, "_found", lambda: ((away, here), {}))


def test_engines_stand_in_the_list_installed_or_not(engines: None) -> None:
    rows = [" ".join(row.split()) for row in run().output.splitlines()]
    assert rows[-2] == "bat classify engine, not installed - - 3.0 MB - -"
    assert rows[-1] == "owl classify engine - - 12.5 MB - MIT"
    found = [json.loads(line) for line in run("--json").output.splitlines()]
    assert [(one["kind"], one["installed"]) for one in found[2:]] == [
        ("engine", False),
        ("engine", True),
    ]
    assert found[3]["licence"] == "MIT"


def test_the_name_of_an_engine_shows_all_about_it(engines: None) -> None:
    text = run("bat").output
    assert text.startswith("bat, an engine (classify)\n  Bats.\n")
    assert "no: pip install 'no-such-package'" in text
    assert "numpy" in run("owl").output


def test_a_name_that_leads_nowhere_is_a_mistake() -> None:
    result = run("zebras")
    assert isinstance(result.exception, ModelError)
    assert "zebras" in str(result.exception)


def test_an_empty_catalogue_is_none(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_SHIPPED", shipped / "no")
    result = run()
    assert (result.exit_code, result.output) == (0, "no models are shipped with this tympan\n")
