from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch

from tympan.augment import BandPass
from tympan.errors import ArgumentError

RATE_HZ = 16000


@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_equals_scipys_butterworth(order: int) -> None:
    x = torch.randn(6, 1, 16000)
    transform = BandPass(min_octaves=0.05, order=order, rate_hz=RATE_HZ)
    params = transform.draw(x, 0)
    y = transform.apply(x, params).numpy()
    for row in range(6):
        centre, half = params["centre_hz"][row].item(), params["octaves"][row].item() / 2
        edges = max(1.0, centre * 2**-half), min(0.49 * RATE_HZ, centre * 2**half)
        sos = scipy.signal.butter(order, edges, "bandpass", fs=RATE_HZ, output="sos")
        expected = scipy.signal.sosfilt(sos, x[row].double().numpy())
        np.testing.assert_allclose(y[row], expected, atol=3e-5 * np.abs(expected).max())


@pytest.mark.parametrize("order", [1, 2, 5])
@pytest.mark.parametrize("octaves", [0.01, 0.2, 1.0, 4.0])
def test_nothing_is_lost_in_the_middle_and_three_decibels_at_the_edges(
    octaves: float, order: int
) -> None:
    impulse = torch.zeros(1, 1, 1 << 19, dtype=torch.float64)
    impulse[..., 0] = 1.0
    y = BandPass(1000.0, 1000.0, octaves, octaves, order, rate_hz=48000)(impulse, 0)
    places = torch.arange(1 << 19, dtype=torch.float64) / 48000 * 2 * torch.pi
    for offset, level_db in ((-0.5, -3.0103), (0.0, 0.0), (0.5, -3.0103)):
        phase = places * 1000 * 2 ** (offset * octaves)
        level = torch.hypot((y[0, 0] * phase.cos()).sum(), (y[0, 0] * phase.sin()).sum())
        assert abs(20 * torch.log10(level).item() - level_db) < 0.02


def test_edges_are_three_decibels_down() -> None:
    impulse = torch.zeros(1, 1, 1 << 15)
    impulse[..., 0] = 1.0
    y = BandPass(1000.0, 1000.0, 4.0, 4.0, order=4, rate_hz=RATE_HZ)(impulse, 0)
    level_db = 20 * torch.log10(torch.fft.rfft(y[0, 0]).abs())
    at = [level_db[round(f * (1 << 15) / RATE_HZ)].item() for f in (250, 1000, 4000)]
    np.testing.assert_allclose(at, [-3.01, 0.0, -3.01], atol=0.05)


def test_impossible_bands_are_refused() -> None:
    with pytest.raises(ArgumentError):
        BandPass(max_centre_hz=8000.0, rate_hz=RATE_HZ)
    with pytest.raises(ArgumentError, match="octaves"):
        BandPass(min_octaves=3.0, max_octaves=2.0, rate_hz=RATE_HZ)
