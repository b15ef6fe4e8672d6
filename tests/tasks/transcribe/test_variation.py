"""Speech that is varied is still that speech."""

from __future__ import annotations

import numpy as np
import pytest

from tympan.tasks.transcribe.config import TranscribeConfig
from tympan.tasks.transcribe.variation import (
    band_centres_hz,
    gaps,
    in_room,
    noise_like,
    stretched,
    varied,
    warped,
)

CONFIG = TranscribeConfig()


def test_the_same_seed_gives_the_same() -> None:
    mels = np.random.default_rng(0).normal(-40, 10, (64, 200)).astype(np.float32)
    one, other = (varied(mels, CONFIG, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one[0], other[0])
    assert one[1] == other[1]
    third = varied(mels, CONFIG, np.random.default_rng(6))
    assert third[0].shape != one[0].shape or not np.allclose(third[0], one[0])
    assert mels.shape == (64, 200)


@pytest.mark.parametrize("seed", range(20))
def test_extents_are_kept(seed: int) -> None:
    mels = np.full((64, 100), -50.0, np.float32)
    found, tempo = varied(mels, CONFIG, np.random.default_rng(seed))
    assert 0.8 - 1e-6 <= tempo <= 1.25 + 1e-6
    assert found.shape == (64, round(100 / tempo))
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert found.min() >= -100


def test_no_variation_leaves_it() -> None:
    mels = np.random.default_rng(0).normal(-40, 10, (64, 50)).astype(np.float32)
    still = TranscribeConfig(variation=0)
    found, tempo = varied(mels, still, np.random.default_rng(0))
    assert tempo == 1
    np.testing.assert_allclose(found, mels, atol=1e-3)


def test_a_longer_vocal_tract_has_lower_formants() -> None:
    hz = band_centres_hz(CONFIG)
    mels = np.where(np.abs(hz - 2000) < 120, 0.0, -60.0)[:, None].repeat(3, 1).astype(np.float32)
    peak = hz[warped(mels, CONFIG, 1.15)[:, 0].argmax()]
    assert abs(peak * 1.15 - 2000) < 150


def test_twice_as_fast() -> None:
    mels = np.arange(100, dtype=np.float32)[None].repeat(64, 0)
    found = stretched(mels, 2.0)
    assert found.shape == (64, 50)
    np.testing.assert_allclose(np.diff(found[0]), 99 / 49, rtol=1e-4)


def test_the_tail_of_a_room_falls_by_60_db_in_its_time() -> None:
    power = np.zeros((1, 100), np.float32)
    power[0, 10] = 1.0
    found = in_room(power, 0.5, 0.0, 0.01)
    assert (found[0, :10] == 0).all()
    assert found[0, 10] == 1
    fallen_db = 10 * np.log10(found[0, 11] / found[0, 61])
    assert abs(fallen_db - 60) < 0.1
    assert abs(found[0, 11:].sum() - 1) < 0.02  # as strong as the direct sound, at 0 dB


def test_recorded_noises_are_used() -> None:
    noise = np.full((64, 7), -20.0, np.float32)
    found = [noise_like((64, 30), np.random.default_rng(i), [noise]) for i in range(20)]
    exact = sum(bool(np.allclose(one, 0.01)) for one in found)
    assert 8 <= exact < 20


def test_gaps_are_at_the_mean() -> None:
    mels = np.random.default_rng(0).normal(0, 1, (64, 200)).astype(np.float32)
    before = mels.copy()
    gaps(mels, np.random.default_rng(3))
    changed = mels != before
    assert 0 < changed.mean() < 0.25
    np.testing.assert_allclose(mels[changed], before.mean(), atol=1e-5)
