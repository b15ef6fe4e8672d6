"""Real recordings, and nothing of the exporter's own remarks."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

for _package in ("onnx", "onnxruntime", "onnxscript"):
    pytest.importorskip(_package)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        yield


@pytest.fixture(scope="session")
def street(shared_data: Path) -> list[Path]:
    """A few sounds of several kinds."""
    return sorted((shared_data / "esc50" / "audio").glob("5-2*.opus"))[:3]


@pytest.fixture(scope="session")
def speech(shared_data: Path) -> list[Path]:
    """A few sentences."""
    return sorted((shared_data / "librispeech" / "audio" / "test-other").glob("*.flac"))[:2]
