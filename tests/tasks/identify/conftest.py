"""Made voices, and a model that needs no training."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from made_voices import made_voice, spectrum_model
from tympan.audio import Clip
from tympan.tasks.identify.model import IdentifyModel


@pytest.fixture(scope="session")
def voices() -> Callable[..., Clip]:
    return made_voice


@pytest.fixture(scope="session")
def model() -> IdentifyModel:
    return spectrum_model()
