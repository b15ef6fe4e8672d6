"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

# Two cores run several test processes: one thread each, set before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")

import pytest
from hypothesis import settings

# A loaded machine is no failure, so examples have no deadline; and in continuous integration the
# same examples are tried at each run.
settings.register_profile("tympan", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("tympan")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings beside a developer's checkout; absent on a user's machine."""
    if not SHARED.is_dir():
        pytest.skip("the development recordings (../shared/data) are not here")
    return SHARED
