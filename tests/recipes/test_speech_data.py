"""The mixtures that `speech` is trained on: their truth, and what is in them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from recipes.speech import config_of

from recipes import speech_data as data
from tympan.nets import count_parameters
from tympan.tasks.segment.net import Segmenter, geometry_of

RATE_HZ = data.RATE_HZ


def voice(parts: list[tuple[float, float]], seconds: float) -> np.ndarray:
    """Noise at -60 dB, and at -10 dB where there is a part."""
    rng = np.random.default_rng(0)
    wave = 10 ** (-60 / 20) * rng.standard_normal(round(seconds * RATE_HZ))
    for start_s, end_s in parts:
        first, last = round(start_s * RATE_HZ), round(end_s * RATE_HZ)
        wave[first:last] += 10 ** (-10 / 20) * rng.standard_normal(last - first)
    return wave.astype(np.float32).clip(-1, 1)


def spans(truth: np.ndarray) -> list[tuple[float, float]]:
    edges = np.flatnonzero(np.diff(np.pad(truth.astype(int), 1)))
    return [(a / 100, b / 100) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def test_the_truth_has_pauses_from_a_fifth_of_a_second_on() -> None:
    wave = voice([(0.5, 1.0), (1.1, 1.6), (2.0, 2.5), (3.0, 3.02)], 4.0)
    found = spans(data.spoken(wave))
    assert len(found) == 2, "a short pause is bridged, a click is dropped"
    assert np.allclose(found, [(0.5, 1.6), (2.0, 2.5)], atol=0.03)
    assert spans(data.spoken(0.001 * wave)) == found, "the level does not matter"


def test_speech_in_noise_gives_no_truth() -> None:
    assert data.is_clean((32767 * voice([(0.5, 2.0)], 4.0)).astype(np.int16))
    noisy = voice([(0.5, 2.0)], 4.0) + 0.1 * np.random.default_rng(1).standard_normal(4 * RATE_HZ)
    assert not data.is_clean((32767 * noisy.clip(-1, 1)).astype(np.int16))


@pytest.fixture
def stems(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    speech = [(32767 * voice([(0.3, 3.0)], 4.0)).astype(np.int16)] * 3
    own = data.Sources(
        [(one, data.spoken(one.astype(np.float32) / 32767)) for one in speech],
        [(3000 * rng.standard_normal(5 * RATE_HZ)).astype(np.int16)] * 2,
        [],
    )
    data.render(own, tmp_path, 8, 8, seed=0)
    return tmp_path


def test_a_mixture_has_its_truth_in_frames_of_the_net(stems: Path) -> None:
    config = config_of()
    around = geometry_of(config)
    rows = data.SpeechMixtures(stems, 12, 100, config.frame, around)
    for row in range(12):
        one = rows.item(row, None)
        assert one["wave"].shape == (around.left + 100 * config.frame + around.right,)
        assert one["roll"].shape == (1, 100)
        assert one["wave"].abs().max() <= 1.0
        assert np.array_equal(rows.item(row, None)["wave"], one["wave"]), "the same each time"
    assert 0 < sum(float(rows.item(i, None)["roll"].mean()) for i in range(12)) < 12


def test_the_net_is_as_small_as_promised() -> None:
    assert count_parameters(Segmenter(config_of(), 1)) < 100_000
