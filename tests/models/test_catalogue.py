"""Names and paths of models."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tympan.errors import ModelError
from tympan.models import Card, catalogue, find_model, list_models, load_model, save_model


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A catalogue of two models in place of the package's own."""
    folder = tmp_path / "weights"
    for name in ("sounds", "birds"):
        save_model(folder / name, {"w": torch.ones(1)}, Card(name=name, task="classify"))
    (folder / "README.md").write_text("not a model")
    monkeypatch.setattr(catalogue, "_SHIPPED", folder)
    return folder


def test_the_list_is_sorted_and_filtered(shipped: Path) -> None:
    assert [card.name for card in list_models()] == ["birds", "sounds"]
    assert [card.name for card in list_models("s*")] == ["sounds"]


def test_a_name_of_the_catalogue_wins_over_a_folder_here(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    save_model(here / "sounds", {"w": torch.zeros(1)}, Card(name="mine", task="classify"))
    save_model(here / "own", {"w": torch.zeros(1)}, Card(name="own", task="classify"))
    monkeypatch.chdir(here)
    assert load_model("sounds").card.name == "sounds"
    assert load_model("./sounds").card.name == "mine"
    assert load_model(Path("sounds")).card.name == "mine"
    assert load_model("own").card.name == "own"


def test_a_wrong_name_suggests_the_nearest(shipped: Path) -> None:
    with pytest.raises(ModelError, match="did you mean sounds"):
        find_model("sound")
    with pytest.raises(ModelError, match=r"of that name \(`tympan models` lists all 2\)"):
        find_model("zzz")


@pytest.mark.parametrize("name", ["", " ", "a\0b", "x" * 5000, "../" * 2000])
def test_no_name_crashes(name: str) -> None:
    with pytest.raises(ModelError):
        find_model(name)


def test_what_is_shipped_loads_and_is_what_its_card_says() -> None:
    for card in list_models():
        loaded = load_model(card.name)
        assert loaded.path.name == card.name
        assert card.licence
        assert card.metrics
        # The code that made it can be had again.
        assert re.fullmatch(r"[0-9a-f]{12}", card.git_revision)
        assert not card.attribution or (loaded.path / card.attribution).is_file()


def test_listing_imports_no_torch() -> None:
    code = (
        "import sys, tympan.models as m; m.list_models()\n"
        "assert not {'torch', 'numpy', 'safetensors'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_training_that_is_not_finished_is_called_that(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    with pytest.raises(ModelError, match=r"not finished \(give its `tympan train` command again"):
        load_model(tmp_path)
