"""What all tests have in common, doctests of `src` as well: chance that is the same at each run."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def _same_chance() -> None:
    """Seed torch before each test, where it is loaded.

    An example that holds for one noise in a thousand otherwise fails one run in a thousand.
    """
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)
