"""Fixtures shared by all tests."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# Two cores run several test processes: one thread each, set before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "Agg")
# librosa compiles with numba, which keeps the code beside itself. Two processes that fill that
# folder at once can leave code in it that crashes every later one: so each has a folder of its own.
_NUMBA = tempfile.mkdtemp(prefix="tympan-numba-")
os.environ["NUMBA_CACHE_DIR"] = _NUMBA
atexit.register(shutil.rmtree, _NUMBA, ignore_errors=True)

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
