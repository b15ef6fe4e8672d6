"""`tympan doctor`: says what is, and is not fooled."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import sys

import pytest
from typer.testing import CliRunner, Result

from tympan.cli import doctor, health
from tympan.cli.main import app
from tympan.models import catalogue


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["doctor", *arguments])


def test_all_is_well_here() -> None:
    result = run("--json")
    found = json.loads(result.output)
    assert found["problems"] == []
    assert found["ok"] is True
    assert result.exit_code == 0
    names = {one["name"]: one for one in found["libraries"]}
    assert names["torch"]["version"] == importlib.metadata.version("torch")
    assert names["tensorboard"]["extra"] == "train"
    assert {"WAV", "FLAC", "MP3", "Opus", "M4A/AAC"} <= set(found["formats"])
    assert found["device"]["device"] in {"cpu", "cuda", "mps"}
    assert found["device"]["threads"] >= 1


def test_the_text_says_it_for_people() -> None:
    text = run().output
    for heading in ("Libraries", "Device", "Models", "Questions", "Cache", "Audio it reads"):
        assert f"\n{heading}\n" in text
    assert text.endswith("All is well.\n")


def without(monkeypatch: pytest.MonkeyPatch, *names: str, version: str | None = None) -> None:
    """Make libraries look missing, or of a version."""
    real = importlib.metadata.version

    def fake(name: str) -> str:
        if name in names:
            if version is None:
                raise importlib.metadata.PackageNotFoundError(name)
            return version
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", fake)


def test_a_missing_extra_is_no_failure_but_has_its_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without(monkeypatch, "tensorboard", "onnx")
    result = run()
    assert result.exit_code == 0
    assert "MISSING" not in result.output
    assert "not installed, optional: tensorboard" in result.output
    assert "- optional, only for `tympan train` and `tympan evaluate`: tensorboard" in result.output
    assert "installs the optional parts, if you want them:" in result.output
    assert result.output.endswith("All is well.\n")
    assert 'pip install "tympan[train,export]"' in result.output


def test_a_missing_base_library_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "soxr")
    result = run()
    assert result.exit_code == 1
    assert "MISSING: soxr" in result.output
    assert "! soxr: not installed" in result.output
    assert "installs what is missing:" in result.output
    assert ' -m pip install "tympan"\n' in result.output


def test_an_old_library_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "torch", version="1.9.1")
    result = run()
    assert result.exit_code == 1
    assert "! torch: version 1.9.1 is too old, 2.6 is needed" in result.output


def test_a_library_that_does_not_load_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.import_module

    def fake(name: str, *rest: object) -> object:
        if name == "av":
            raise OSError("libavcodec.so: wrong ELF class")
        return real(name)

    monkeypatch.setattr(health.importlib, "import_module", fake)
    found = health.examine()
    assert not found["ok"]
    assert any("libavcodec.so" in problem for problem in found["problems"])


def test_a_damaged_model_is_a_failure(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    (tmp_path / "sounds").mkdir()
    (tmp_path / "sounds" / "card.json").write_text("{}")
    monkeypatch.setattr(catalogue, "_SHIPPED", tmp_path)
    result = run()
    assert result.exit_code == 1
    assert "! model sounds:" in result.output


@pytest.mark.parametrize(
    ("version", "least", "enough"),
    [("2.13.0+cpu", "2.6", True), ("0.5.0.post1", "0.5", True), ("1.9", "1.10", False)],
)
def test_versions_compare_as_numbers(version: str, least: str, enough: bool) -> None:
    assert (health._numbers(version) >= health._numbers(least)) is enough


def test_no_gpu_and_no_models_is_said() -> None:
    found = health.examine()
    found["models"] = []
    assert "none shipped" in doctor.described(found)


def test_the_command_is_for_the_python_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health.shutil, "which", lambda name: "/elsewhere/python")
    assert health.fix_command(["train"]) == f'{sys.executable} -m pip install "tympan[train]"'
    monkeypatch.setattr(health.shutil, "which", lambda name: sys.executable)
    assert health.fix_command([]) == 'python -m pip install "tympan"'
