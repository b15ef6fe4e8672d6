"""Voices that need no training."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests_speak import save_voice, steady_voice
from tympan.tasks.speak.model import SpeakModel


@pytest.fixture(scope="session")
def voice() -> SpeakModel:
    return steady_voice()


@pytest.fixture(scope="session")
def voice_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_voice(tmp_path_factory.mktemp("voices") / "hum")
