"""A folder of three kinds of sound, and a model trained on it in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests_sounds import QUICK, sound


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three labels, 20 clips each, of several formats and rates."""
    root = tmp_path_factory.mktemp("sounds")
    formats = [("wav", 16000), ("flac", 22050), ("ogg", 44100), ("WAV", 8000)]
    for kind in ("chirp", "noise", "tone"):
        (root / kind).mkdir()
        for i in range(20):
            suffix, rate_hz = formats[i % len(formats)]
            seed = i + 100 * len(kind)
            sound(kind, seed, rate_hz).save(root / kind / f"{i:02d}.{suffix}")
    return root


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory):
    patch = pytest.MonkeyPatch()
    patch.setenv("TYMPAN_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


@pytest.fixture(scope="session")
def trained(folder: Path, tmp_path_factory: pytest.TempPathFactory):
    """The result of a real, short training on `folder`, with its page."""
    import torch

    from tympan import train

    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("model") / "kinds"
    said: list[str] = []
    result = train(
        folder, from_="scratch", out=out, epochs=12, settings=QUICK, progress=False, say=said.append
    )
    return result, said
