"""One server for the tests that do it no harm."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests_browser import launched
from tests_serve import Running, install_plugins, running
from tympan.audio import Clip
from tympan.audio.scenes import demo_scene

if sys.platform == "win32":
    pytest.skip("the tests look into /proc", allow_module_level=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream") as found:
        yield found


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with installed questions, a model, a folder that clients may name files in."""
    root = tmp_path_factory.mktemp("serve")
    install_plugins(root)
    (root / "open").mkdir()
    demo_scene()[0].save(root / "open" / "scene.wav")
    demo_scene()[0].slice(0, 5).save(root / "short.wav")
    (root / "secret.wav").write_bytes((root / "short.wav").read_bytes())
    return root


@pytest.fixture(scope="session")
def server(place: Path) -> Iterator[Running]:
    """A server that offers some models, two of them of other packages."""
    names = ["sounds", "speech", "english", "en", "voices", "toy-engine"]
    given = [word for name in names for word in ("--models", name)]
    with running(
        *given, "--models", f"bright={place / 'bright'}", "--folder", str(place / "open"),
        site=place / "site",
    ) as found:  # fmt: skip
        yield found


@pytest.fixture(scope="session")
def short(place: Path) -> bytes:
    """A short recording, as a file's bytes."""
    return (place / "short.wav").read_bytes()


@pytest.fixture(scope="session")
def tone() -> Clip:
    """A second of a tone."""
    times = np.arange(16_000) / 16_000
    return Clip(0.3 * np.sin(2 * np.pi * 440 * times), 16_000)
