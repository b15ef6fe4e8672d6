"""An archive of short sounds and its index, made once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests_sounds import sound
from tympan.audio import Clip
from tympan.tasks.embed import Index
from tympan.tasks.embed.index import Collect


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`archive/`: ten recordings of each of three kinds, of three seconds each."""
    home = tmp_path_factory.mktemp("home")
    (home / "archive").mkdir()
    for kind in ("chirp", "noise", "tone"):
        for i in range(10):
            parts = [sound(kind, 100 * i + j).samples for j in range(8)]
            wave = np.concatenate(parts, axis=1)[:, :48_000]
            wave = np.pad(wave, [(0, 0), (0, 48_000 - wave.shape[1])])
            Clip(wave, 16_000).save(home / "archive" / f"{kind}{i}.wav")
    return home / "archive"


@pytest.fixture(scope="session")
def index_path(archive: Path) -> Path:
    """The index of the archive, its names relative to the folder above it."""
    from tympan.tasks.answering import load

    model = load("sounds", "embed", "cpu")
    path = archive.parent / "index.npz"
    with Collect(path, {}) as index:
        for one in sorted(archive.iterdir()):
            index.add(f"archive/{one.name}", model(one))
    return path


@pytest.fixture
def made() -> Callable[..., Index]:
    """An index of given vectors; window `i` is second `i` of its file."""

    def make(vectors: np.ndarray, files: list[str] | None = None, model: str = "") -> Index:
        count = len(vectors)
        names = np.array(files or [f"{i}.wav" for i in range(count)], np.str_)
        start_s = np.array([names[:i].tolist().count(name) for i, name in enumerate(names)], float)
        return Index(np.asarray(vectors, np.float32), names, start_s, start_s + 1.0, model)

    return make
