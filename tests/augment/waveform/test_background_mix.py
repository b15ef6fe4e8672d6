from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tympan import load
from tympan.audio.clip import Clip
from tympan.augment import BackgroundMix
from tympan.errors import ArgumentError


def test_what_is_added_is_a_stretch_of_the_drawn_background() -> None:
    backgrounds = [torch.randn(300), torch.randn(2, 500), torch.randn(40)]
    x = torch.randn(30, 2, 100)
    mix = BackgroundMix(backgrounds, 0.0, 0.0)
    params = mix.draw(x, 0)
    noise = (mix.apply(x, params) - x)[:, 0]
    assert params["background"].unique().tolist() == [0, 1, 2]
    for row, which in zip(noise, params["background"].tolist(), strict=True):
        whole = backgrounds[which].reshape(-1, backgrounds[which].shape[-1])[0]
        whole = whole.repeat(8)[: max(400, len(whole))] if len(whole) < 100 else whole
        stretches = whole.unfold(0, 100, 1)
        likeness = stretches @ row / stretches.norm(dim=1) / row.norm()
        assert likeness.max() > 0.9999


@pytest.mark.parametrize("snr_db", [-6.0, 0.0, 15.0])
def test_ratio_with_real_recordings(shared_data: Path, snr_db: float) -> None:
    folder = shared_data / "esc50" / "audio"
    clips = [load(path, mono=True) for path in sorted(folder.iterdir())[:4]]
    speech = sorted((shared_data / "librispeech").rglob("*.flac"))[0]
    clip = load(speech, mono=True, rate_hz=clips[0].rate_hz, end_s=3.0)
    mixed = BackgroundMix(clips, snr_db, snr_db, rate_hz=clip.rate_hz)(clip, 1)
    noise = mixed.samples - clip.samples
    measured = 10 * np.log10(np.square(clip.samples).mean() / np.square(noise).mean())
    assert abs(measured - snr_db) < 0.01


class OnDisk:
    """A long recording of which one sees what is read."""

    shape, ndim = (100_000,), 1

    def __init__(self) -> None:
        self.read: list[slice] = []

    def __getitem__(self, cut: slice) -> np.ndarray:
        self.read.append(cut)
        return np.arange(self.shape[0], dtype=np.float32)[cut]


def test_only_the_stretch_is_read() -> None:
    wave = OnDisk()
    BackgroundMix([wave], 0.0, 0.0)(torch.ones(1, 1, 10), 0)
    (cut,) = wave.read
    assert cut.stop - cut.start == 10


def test_mistakes_are_named() -> None:
    with pytest.raises(ArgumentError, match="no backgrounds"):
        BackgroundMix([])
    clip = Clip(np.zeros((1, 8), np.float32), 44100)
    with pytest.raises(ArgumentError, match="background 0 is at 44100 Hz, the audio at 16000 Hz"):
        BackgroundMix([clip], rate_hz=16000)(torch.ones(1, 1, 4), 0)
    with pytest.raises(ArgumentError, match="background 0 is empty"):
        BackgroundMix([torch.zeros(0)])(torch.ones(1, 1, 4), 0)
