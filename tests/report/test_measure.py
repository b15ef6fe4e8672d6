"""What is measured in a stream equals what is measured at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tympan.audio import Clip, load
from tympan.report.measure import Measurements, Meter


def measure(clip: Clip, step: int) -> Measurements:
    meter = Meter(clip.rate_hz, clip.channels)
    for start in range(0, clip.num_samples, step):
        meter.push(clip.samples[:, start : start + step])
    return meter.result()


@pytest.mark.parametrize("step", [997, 12345, 10**9])
def test_loudness_of_blocks_is_the_loudness_of_the_whole(shared_data: Path, step: int) -> None:
    clip = load(sorted((shared_data / "librispeech").rglob("*.flac"))[0])
    found = measure(clip, step)
    assert found.loudness_lufs == pytest.approx(clip.loudness_lufs(), abs=1e-6)
    assert found.peak == clip.peak
    assert found.rms == pytest.approx(clip.rms)


def test_clipping_is_counted_once_wherever_the_blocks_end() -> None:
    wave = np.zeros(1000, np.float32)
    wave[100:110] = 1.0
    wave[500:502] = -1.0  # two samples may be a peak
    wave[700:703] = -1.0
    wave[997:] = 1.0
    for step in (1, 3, 7, 105, 1000):
        found = measure(Clip(wave, 1000), step)
        assert (found.clipped, found.first_clip_s) == (3, 0.1), step


def test_silence_and_short_clips() -> None:
    quiet = measure(Clip(np.zeros(16000), 8000), 1000)
    assert quiet.loudness_lufs == -np.inf
    assert quiet.silent_share == 1.0
    assert measure(Clip(np.full(100, 0.5), 8000), 10).loudness_lufs is None
    half = np.concatenate([np.zeros(8000), np.random.default_rng(0).normal(0, 0.1, 8000)])
    assert measure(Clip(half, 8000), 777).silent_share == pytest.approx(0.5, abs=0.06)
