"""Folders of three kinds of sound, and models trained on them in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests_sounds import KINDS, QUICK, few_recordings, sound


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three labels, 20 clips each, of several formats and rates."""
    root = tmp_path_factory.mktemp("sounds")
    formats = [("wav", 16000), ("flac", 22050), ("ogg", 44100), ("WAV", 8000)]
    for kind in KINDS:
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
    lines: list[str] = []
    result = train(
        folder, from_="scratch", out=out, epochs=12, settings=QUICK, progress=False,
        say=lines.append,
    )  # fmt: skip
    return result, lines


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three labels, 37 short clips each: enough to hold some out for validation."""
    return few_recordings(tmp_path_factory.mktemp("many") / "many", each=37, rate_hz=8000)


@pytest.fixture(scope="session")
def validated(many: Path, tmp_path_factory: pytest.TempPathFactory):
    """The result of a real, short training on `many`, its best epoch chosen by a validation set."""
    import torch

    from tympan.tasks import train

    torch.set_num_threads(1)
    out = tmp_path_factory.mktemp("model") / "many"
    lines: list[str] = []
    result = train(
        many, from_="scratch", out=out, epochs=3, settings=QUICK, progress=False, say=lines.append
    )
    return result, lines
