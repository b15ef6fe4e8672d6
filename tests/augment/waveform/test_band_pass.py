from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch

from tympan.augment import BandPass
from tympan.errors import ArgumentError

RATE_HZ = 16000


def test_equals_scipys_high_and_low_pass_at_its_edges() -> None:
    x = torch.randn(4, 1, 16000)
    transform = BandPass(order=3, rate_hz=RATE_HZ)
    params = transform.draw(x, 0)
    y = transform.apply(x, params).numpy()
    for row in range(4):
        centre, half = params["centre_hz"][row].item(), params["octaves"][row].item() / 2
        edges = max(1.0, centre * 2**-half), min(0.49 * RATE_HZ, centre * 2**half)
        expected = x[row].double().numpy()
        for edge, kind in zip(edges, ("highpass", "lowpass"), strict=True):
            sos = scipy.signal.butter(3, edge, kind, fs=RATE_HZ, output="sos")
            expected = scipy.signal.sosfilt(sos, expected)
        np.testing.assert_allclose(y[row], expected, atol=3e-6 * np.abs(expected).max())


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
