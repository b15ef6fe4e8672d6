from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch

from tympan.augment import HighPass
from tympan.errors import ArgumentError

RATE_HZ = 16000


@pytest.mark.parametrize("order", [1, 2, 5])
def test_equals_scipys_butterworth(order: int) -> None:
    x = torch.randn(4, 1, 16000)
    transform = HighPass(order=order, rate_hz=RATE_HZ)
    params = transform.draw(x, 0)
    y = transform.apply(x, params)
    for item, cutoff_hz, filtered in zip(x, params["cutoff_hz"].tolist(), y, strict=True):
        sos = scipy.signal.butter(order, cutoff_hz, "highpass", fs=RATE_HZ, output="sos")
        expected = scipy.signal.sosfilt(sos, item.double().numpy())
        np.testing.assert_allclose(filtered.numpy(), expected, atol=2e-6 * np.abs(expected).max())


def test_cutoffs_fill_the_range_evenly_over_octaves() -> None:
    transform = HighPass(100.0, 1600.0, rate_hz=RATE_HZ)
    cutoffs = transform.draw(torch.zeros(4000, 1, 1), 0)["cutoff_hz"]
    assert 100 <= cutoffs.min() < 101
    assert 1580 < cutoffs.max() <= 1600
    assert abs((cutoffs < 400).float().mean() - 0.5) < 0.03


@pytest.mark.parametrize(
    "wrong", [{"max_cutoff_hz": 9000.0}, {"min_cutoff_hz": 0.0}, {"order": 0}, {"order": 99}]
)
def test_impossible_filters_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ArgumentError):
        HighPass(rate_hz=RATE_HZ, **wrong)  # type: ignore[arg-type]


def test_usual_range_fits_any_rate() -> None:
    for rate_hz in (1000, 8000, 48000):
        assert HighPass(rate_hz=rate_hz).max_cutoff_hz < rate_hz / 2
