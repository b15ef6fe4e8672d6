"""Recordings, and the command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tympan
from tests_command import tympan_command
from tympan.audio import Clip

Run = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture
def sounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory: two recordings in `sounds`, one deeper, beside files that are none."""
    monkeypatch.chdir(tmp_path)
    wave = 0.3 * np.sin(2 * np.pi * 440 * np.arange(8000) / 8000)
    (tmp_path / "sounds" / "more").mkdir(parents=True)
    (tmp_path / "sounds" / ".hidden").mkdir()
    for name in ("b.wav", "more/a.WAV", ".hidden/c.wav"):
        Clip(wave, 8000).save(tmp_path / "x.wav").rename(tmp_path / "sounds" / name)
    (tmp_path / "sounds" / "notes.txt").write_text("none")
    return tmp_path / "sounds"


@pytest.fixture
def run() -> Run:
    """`python -m tympan …` as a user's shell would call it; outputs are bytes."""

    def call(
        *arguments: str | bytes, env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[bytes]:
        home = str(Path(tympan.__file__).parents[1])
        path = os.pathsep.join(filter(None, [(env or {}).get("PYTHONPATH"), home]))
        environment = {**os.environ, **(env or {}), "PYTHONPATH": path}
        command = tympan_command(*arguments)
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        return subprocess.run(command, env=environment, timeout=120, **options)

    return call


@pytest.fixture
def toy_site(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has installed the package of `toy_question.py`."""
    site = tmp_path / "site"
    info = site / "toy_question-0.1.dist-info"
    info.mkdir(parents=True)
    source = Path(__file__).parents[1] / "plugins" / "toy_question.py"
    (site / "toy_question.py").write_text(source.read_text("utf-8"), "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-question\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(
        "[tympan.tasks]\ntoy = toy_question:VERB\n\n"
        "[tympan.tasks.engines]\ntoy-engine = toy_question:ENGINE\n"
    )
    return {"PYTHONPATH": str(site)}
