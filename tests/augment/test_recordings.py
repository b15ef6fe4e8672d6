from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch

from tympan.audio.clip import Clip
from tympan.augment import BackgroundMix, Recordings, Reverb, recordings
from tympan.errors import ArgumentError


@pytest.fixture
def noises(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    folder = tmp_path / "noises"
    (folder / "street").mkdir(parents=True)
    for name, rate_hz, channels in (("b.wav", 8000, 1), ("street/a.flac", 16000, 2)):
        Clip(0.1 * rng.standard_normal((channels, rate_hz)), rate_hz).save(folder / name)
    (folder / "readme.txt").write_text("no sound")
    (folder / "._b.wav").write_bytes(b"of macOS")
    return folder


def test_all_sounds_of_a_folder_at_one_rate_in_mono(noises: Path) -> None:
    found = Recordings("noises", 8000, noises.parent)
    assert [path.name for path in found.paths] == ["b.wav", "a.flac"]
    assert [(clip.rate_hz, clip.channels, clip.num_samples) for clip in found] == [
        (8000, 1, 8000)
    ] * 2
    assert [clip.name for clip in found[-1:]] == [found[-1].name]
    assert len(Recordings(noises / "b.wav", 8000)) == 1
    with pytest.raises(IndexError):
        found[2]


def test_they_are_decoded_once_while_there_is_room(
    noises: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = Recordings(noises, 8000)
    assert found[0] is found[0]
    monkeypatch.setattr(recordings, "KEPT_BYTES", 40_000)
    first, second = found[0], found[1]
    assert found[1] is second
    assert found[0] is not first


def test_they_go_to_other_processes_undecoded(noises: Path) -> None:
    found = Recordings(noises, 8000)
    size = len(pickle.dumps(found))
    first = found[0]
    assert len(pickle.dumps(found)) == size < 5000
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(found))[0].samples, first.samples)


def test_they_come_back_from_plain_values_if_they_are_the_same(noises: Path) -> None:
    found = Recordings("noises", 8000, noises.parent)
    data = found.to_dict()
    assert data["source"] == "noises"
    assert data["files"] == 2
    assert Recordings.from_dict(data, 8000, noises.parent).paths == found.paths
    Clip(np.zeros((1, 800)), 8000).save(noises / "b.wav")
    with pytest.raises(ArgumentError, match="holds other recordings than the 2"):
        Recordings.from_dict(data, 8000, noises.parent)


def test_transforms_take_them(noises: Path) -> None:
    found = Recordings(noises, 8000)
    mix = BackgroundMix(found, 0.0, 0.0, rate_hz=8000)
    x = torch.randn(3, 1, 4000)
    added = mix(x, 0) - x
    assert abs(10 * torch.log10(x.square().mean() / added.square().mean())) < 0.2
    with pytest.raises(ArgumentError, match=r"background \d is at 8000 Hz, the audio at 16000 Hz"):
        BackgroundMix(found, rate_hz=16000)(x, 0)
    assert Reverb(found, rate_hz=8000)(x, 0).isfinite().all()


def test_nothing_there_is_said(noises: Path) -> None:
    with pytest.raises(ArgumentError, match="neither a folder nor a file"):
        Recordings("gone", 8000, noises)
    (noises / "empty").mkdir()
    with pytest.raises(ArgumentError, match="holds no sound files"):
        Recordings("empty", 8000, noises)
