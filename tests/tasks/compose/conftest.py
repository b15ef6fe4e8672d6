"""A composer of each kind."""

from __future__ import annotations

import pytest

from tests_compose import tiny_composer
from tympan.tasks.compose.model import Composer


@pytest.fixture(params=["fill", "voices", "tunes"])
def composer(request: pytest.FixtureRequest) -> Composer:
    """One that fills in, one that goes on voice by voice, one that goes on with sets of notes."""
    return tiny_composer(request.param)
