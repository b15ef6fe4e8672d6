"""The recogniser of the made language, see `tests/plugins/coded_words.py`."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _coded_words() -> ModuleType:
    if "coded_words" not in sys.modules:
        path = Path(__file__).parents[2] / "plugins" / "coded_words.py"
        spec = importlib.util.spec_from_file_location("coded_words", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["coded_words"] = module
        spec.loader.exec_module(module)
    return sys.modules["coded_words"]


@pytest.fixture(scope="session")
def coded_words() -> ModuleType:
    return _coded_words()
