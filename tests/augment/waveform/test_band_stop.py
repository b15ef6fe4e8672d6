from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch

from tympan.augment import BandStop
from tympan.errors import ArgumentError

RATE_HZ = 16000


@pytest.mark.parametrize("order", [1, 2, 3, 6])
def test_equals_scipys_butterworth(order: int) -> None:
    x = torch.randn(6, 1, 16000)
    transform = BandStop(min_octaves=0.05, order=order, rate_hz=RATE_HZ)
    params = transform.draw(x, 0)
    y = transform.apply(x, params).numpy()
    for row in range(6):
        centre, half = params["centre_hz"][row].item(), params["octaves"][row].item() / 2
        edges = max(1.0, centre * 2**-half), min(0.49 * RATE_HZ, centre * 2**half)
        sos = scipy.signal.butter(order, edges, "bandstop", fs=RATE_HZ, output="sos")
        expected = scipy.signal.sosfilt(sos, x[row].double().numpy())
        np.testing.assert_allclose(y[row], expected, atol=3e-5 * np.abs(expected).max())


def test_a_tone_in_the_band_goes_and_one_beside_it_stays() -> None:
    t = torch.arange(16000) / RATE_HZ
    tones = torch.sin(2 * torch.pi * torch.tensor([[250.0], [1000.0], [4000.0]]) * t)[:, None]
    y = BandStop(1000.0, 1000.0, 1.0, 1.0, order=4, rate_hz=RATE_HZ)(tones, 0)
    level = y[..., 8000:].square().mean((1, 2)).sqrt() * 2**0.5
    np.testing.assert_allclose(level, [1.0, 0.0, 1.0], atol=0.01)


def test_impossible_bands_are_refused() -> None:
    with pytest.raises(ArgumentError):
        BandStop(max_centre_hz=8000.0, rate_hz=RATE_HZ)
    with pytest.raises(ArgumentError, match="octaves"):
        BandStop(min_octaves=3.0, max_octaves=2.0, rate_hz=RATE_HZ)
