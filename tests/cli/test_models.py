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
    """A catalogue of two models in place of the package's own."""
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
    return tmp_path


def run(*arguments: str):
    return CliRunner().invoke(app, ["models", *arguments])


def test_the_list_has_a_row_for_each() -> None:
    head, birds, sounds = run().output.splitlines()
    assert head.split() == ["model", "task", "labels", "parameters", "scores", "licence"]
    assert " ".join(sounds.split()) == "sounds classify 50 1.2 M accuracy 0.812 CC-BY-4.0"
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


def test_a_name_that_leads_nowhere_is_a_mistake() -> None:
    result = run("zebras")
    assert isinstance(result.exception, ModelError)
    assert "zebras" in str(result.exception)


def test_an_empty_catalogue_is_none(shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "_SHIPPED", shipped / "no")
    result = run()
    assert (result.exit_code, result.output) == (0, "no models are shipped with this tympan\n")
