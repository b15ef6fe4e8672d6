"""A monitor trained on a small machine."""

from __future__ import annotations

from pathlib import Path

import pytest

import tympan
from tests_machine import machine


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`data/` with 24 normal and 4 faulty recordings of 5 s, and `model/` trained on them."""
    home = tmp_path_factory.mktemp("machine")
    for kind, count, whistle in (("normal", 24, 0.0), ("worn", 4, 0.01)):
        (home / "data" / kind).mkdir(parents=True)
        for i in range(count):
            machine(5, i, whistle).save(home / "data" / kind / f"{i:02d}.wav")
    tympan.train(home / "data", task="monitor", out=home / "model", epochs=3, progress=False)
    return home
