"""Small recordings, some of which cannot be read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tympan.audio import Clip


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Eight recordings in two folders, one damaged file, one that is no sound."""
    folder = tmp_path / "archive"
    (folder / "deep").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for i in range(8):
        rate_hz = (8000, 16000)[i % 2]
        noise = 0.1 * rng.standard_normal((1 + i % 2, rate_hz // 2 + 100 * i))
        name = f"deep/{i}.wav" if i % 3 == 0 else f"{i}.wav"
        Clip(noise.astype(np.float32), rate_hz).save(folder / name)
    whole = (folder / "1.wav").read_bytes()
    (folder / "broken.wav").write_bytes(whole[:20])
    (folder / "empty.wav").write_bytes(b"")
    (folder / "notes.txt").write_text("no sound")
    return folder
