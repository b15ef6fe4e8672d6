"""Voices that need no training."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests_speak import save_voice, steady_voice
from tympan.tasks.speak.model import SpeakModel


@pytest.fixture(scope="session")
def voice() -> SpeakModel:
    return steady_voice()


@pytest.fixture(autouse=True)
def _unchanged() -> Iterator[None]:
    """A test that changes the shared voice would make others fail, in some orders."""
    before = dict(vars(steady_voice()))
    yield
    assert vars(steady_voice()) == before


@pytest.fixture(scope="session")
def voice_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_voice(tmp_path_factory.mktemp("voices") / "hum")
